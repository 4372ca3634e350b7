"""The whole promise: three targets, a drill of each, a printed kit; the machine burns, and two sheets bring it back.

20,000 patients, 2,000 documents; restic on a disk, restic on a rest-server that only adds, borg over SSH that only
adds.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from tests.appliance.test_rebirth import ENDED_BY_A_RESTORE, WRITTEN_BY_BACKUPS, rows
from tests.parts import borg, required
from tests.parts.rest_server import NAME, RestServer
from tests.parts.server import Client, Server
from tests.parts.sshd import Sshd

from socle.foundation.secrets import BACKUP_SSH_KEY, target_secret
from socle.practice.documents.storage import Storage

pytestmark = [pytest.mark.slow, pytest.mark.real]
PATIENTS, DOCUMENTS = 20_000, 2_000
KIT = {"recovery_kit"}
"""What the recovery says of itself afterwards."""


@dataclass
class Offsite:
    """The two machines in another place, and the disk in a drawer."""

    rest: RestServer
    ssh: Sshd
    kept: Path
    drawer: Path
    certificates: Path

    def settings(self) -> str:
        """Return the three targets as the settings file has them."""
        return f"""
[[backup.targets]]
name = "disque"
repository = "{self.drawer}"
[[backup.targets]]
name = "maison"
repository = "{self.rest.address}cabinet"
username = "{NAME}"
certificate_file = "{self.certificates}"
offsite = true
append_only = true
[[backup.targets]]
name = "confrere"
engine = "borg"
repository = "{self.ssh.address(self.kept / "cabinet")}"
host_key = "{self.ssh.host_key}"
offsite = true
append_only = true
"""


@contextmanager
def offsite(folder: Path) -> Iterator[Offsite]:
    """Start a rest-server and an sshd whose key may only run borg, adding."""
    kept = folder / "kept"
    kept.mkdir()
    command = f"{borg.program()} serve --append-only --restrict-to-path {kept}"
    with ExitStack() as stack:
        rest = stack.enter_context(RestServer(folder / "rest"))
        ssh = stack.enter_context(Sshd(folder / "ssh", command))
        certificates = folder / "machine-authority.pem"
        shutil.copy(rest.certificate_file, certificates)
        yield Offsite(rest, ssh, kept, folder / "drawer" / "restic", certificates)


def filled(server: Server, places: Offsite) -> None:
    """Make the practice, its documents and its keys to the other places."""
    server.write_settings()
    server.run("bench", "data", "--patients", str(PATIENTS), "--appointments", "60000")
    keys = server.home.keys
    storage = Storage(server.home.documents_path, keys.read("documents"))
    for number in range(DOCUMENTS):
        storage.keep(BytesIO(f"lettre {number}\n".encode() + os.urandom(2_000 + number % 40_000)))
    keys.write(BACKUP_SSH_KEY, places.ssh.key.read_bytes())
    keys.write(target_secret("maison"), places.rest.password.encode())


def digests(folder: Path) -> dict[str, str]:
    """Return every document's SHA-256."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def scans(kit: Path, sheets: tuple[int, int], folder: Path) -> list[str]:
    """Print two sheets and scan them, as an office does: grey JPEG, 150 dots an inch."""
    program, words = required.program("pdftoppm", "poppler-utils"), list[str]()
    for number in sheets:
        file = kit.with_stem(f"{kit.stem}-{number}")
        subprocess.run([program, "-gray", "-jpeg", "-r", "150", file, folder / f"sheet-{number}"], check=True)
        for picture in sorted(folder.glob(f"sheet-{number}-*.jpg")):
            words += ["--scan", str(picture)]
    return words


def recovered(folder: Path, settings: str, words: list[str], *more: str) -> tuple[Server, Any]:
    """Bring the practice back into a new home; return it and what the command said."""
    again = Server(folder, settings)
    done = again.run("recover", *words, "--into", str(again.folder), "--keys-into", str(again.keys_folder), "--yes",
                     "--json", *more)  # fmt: skip
    return again, json.loads(done.stdout)


def test_two_sheets_bring_back_what_burnt(tmp_path: Path) -> None:
    with offsite(tmp_path) as places:
        server = Server(tmp_path / "practice", places.settings())
        filled(server, places)
        server.run("backup", "init")
        for verb, good in (("run", "sealed"), ("verify", "verified"), ("drill", "proven")):
            outcomes = server.run_json("backup", verb)["targets"]
            assert {one["outcome"] for one in outcomes} == {good}, outcomes
        kit = tmp_path / "kit.pdf"
        server.run("backup", "kit", "make", "--pdf", str(kit), "--separate")
        server.run("backup", "kit", "prove", *scans(kit, (1, 2), tmp_path))
        status = server.run_json("backup", "status")
        assert (status["state"], status["reasons"]) == ("green", [])
        assert {one["name"]: one["deletion"] for one in status["targets"]} == {
            "disque": "unknown", "maison": "refused", "confrere": "unknown",
        }  # fmt: skip
        server.run("backup", "run")
        before, documents = rows(server.home), digests(server.home.documents_path)
        assert len(documents) == DOCUMENTS
        assert before["patient"][0] == PATIENTS

        shutil.rmtree(server.folder)
        shutil.rmtree(server.keys_folder)
        shutil.rmtree(places.drawer)
        places.certificates.unlink()

        words = scans(kit, (1, 3), tmp_path)
        for target in ("maison", "confrere"):
            again, said = recovered(tmp_path / f"from-{target}", places.settings(), words, "--target", target)
            after = rows(again.home)
            assert after.keys() == before.keys()
            for table in before.keys() - ENDED_BY_A_RESTORE - WRITTEN_BY_BACKUPS - KIT:
                assert after[table] == before[table], table
            assert digests(again.home.documents_path) == documents
            assert again.run("audit", "verify").returncode == 0
            _look_at_the_report(Path(said["report"]), said)
        _look_at_the_pages(again)


def _look_at_the_report(report: Path, said: Any) -> None:
    assert report.is_file()
    assert said["documents"] == DOCUMENTS
    assert said["seconds"] > 0
    pages = PdfReader(report.with_suffix(".pdf")).pages
    assert f"{DOCUMENTS // 1000}" in pages[0].extract_text()


def _look_at_the_pages(again: Server) -> None:
    try:
        again.write_settings()
        again.start("--no-demo")
        client = Client(again)
        client.sign_in("mesure", again.home.keys.read("bench_password").decode(), "/patients")
        assert client.get("/patients?q=a").status == 200
    finally:
        again.stop()
