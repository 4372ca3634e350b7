"""What the machine did on schedule, and how full its disk was."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from socle.foundation.columns import Identifier, UtcDateTime
from socle.foundation.database import Base


class JobRun(Base):
    """One run of a scheduled job. `outcome`: registered, running, done, failed, interrupted."""

    __tablename__ = "job_run"
    __table_args__ = (Index("ix_job_run_name", "name", "due_at"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text, default="")
    """A code or a few words without patient data."""


class DiskMeasure(Base):
    """How full the disk of the home folder was on a day of the practice, and how large the database, in bytes."""

    __tablename__ = "disk_measure"

    day: Mapped[date] = mapped_column(primary_key=True)
    used_bytes: Mapped[int] = mapped_column(BigInteger)
    total_bytes: Mapped[int] = mapped_column(BigInteger)
    database_bytes: Mapped[int] = mapped_column(BigInteger)
