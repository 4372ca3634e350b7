"""What other users of the machine see of restic: its arguments."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from socle.appliance.backups.engine import Access
from socle.appliance.backups.engines import restic_access
from socle.appliance.backups.engines.restic import Restic

ADDRESS = "rest:https://socle:s3cret@backup.example/cabinet"
PROGRAM = """#!/bin/sh
echo "$@ | $RESTIC_REPOSITORY" >> "$(dirname "$0")/seen"
case "$*" in *config*) echo '{"id": "ab"}';; *snapshots*) echo '[]';; *check*) echo 'no errors were found';; esac
"""


class Answers(BaseHTTPRequestHandler):
    """Is there, and says so."""

    def do_HEAD(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """The address of a server that is there, with its password in it."""
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"rest:http://socle:s3cret@127.0.0.1:{server.server_port}/cabinet"
        server.shutdown()
        thread.join()


def test_the_repositorys_password_is_in_the_environment_only(tmp_path: Path, address: str) -> None:
    program = tmp_path / "restic"
    program.write_text(PROGRAM)
    program.chmod(0o700)
    engine = Restic(address, Access(tmp_path / "password"), str(program))
    assert engine.identity() == "ab"
    assert engine.snapshots() == []
    engine.check(1, 30, threading.Event())
    seen = [line.split(" | ") for line in (tmp_path / "seen").read_text().splitlines()]
    assert len(seen) == 3
    for arguments, environment in seen:
        assert "s3cret" not in arguments
        assert environment == address
    assert "s3cret" not in engine.repository


def test_what_opens_a_server_is_in_the_environment_only(tmp_path: Path) -> None:
    access = Access(tmp_path / "password", "cabinet", "s3c/ret", certificate_file="/ca.pem", upload_kib=500)
    address = "rest:https://backup.example:8000/cabinet/"
    assert restic_access.options(address, access) == ["--cacert", "/ca.pem", "--limit-upload", "500"]
    variables = restic_access.environment(address, access)
    assert variables["RESTIC_REPOSITORY"] == "rest:https://cabinet:s3c%2Fret@backup.example:8000/cabinet/"
    variables = restic_access.environment("s3:https://s3.example/bucket", access)
    assert (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]) == ("cabinet", "s3c/ret")
    assert variables["RESTIC_REPOSITORY"] == "s3:https://s3.example/bucket"


def test_an_address_with_its_own_name_keeps_it(tmp_path: Path) -> None:
    access = Access(tmp_path / "password", "cabinet", "other")
    assert restic_access.environment(ADDRESS, access)["RESTIC_REPOSITORY"] == ADDRESS


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("sftp://backup@nas.example:2222//srv/restic", "-p 2222 backup@nas.example -s sftp"),
        ("sftp:backup@nas.example:/srv/restic", "backup@nas.example -s sftp"),
    ],
)
def test_sftp_asks_nothing_and_knows_the_server_by_its_key(tmp_path: Path, address: str, server: str) -> None:
    access = Access(tmp_path / "password", ssh_key_file=Path("/keys/my key"), host_key="nas ssh-ed25519 AAAA root@nas")
    *_, option = restic_access.options(address, access)
    assert option.startswith("sftp.command=ssh -i '/keys/my key' -o IdentitiesOnly=yes")
    assert option.endswith(server)
    for part in ("BatchMode=yes", "StrictHostKeyChecking=yes", "'KnownHostsCommand=/bin/echo socle-target ssh-ed25519"):
        assert part in option


def test_a_local_repository_needs_none_of_it(tmp_path: Path) -> None:
    access = Access(tmp_path / "password", upload_kib=500, cache_folder=tmp_path)
    assert restic_access.options("/media/disk/restic", access) == ["--no-cache"]
