"""The day the disk is gone: from a repository and a copy of the keys, the practice is the same to the last row."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import inspect, text
from tests.parts import required
from tests.parts.server import Client, Server, demonstration

from socle import wiring
from socle.foundation.database import Database
from socle.foundation.home import Home

pytestmark = [pytest.mark.slow, pytest.mark.real]
ENDED_BY_A_RESTORE = {"session"}
"""Sessions are ended by a restore: their rows change, on purpose."""
WRITTEN_BY_BACKUPS = {"backup_run", "job_run", "audit_entry", "audit_lane"}
"""The making of the backup itself, and the restoring, leave rows that are not in the set."""


def rows(home: Home) -> dict[str, tuple[int, str]]:
    """Return each table's number of rows and a digest of all of them."""
    found = {}
    with wiring.toolbox(home).of(Database).snapshot() as session:
        for table in inspect(session.connection()).get_table_names():
            rows = sorted(repr(tuple(row)) for row in session.execute(text(f"SELECT * FROM {table}")))
            found[table] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return found


def test_from_a_destroyed_home_to_the_same_practice(tmp_path: Path, demonstration_template: Path) -> None:
    repository = tmp_path / "second disk" / "restic"
    targets = f'[[backup.targets]]\nname = "disque"\nrepository = "{repository}"\n'
    with demonstration(tmp_path / "practice", demonstration_template, targets) as server:
        server.write_settings()
        assert server.run_json("backup", "status")["state"] == "red"
        server.run("backup", "init")
        before = rows(server.home)
        server.run("backup", "run")
        server.run("backup", "verify")
        server.run("backup", "drill")
        reasons = server.run_json("backup", "status")["reasons"]
        assert [reason["code"] for reason in reasons] == ["RECOVERY-KIT-DUE"]
        shutil.rmtree(server.folder)

        again = Server(tmp_path / "again", targets)
        words = ("--from", str(repository), "--keys", str(server.keys_folder), "--keys-into", str(again.keys_folder))
        again.run("backup", "restore", *words, "--into", str(again.folder))
    after = rows(again.home)
    assert after.keys() == before.keys()
    for table in before.keys() - ENDED_BY_A_RESTORE - WRITTEN_BY_BACKUPS:
        assert after[table] == before[table], table
    for table in ("audit_entry",):
        assert after[table][0] >= before[table][0]
    assert again.run("audit", "verify").returncode == 0
    try:
        again.start()
        client = Client(again)
        client.sign_in("cmoreau", again.password)
        assert client.get("/patients/1").status == 200
    finally:
        again.stop()


def test_a_copied_home_without_its_keys_is_noise(stopped_server: Server, tmp_path: Path) -> None:
    stolen = tmp_path / "stolen"
    shutil.copytree(stopped_server.folder, stolen)
    content = b"".join(path.read_bytes() for path in stolen.rglob("*") if path.is_file())
    with wiring.toolbox(stopped_server.home).of(Database).reading() as session:
        names = session.execute(text("SELECT DISTINCT birth_family_name FROM patient LIMIT 50")).scalars().all()
    assert len(names) == 50
    for name in names:
        if len(name) > 5:
            assert name.encode() not in content, name
    secrets = [stopped_server.home.keys.read(name) for name in stopped_server.home.keys.names() if ".pem" not in name]
    assert not any(secret in content for secret in secrets)
    thief = Server(tmp_path / "thief")
    shutil.copytree(stolen, thief.folder)
    done = thief.run("audit", "verify", check=False)
    assert done.returncode == 2
    assert "KEY-MISSING" in done.stderr


def test_two_sheets_bring_a_destroyed_machine_back(tmp_path: Path, demonstration_template: Path) -> None:
    """Home and keys are both gone; what is left is a disk and paper."""
    repository = tmp_path / "second disk" / "restic"
    targets = f'[[backup.targets]]\nname = "disque"\nrepository = "{repository}"\n'
    with demonstration(tmp_path / "practice", demonstration_template, targets) as server:
        server.write_settings()
        server.run("backup", "init")
        made = server.run("backup", "kit", "make", "--pdf", str(tmp_path / "kit.pdf"), "--json")
        kit = msgspec.json.decode(made.stdout)["kit"]
        assert (tmp_path / "kit.pdf").stat().st_mode & 0o077 == 0
        again = server.run("backup", "kit", "make", "--pdf", str(tmp_path / "kit.pdf"), check=False)
        assert "KIT-FILE-EXISTS" in again.stderr
        scans = _scanned(tmp_path / "kit.pdf", tmp_path)
        assert server.run_json("backup", "kit", "status")["code"] == "RECOVERY-KIT-UNPROVEN"
        one = server.run("backup", "kit", "prove", "--scan", str(scans[0]), text="", check=False)
        assert "KIT-SHEETS-NEEDED" in one.stderr
        proven = server.run("backup", "kit", "prove", "--scan", str(scans[0]), "--scan", str(scans[4]), "--json")
        assert msgspec.json.decode(proven.stdout)["state"] == "green"
        before = rows(server.home)
        server.run("backup", "run")
        shutil.rmtree(server.folder)
        shutil.rmtree(server.keys_folder)

    new = Server(tmp_path / "again", targets)
    paper = (
        "--scan",
        str(scans[2]),
        "--scan",
        str(scans[3]),
        "--scan",
        str(scans[4]),
        "--keys-into",
        str(new.keys_folder),
    )
    refused = new.run("recover", *paper, text="n\n", check=False)
    assert "Cabinet des Tilleuls" in refused.stderr
    assert "RECOVER-NOT-AGREED" in refused.stderr
    assert not new.folder.exists()
    done = msgspec.json.decode(new.run("recover", *paper, "--json", text="o\n").stdout)
    assert done["checks"].keys() == {"keys", "settings", "database", "audit", "documents", "sessions"}
    report = Path(done["report"])
    assert report.with_suffix(".pdf").read_bytes().startswith(b"%PDF-")
    assert msgspec.json.decode(report.read_bytes())["kind"] == "recovery"
    after = rows(new.home)
    for table in before.keys() - ENDED_BY_A_RESTORE - WRITTEN_BY_BACKUPS - {"recovery_kit"}:
        assert after[table] == before[table], table
    status = new.run_json("backup", "kit", "status")
    assert (status["code"], status["kit"]) == ("RECOVERY-KIT", kit)
    assert new.run("audit", "verify").returncode == 0


def _scanned(pdf: Path, folder: Path) -> list[Path]:
    program = required.program("pdftoppm", "poppler-utils")
    subprocess.run([program, "-gray", "-jpeg", "-r", "150", str(pdf), str(folder / "scan")], check=True)
    return sorted(folder.glob("scan-*.jpg"))
