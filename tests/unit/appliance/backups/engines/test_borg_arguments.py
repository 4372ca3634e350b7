"""What other users of the machine see of borg, and how its failures are named."""

import os
import subprocess
from pathlib import Path

import pytest

from socle.appliance.backups.engine import (
    Access,
    EngineFailed,
    EngineTooOld,
    NoSpaceLeft,
    RepositoryLocked,
    RepositoryUnreachable,
    ServerNotRecognised,
    SourceUnreadable,
)
from socle.appliance.backups.engines import borg_locks, borg_words
from socle.appliance.backups.engines.borg import Borg
from socle.foundation.errors import SocleError

PROGRAM = """#!/bin/sh
env > "$(dirname "$0")/environment"
echo "$@" > "$(dirname "$0")/arguments"
case "$*" in
*--version*) echo "borg 1.2.4";;
*) echo '{"repository": {"id": "ab"}, "archives": []}';;
esac
"""
HOURS = 3600
NOBODY = 1 << 22
"""Linux numbers no process so high."""


@pytest.fixture
def engine(tmp_path: Path) -> Borg:
    """A program that writes down how it was called."""
    (tmp_path / "borg").write_text(PROGRAM)
    (tmp_path / "borg").chmod(0o700)
    (tmp_path / "pass word").write_text("s3cret")
    access = Access(tmp_path / "pass word", ssh_key_file=Path("/keys/ssh"), host_key="ssh-ed25519 AAAA", upload_kib=70)
    return Borg("ssh://backup@nas.example/./cabinet", access, str(tmp_path / "borg"))


def test_the_password_stands_neither_in_the_arguments_nor_in_the_environment(engine: Borg, tmp_path: Path) -> None:
    assert engine.identity() == "ab"
    environment, arguments = (tmp_path / "environment").read_text(), (tmp_path / "arguments").read_text()
    assert "s3cret" not in environment + arguments
    assert f"BORG_PASSCOMMAND=cat '{tmp_path}/pass word'" in environment
    assert "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=no" in environment
    assert "--upload-ratelimit 70" in arguments


def test_an_old_borg_is_refused(engine: Borg) -> None:
    with pytest.raises(EngineTooOld):
        engine.version()


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        (73, "", RepositoryLocked),
        (107, "", SourceUnreadable),
        (81, "", RepositoryUnreachable),
        (81, "Host key verification failed.\r", ServerNotRecognised),
        (2, '{"type": "log_message", "message": "OSError: [Errno 28] No space left on device"}', NoSpaceLeft),
        (2, '{"type": "archive_progress", "path": "no space left on device"}', EngineFailed),
        (2, "{half a line", EngineFailed),
    ],
)
def test_a_failure_has_a_name(code: int, said: str, kind: type[SocleError], tmp_path: Path) -> None:
    assert type(borg_words.error(code, said, "here", tmp_path)) is kind


def test_only_an_old_lock_of_nobody_who_lives_here_is_dead(tmp_path: Path) -> None:
    assert not borg_locks.is_dead(tmp_path), "no lock at all"
    lock = tmp_path / "lock.exclusive"
    lock.mkdir()
    (lock / f"burnt@123.{NOBODY}-0").touch()
    assert not borg_locks.is_dead(tmp_path), "a fresh one"
    old = lock.stat().st_mtime - 14 * HOURS
    os.utime(lock, (old, old))
    assert borg_locks.is_dead(tmp_path)
    (tmp_path / "lock.roster").write_text("{}")
    assert not borg_locks.is_dead(tmp_path), "somebody has just come"


def test_a_borg_that_lives_here_keeps_its_lock(tmp_path: Path) -> None:
    (tmp_path / "lock.roster").write_text(f'{{"shared": [["host", {NOBODY}, 0]]}}')
    old = (tmp_path / "lock.roster").stat().st_mtime - 14 * HOURS
    os.utime(tmp_path / "lock.roster", (old, old))
    assert borg_locks.is_dead(tmp_path)
    program = tmp_path / "borg"
    program.write_text("#!/bin/sh\necho ready\nread line\n")
    program.chmod(0o700)
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as living:
        assert living.stdout is not None
        assert living.stdout.readline() == b"ready\n"
        (tmp_path / "lock.roster").write_text(f'{{"shared": [["host", {living.pid}, 0]]}}')
        os.utime(tmp_path / "lock.roster", (old, old))
        assert not borg_locks.is_dead(tmp_path)
        living.communicate()
    assert borg_locks.is_dead(tmp_path)
