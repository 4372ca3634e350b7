"""Tables of second factors, and of sign-ins that are half done."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from socle.foundation.columns import Identifier, UtcDateTime
from socle.foundation.database import Base


class OneTimeCode(Base):
    """The secret a person's telephone makes codes from (RFC 6238), sealed; not confirmed before a code came back."""

    __tablename__ = "one_time_code"
    __table_args__ = (Index("ix_one_time_code_account_id", "account_id"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    account_id: Mapped[int] = mapped_column(Identifier, ForeignKey("account.id"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The half minute of the last code that was taken: it and those before it are never taken again."""
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """One of the codes a person keeps on paper; only its keyed hash is here."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("account_id", "digest"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    account_id: Mapped[int] = mapped_column(Identifier, ForeignKey("account.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Passkey(Base):
    """A key pair that a person's device made for this server's name (WebAuthn); only its public half is here."""

    __tablename__ = "passkey"
    __table_args__ = (Index("ix_passkey_account_id", "account_id"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    account_id: Mapped[int] = mapped_column(Identifier, ForeignKey("account.id"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    host: Mapped[str] = mapped_column(String(255))
    """The name of the server it was made for: browsers use it there and nowhere else."""
    name: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RememberedBrowser(Base):
    """A browser in which a person asked not to be asked for a second factor until a day."""

    __tablename__ = "remembered_browser"
    __table_args__ = (
        UniqueConstraint("account_id", "browser_digest"),
        Index("ix_remembered_browser_until", "until"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    account_id: Mapped[int] = mapped_column(Identifier, ForeignKey("account.id"))
    browser_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    browser: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class ProSanteTokens(Base):
    """Pro Santé Connect's tokens of one session, sealed; they go with it."""

    __tablename__ = "pro_sante_tokens"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    session_id: Mapped[int] = mapped_column(Identifier, ForeignKey("session.id", ondelete="CASCADE"), unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    renewed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FactorRemoval(Base):
    """A second factor that somebody else removed; its person is told at the next sign-in."""

    __tablename__ = "factor_removal"
    __table_args__ = (Index("ix_factor_removal_account_id", "account_id"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    account_id: Mapped[int] = mapped_column(Identifier, ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(16))
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
