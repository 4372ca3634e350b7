"""The trail's tables: entries chained in lanes, and the head of each lane."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from socle.foundation.columns import Identifier, JsonText, UtcDateTime
from socle.foundation.database import Base


class AuditEntry(Base):
    """One thing somebody did. Holds names of fields, never their values: the maintainer reads this table."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("lane", "sequence"),
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_subject", "subject_type", "subject_id", "at"),
        Index("ix_audit_entry_actor", "account_id", "at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    lane: Mapped[int]
    sequence: Mapped[int] = mapped_column(Identifier)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    account_id: Mapped[int | None] = mapped_column(Identifier)
    actor: Mapped[str] = mapped_column(Text)
    workstation: Mapped[str | None] = mapped_column(Text)
    session_id: Mapped[int | None] = mapped_column(Identifier)
    action: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str | None] = mapped_column(Text)
    subject_id: Mapped[int | None] = mapped_column(Identifier)
    fields: Mapped[list[str]] = mapped_column(JsonText)
    reason: Mapped[str | None] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)


class AuditLane(Base):
    """The head of one lane. `seal` is keyed, so that cutting the tail off needs the key too."""

    __tablename__ = "audit_lane"

    lane: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(Identifier)
    digest: Mapped[str] = mapped_column(Text)
    seal: Mapped[str] = mapped_column(Text)
