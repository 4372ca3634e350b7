"""What is remembered of each backup, verification and drill. The proof itself lies in the repository."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from socle.foundation.columns import Identifier, JsonText, UtcDateTime
from socle.foundation.database import Base


class Kind(StrEnum):
    """What was done."""

    BACKUP = "backup"
    VERIFY = "verify"
    DRILL = "drill"
    PRUNE = "prune"
    SELF_TEST = "self-test"
    """Of the drill itself, on copies damaged on purpose."""


class Outcome(StrEnum):
    """How it ended."""

    ASKED = "asked"
    """Waiting for the scheduler."""
    RUNNING = "running"
    GOOD = "good"
    """Sealed, verified or drilled."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The process died: power cut, kill."""


class BackupRun(Base):
    """One backup, verification, drill or pruning of one target.

    `log` is a list of {"at", "step", "text"} without patient data; `report` holds counts and sizes.
    """

    __tablename__ = "backup_run"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    target: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str] = mapped_column(String(16))
    set_id: Mapped[str | None] = mapped_column(String(36))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    step: Mapped[str | None] = mapped_column(String(32))
    bytes_done: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_total: Mapped[int | None] = mapped_column(BigInteger)
    error_code: Mapped[str | None] = mapped_column(String(64))
    log: Mapped[list[dict[str, str]]] = mapped_column(JsonText)
    report: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
