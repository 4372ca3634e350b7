"""Structured logs, one JSON object a line. Only the fields named here can be written: no patient datum, no secret."""

import contextlib
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

import msgspec

FIELDS = frozenset(
    "account address attempt bytes code count database door duration_ms error exit_code frames job kind line method "
    "name_of_part outcome path pid port reason request_id role route run seconds session set_id size state status "
    "step subject subject_id target version workstation".split()
)
_logger = logging.getLogger("socle")
_Level = Literal["info", "warning", "error"]


def to_standard_error(door: str) -> None:
    """Send Socle's events to standard error, marked with the door's name."""
    handler = _StandardError()
    handler.setFormatter(_Lines(door))
    _logger.handlers[:] = [handler]
    _logger.setLevel(logging.INFO)
    _logger.propagate = False


def info(event: str, **fields: object) -> None:
    """Write an event that is part of a normal day."""
    _write("info", event, fields)


def warning(event: str, **fields: object) -> None:
    """Write an event that somebody may have to act on."""
    _write("warning", event, fields)


def error(event: str, cause: BaseException | None = None, **fields: object) -> None:
    """Write a failure; of `cause` only its type and the places it passed through, for its text may quote a patient."""
    if cause is not None:
        fields |= {"error": _chain(cause), "frames": _frames(cause.__traceback__)}
    _write("error", event, fields)


def _write(level: _Level, event: str, fields: dict[str, object]) -> None:
    unknown = fields.keys() - FIELDS
    if unknown:
        raise ValueError(f"log fields not on the list: {', '.join(sorted(unknown))}")
    getattr(_logger, level)(event, extra={"fields": fields})


def _chain(cause: BaseException) -> str:
    names: list[str] = []
    link: BaseException | None = cause
    while link is not None and len(names) < 5:
        names.append(type(link).__qualname__)
        link = link.__cause__ or link.__context__
    return " < ".join(names)


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(trace)[-12:]]


class _StandardError(logging.Handler):
    """Writes to whatever standard error is at that moment, and never fails the work that it reports on."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()


class _Lines(logging.Formatter):
    def __init__(self, door: str) -> None:
        super().__init__()
        self._door = door

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = getattr(record, "fields", {})
        line = {"at": at, "level": record.levelname.lower(), "door": self._door, "event": record.getMessage(), **fields}
        return msgspec.json.encode(line, enc_hook=str).decode()
