"""What is remembered of a recovery kit: never its secret. Its envelope is noise without two sheets."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from socle.foundation.columns import Identifier, JsonText, UtcDateTime
from socle.foundation.database import Base


class RecoveryKit(Base):
    """One kit that was made. The newest is the one that counts; older ones are kept to tell a person so.

    `envelope`: Base32. `covers`: a fingerprint of what the envelope says of each target. `proven`: when each target was
    last opened with two sheets (ISO 8601). `holders`: who holds sheets 1 to 3, as far as somebody said.
    """

    __tablename__ = "recovery_kit"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    number: Mapped[str] = mapped_column(String(9))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(Text)
    envelope: Mapped[str] = mapped_column(Text)
    covers: Mapped[dict[str, str]] = mapped_column(JsonText)
    holders: Mapped[list[str]] = mapped_column(JsonText)
    proven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    proven: Mapped[dict[str, str]] = mapped_column(JsonText)
