"""What borg says when it fails, and what it means: its exit codes (BORG_EXIT_CODES=modern), then its words."""

import json
from pathlib import Path

from socle.appliance.backups.engine import (
    EngineFailed,
    EngineTooOld,
    NoSpaceHere,
    NoSpaceLeft,
    RepositoryDamaged,
    RepositoryExists,
    RepositoryLocked,
    RepositoryMissing,
    RepositoryRolledBack,
    RepositoryUnreachable,
    SignInRefused,
    SnapshotMissing,
    SourceUnreadable,
    WrongPassword,
)
from socle.appliance.backups.engines import ssh
from socle.appliance.backups.engines.space import is_full
from socle.foundation.errors import SocleError

OLDEST = "1.4.0"
NEVER_MATCHED = 101
_BY_EXIT_CODE: dict[int, type[SocleError]] = {
    10: RepositoryExists,
    12: RepositoryDamaged,
    13: RepositoryMissing,
    14: NoSpaceLeft,
    15: RepositoryMissing,
    16: RepositoryDamaged,
    17: RepositoryDamaged,
    18: RepositoryMissing,
    19: RepositoryExists,
    20: NoSpaceLeft,
    26: RepositoryDamaged,
    31: SnapshotMissing,
    44: RepositoryDamaged,
    51: WrongPassword,
    52: WrongPassword,
    53: WrongPassword,
    60: WrongPassword,
    61: WrongPassword,
    70: RepositoryLocked,
    71: RepositoryLocked,
    73: RepositoryLocked,
    83: SignInRefused,
    90: RepositoryDamaged,
    91: RepositoryDamaged,
    92: RepositoryDamaged,
    95: RepositoryDamaged,
    96: RepositoryDamaged,
    97: RepositoryDamaged,
    98: RepositoryDamaged,
}
_FULL = ("no space left on device", "disk quota exceeded", "not enough free space")
_UNREACHABLE = ("input/output error", "stale file handle", "transport endpoint", "broken pipe")
_OUTDATED, _REPLAYED = 84, 64
CONNECTION_ENDED = (80, 81, 87)
_WARNINGS = range(100, 128)
"""Borg went on, but something was not as it should be."""


def error(exit_code: int, errors: str, repository: str, cache: Path) -> SocleError:
    """Name a failure; ssh's own words come first, for borg only tells that the connection ended."""
    words = said(errors).lower()
    if any(part in words for part in _FULL):
        return NoSpaceHere() if is_full(cache) else NoSpaceLeft(repository=repository)
    if exit_code == _REPLAYED:
        return RepositoryRolledBack(repository=repository, cache=cache)
    if exit_code == _OUTDATED:
        return EngineTooOld(version="borg (server)", needed=OLDEST)
    kind = _kind(exit_code, words)
    return EngineFailed(exit_code=exit_code) if kind is None else kind(repository=repository)


def _kind(exit_code: int, words: str) -> type[SocleError] | None:
    if exit_code in CONNECTION_ENDED:
        return ssh.meaning(words) or RepositoryUnreachable
    if exit_code in _BY_EXIT_CODE:
        return _BY_EXIT_CODE[exit_code]
    if any(part in words for part in _UNREACHABLE):
        return RepositoryUnreachable
    return SourceUnreadable if exit_code in _WARNINGS else None


def said(errors: str) -> str:
    """Return the messages in what borg wrote to stderr: JSON lines of its own, and ssh's plain ones."""
    return "\n".join(filter(None, (_message(line) for line in errors.splitlines())))


def _message(line: str) -> str:
    if not line.startswith("{"):
        return line
    try:
        heard = json.loads(line)
    except ValueError:
        return line
    return str(heard.get("message", "")) if heard.get("type") == "log_message" else ""
