"""Accounts: what Socle remembers of each person of the practice. Passwords live in the directory, never here."""

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from socle.foundation.columns import Identifier, JsonText, UtcDateTime
from socle.foundation.database import Base
from socle.identity.actor import Role


class Account(Base):
    """One person who signs in. Never deleted: what they did stays theirs; `active` says whether they still may."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("username"), UniqueConstraint("directory_key"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    directory_key: Mapped[str | None] = mapped_column(Text)
    """The directory's own unchanging name for the person; None for the local break-glass administrator."""
    display_name: Mapped[str] = mapped_column(Text)
    profession: Mapped[str] = mapped_column(Text, default="")
    rpps: Mapped[str] = mapped_column(Text, default="", index=True)
    adeli: Mapped[str] = mapped_column(Text, default="")
    """The older number of professions that have no RPPS yet; like it, what a professional card names its holder by."""
    email: Mapped[str] = mapped_column(Text, default="")
    roles: Mapped[list[str]] = mapped_column(JsonText)
    active: Mapped[bool] = mapped_column(default=True)
    left_directory_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the account was closed because its person left the directory: it opens again if they come back."""
    language: Mapped[str] = mapped_column(Text, default="fr")
    break_glass_hash: Mapped[str | None] = mapped_column(Text)
    """argon2id hash of the local break-glass password; None for everybody else."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def role_set(self) -> frozenset[Role]:
        """Return the roles."""
        return frozenset(Role(role) for role in self.roles)


class DirectorySync(Base):
    """One comparison of the accounts with the directory. `held`: numbers of accounts that were not closed after all."""

    __tablename__ = "directory_sync"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(16))
    listed: Mapped[int]
    closed: Mapped[int]
    held: Mapped[list[int]] = mapped_column(JsonText)


class DirectoryMove(Base):
    """One person's move from a directory to another. `created`: the move added them there."""

    __tablename__ = "directory_move"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    old_key: Mapped[str] = mapped_column(Text)
    new_key: Mapped[str] = mapped_column(Text)
    created: Mapped[bool]
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
