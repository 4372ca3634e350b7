"""The imports' tables: one row per import, one row per line of its file."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from socle.foundation.columns import Identifier, JsonText, UtcDateTime
from socle.foundation.database import Base


class ImportRun(Base):
    """One import of one file. `state` is one of `runs.State`; `done` of `total` lines are behind us; `asked_by` is the
    actor of the present step, for the process that does it.
    """

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    layout: Mapped[dict[str, Any]] = mapped_column(JsonText)
    sheets: Mapped[list[str]] = mapped_column(JsonText)
    sample: Mapped[list[Any]] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[dict[str, Any]] = mapped_column(JsonText)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    cancelling: Mapped[bool] = mapped_column(default=False)
    new_count: Mapped[int] = mapped_column(default=0)
    same_count: Mapped[int] = mapped_column(default=0)
    refused_count: Mapped[int] = mapped_column(default=0)
    skipped_count: Mapped[int] = mapped_column(default=0)
    warned_count: Mapped[int] = mapped_column(default=0)
    failure: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    rehearsed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    applied_by: Mapped[str | None] = mapped_column(Text)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(Text)
    kept_count: Mapped[int] = mapped_column(default=0)


class ImportLine(Base):
    """What one line of the file is and becomes. `patient_id` has no foreign key: undoing must be free to take patients
    back, and a report outlives what it tells of.
    """

    __tablename__ = "import_line"
    __table_args__ = (
        Index("ix_import_line_outcome", "run_id", "outcome", "line"),
        Index("ix_import_line_warned", "run_id", "warned", "line"),
        {"sqlite_with_rowid": False},
    )

    run_id: Mapped[int] = mapped_column(Identifier, ForeignKey("import_run.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    last_line: Mapped[int]
    outcome: Mapped[str] = mapped_column(Text)
    warned: Mapped[bool]
    reason: Mapped[list[Any]] = mapped_column(JsonText)
    remarks: Mapped[list[Any]] = mapped_column(JsonText)
    written: Mapped[str] = mapped_column(Text)
    person: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    patient_id: Mapped[int | None] = mapped_column(Identifier)
