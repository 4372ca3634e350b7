"""The commands as a person runs them: backed up, proven, the home destroyed, and all of it back."""

import shutil
from pathlib import Path

import pytest
from tests.parts.server import Server

pytestmark = pytest.mark.real


def test_a_destroyed_home_comes_back_from_its_repository_and_its_key(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.write_settings()
    elsewhere = tmp_path / "disk"
    with (server.folder / "socle.toml").open("a") as settings:
        settings.write(f'\n[[backup.targets]]\nname = "disk"\nrepository = "{elsewhere}"\n')
    server.run("init")
    never = server.run("backup", "status", check=False)
    assert never.returncode == 1
    assert "BACKUP-NEVER" in never.stdout
    unplugged = server.run("backup", "run", check=False)
    assert unplugged.returncode == 1
    assert "BACKUP-REPOSITORY-MISSING" in unplugged.stdout
    server.run("backup", "init")
    (sealed,) = server.run_json("backup", "run")["targets"]
    assert sealed["outcome"] == "sealed"
    assert server.run_json("backup", "status")["state"] == "amber"
    server.run("backup", "verify")
    (proven,) = server.run_json("backup", "drill")["targets"]
    assert proven["outcome"] == "proven"
    assert Path(proven["report"]).is_file()
    amber = server.run("backup", "status", check=False)
    assert amber.returncode == 1
    assert "RECOVERY-KIT-DUE" in amber.stdout
    server.run("backup", "kit", "make", "--pdf", str(tmp_path / "kit.pdf"), "--separate")
    two = [word for number in (1, 3) for word in ("--scan", str(tmp_path / f"kit-{number}.pdf"))]
    server.run("backup", "kit", "prove", *two)
    status = server.run("backup", "status", "--json")
    assert '"green"' in status.stdout
    entries = server.run_json("audit", "verify")["entries"]

    shutil.copy(server.keys_folder / "restic_password", tmp_path)
    shutil.rmtree(server.folder)
    shutil.rmtree(server.keys_folder)
    (tmp_path / "kept").mkdir()
    (tmp_path / "restic_password").rename(tmp_path / "kept" / "restic_password")
    words = ("--from", str(elsewhere), "--keys", str(tmp_path / "kept"), "--keys-into", str(server.keys_folder))
    restored = server.run_json("backup", "restore", "--into", str(server.folder), *words)
    assert restored["set_id"] == sealed["set_id"]
    assert restored["home"] == str(server.folder)
    listed = server.run_json("backup", "list")
    assert [(one["set_id"], one["sealed"]) for one in listed] == [(sealed["set_id"], True)]
    trail = server.run_json("audit", "verify")
    assert trail["whole"] is True
    assert 0 < trail["entries"] <= entries
    assert server.run_json("backup", "run")["targets"][0]["outcome"] == "sealed"
    again = server.run("backup", "restore", "--into", str(server.folder), check=False)
    assert again.returncode == 2
    assert "RESTORE-FOLDER-NOT-EMPTY" in again.stderr


@pytest.mark.parametrize(
    ("option", "address", "variable"),
    [
        ("--database", "postgresql://socle:s3cret@127.0.0.1/practice", "SOCLE_RESTORE_DATABASE"),
        ("--from", "rest:https://socle:s3cret@127.0.0.1/practice", "SOCLE_RESTORE_FROM"),
    ],
)
def test_a_password_on_the_command_line_is_refused(tmp_path: Path, option: str, address: str, variable: str) -> None:
    server = Server(tmp_path)
    refused = server.run("backup", "restore", "--into", str(tmp_path / "new"), option, address, check=False)
    assert refused.returncode == 2
    assert "PASSWORD-ON-COMMAND-LINE" in refused.stderr
    assert variable in refused.stderr
    assert "s3cret" not in refused.stderr
    assert not (tmp_path / "new").exists()
