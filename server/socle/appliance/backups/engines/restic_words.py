"""What restic says when it fails, and what it means: in words since 0.14, by exit codes since 0.17."""

from pathlib import Path

from socle.appliance.backups.engine import (
    EngineFailed,
    NoSpaceHere,
    NoSpaceLeft,
    RepositoryDamaged,
    RepositoryExists,
    RepositoryLocked,
    RepositoryMissing,
    RepositoryUnreachable,
    ServerNotRecognised,
    SignInRefused,
    SnapshotMissing,
    SourceUnreadable,
    WrongPassword,
)
from socle.appliance.backups.engines import ssh
from socle.appliance.backups.engines.space import is_full
from socle.foundation.errors import SocleError

_BY_EXIT_CODE: dict[int, type[SocleError]] = {
    3: SourceUnreadable,
    10: RepositoryMissing,
    11: RepositoryLocked,
    12: WrongPassword,
}
# SFTP has a word of its own for every refusal to write but a full disk.
_FULL = ("no space left on device", "disk quota exceeded", "507 insufficient storage", 'write: sftp: "failure"')
_BY_WORDS: tuple[tuple[str, type[SocleError]], ...] = (
    ("config file already exists", RepositoryExists),
    ("config already initialized", RepositoryExists),
    *ssh.WORDS,
    ("wrong password or no key found", WrongPassword),
    ("resolving password failed", WrongPassword),
    ("repository is already locked", RepositoryLocked),
    ("401 unauthorized", SignInRefused),
    ("access denied", SignInRefused),
    ("access key id", SignInRefused),
    ("request signature", SignInRefused),
    ("x509:", ServerNotRecognised),
    ("no such host", RepositoryUnreachable),
    ("i/o timeout", RepositoryUnreachable),
    ("tls handshake timeout", RepositoryUnreachable),
    ("client.timeout exceeded", RepositoryUnreachable),
    ("connection lost", RepositoryUnreachable),
    ("ssh command exited", RepositoryUnreachable),
    ("unable to start the sftp session", RepositoryUnreachable),
    ("broken pipe", RepositoryUnreachable),
    ("unexpected eof", RepositoryUnreachable),
    ("502 bad gateway", RepositoryUnreachable),
    ("503 service unavailable", RepositoryUnreachable),
    ("is there a repository at the following location", RepositoryMissing),
    ("failed to find snapshot", SnapshotMissing),
    ("no matching id found", SnapshotMissing),
    ("not found in snapshot", SnapshotMissing),
    ("repository contains errors", RepositoryDamaged),
    ("ciphertext verification failed", RepositoryDamaged),
    ("pack id does not match", RepositoryDamaged),
    ("is damaged", RepositoryDamaged),
    ("invalid data returned", RepositoryDamaged),
    ("blob not found", RepositoryDamaged),
    ("not found in index", RepositoryDamaged),
    ("no such file or directory", RepositoryDamaged),
)
_FORBIDDEN = "403 forbidden"
FULL_TIMES = 4
"""A disk may get room while restic tries again; after so many refusals it is not going to."""


def error(exit_code: int, errors: str, repository: str, cache: Path | None) -> SocleError:
    """Name a failure: by the exit code where restic has one for it, else by its words, else the nameless one."""
    words = errors.lower()
    if any(part in words for part in _FULL):
        return NoSpaceHere() if is_full(cache) else NoSpaceLeft(repository=repository)
    if exit_code in _BY_EXIT_CODE:
        return _BY_EXIT_CODE[exit_code](repository=repository)
    for part, kind in _BY_WORDS:
        if part in words:
            return kind(repository=repository)
    return EngineFailed(exit_code=exit_code)


class Retries:
    """Hears what restic says while it tries again: 0.17 and later go on for a quarter of an hour at a full disk."""

    def __init__(self, repository: str, cache: Path | None) -> None:
        self._repository, self._cache, self._full = repository, cache, 0

    def hear(self, line: str) -> None:
        """Take one line; NoSpaceLeft or NoSpaceHere once the disk was full FULL_TIMES, which stops the program."""
        words = line.lower()
        self._full += "retrying" in words and any(part in words for part in _FULL)
        if self._full >= FULL_TIMES:
            raise error(1, line, self._repository, self._cache)


def deletion_is_refused(errors: str) -> bool:
    """Tell whether a server said so; 0.14 and 0.18 then exit 0, 0.19 exits 3."""
    return _FORBIDDEN in errors.lower()
