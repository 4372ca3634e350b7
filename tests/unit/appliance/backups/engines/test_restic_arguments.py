"""What other users of the machine see of restic: its arguments."""

import threading
from pathlib import Path

from socle.appliance.backups.engine import Access
from socle.appliance.backups.engines.restic import Restic

ADDRESS = "rest:https://socle:s3cret@backup.example/cabinet"
PROGRAM = """#!/bin/sh
echo "$@ | $RESTIC_REPOSITORY" >> "$(dirname "$0")/seen"
case "$*" in *config*) echo '{"id": "ab"}';; *snapshots*) echo '[]';; *check*) echo 'no errors were found';; esac
"""


def test_the_repositorys_password_is_in_the_environment_only(tmp_path: Path) -> None:
    program = tmp_path / "restic"
    program.write_text(PROGRAM)
    program.chmod(0o700)
    engine = Restic(ADDRESS, Access(tmp_path / "password"), str(program))
    assert engine.identity() == "ab"
    assert engine.snapshots() == []
    engine.check(1, 30, threading.Event())
    seen = [line.split(" | ") for line in (tmp_path / "seen").read_text().splitlines()]
    assert len(seen) == 3
    for arguments, environment in seen:
        assert "s3cret" not in arguments
        assert environment == ADDRESS
    assert "s3cret" not in engine.repository
