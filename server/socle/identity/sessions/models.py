"""Tables of the sessions room."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from socle.foundation.columns import FoldedText, Identifier, UtcDateTime
from socle.foundation.database import Base


class SignedInSession(Base):
    """One person signed in at one door in one browser. Ended ones stay a while: they say why one must sign in again."""

    __tablename__ = "session"
    __table_args__ = (
        Index("ix_session_account_id_id", "account_id", "id"),
        Index("ix_session_browser_digest_id", "browser_digest", "id"),
        Index("ix_session_ended_at_id", "ended_at", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    door: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[int] = mapped_column(Identifier, ForeignKey("account.id"))
    factor: Mapped[str] = mapped_column(String(16))
    browser_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    browser: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signed_in_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_input_at: Mapped[datetime] = mapped_column(UtcDateTime)
    locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lock_reason: Mapped[str | None] = mapped_column(String(32))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str | None] = mapped_column(String(32))
    ended_by: Mapped[int | None] = mapped_column(Identifier, ForeignKey("account.id"))
    workstation_id: Mapped[int | None] = mapped_column(Identifier, ForeignKey("workstation.id"))


class Workstation(Base):
    """One named workstation: first a name with a code, then an agent with a key pair of its own, in the end revoked."""

    __tablename__ = "workstation"
    __table_args__ = (Index("ix_workstation_browser_digest", "browser_digest"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    named_at: Mapped[datetime] = mapped_column(UtcDateTime)
    code_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    code_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Ed25519, 32 bytes; the agent keeps the private half."""
    system: Mapped[str] = mapped_column(String(80), default="")
    enrolled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(64), default="")
    browser_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """The browser profile that the agent opens, known since it came in with a ticket."""
    card_account_id: Mapped[int | None] = mapped_column(Identifier, ForeignKey("account.id"))
    """Whose card lies in the reader, proven by its signature since it was put in."""
    reopen_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a page at this workstation was last found without its cookies while the card was in."""


class WorkstationNonce(Base):
    """A signed request that was answered; it is never answered twice. Kept while its time would still be believed."""

    __tablename__ = "workstation_nonce"
    __table_args__ = (Index("ix_workstation_nonce_at", "at"),)

    workstation_id: Mapped[int] = mapped_column(Identifier, ForeignKey("workstation.id"), primary_key=True)
    nonce: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CardChallenge(Base):
    """A random value a card has to sign: once, soon, at the workstation that asked for it."""

    __tablename__ = "card_challenge"
    __table_args__ = (Index("ix_card_challenge_until", "until"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    workstation_id: Mapped[int] = mapped_column(Identifier, ForeignKey("workstation.id"))
    value: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInTicket(Base):
    """What lets the browser of one workstation in, once, within seconds, as the person whose card was proven there."""

    __tablename__ = "sign_in_ticket"
    __table_args__ = (
        Index("ix_sign_in_ticket_workstation_id", "workstation_id"),
        Index("ix_sign_in_ticket_until", "until"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    workstation_id: Mapped[int] = mapped_column(Identifier, ForeignKey("workstation.id"))
    account_id: Mapped[int] = mapped_column(Identifier, ForeignKey("account.id"))
    address: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInAttempt(Base):
    """One try at a user name, kept for throttling. `name_key` is a keyed digest: people type passwords there."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        Index("ix_sign_in_attempt_name_key_at", "name_key", "at"),
        Index("ix_sign_in_attempt_address_at", "address", "at"),
        Index("ix_sign_in_attempt_at", "at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    door: Mapped[str] = mapped_column(String(16))
    name_key: Mapped[str] = mapped_column(FoldedText)
    address: Mapped[str] = mapped_column(String(64))
    browser_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    succeeded: Mapped[bool]


class SignInStep(Base):
    """A sign-in that is half done: what is proved so far, and what is asked next, in one browser, for ten minutes."""

    __tablename__ = "sign_in_step"
    __table_args__ = (Index("ix_sign_in_step_made_at", "made_at"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    door: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[int | None] = mapped_column(Identifier, ForeignKey("account.id"))
    browser_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    need: Mapped[str] = mapped_column(String(16))
    why: Mapped[str] = mapped_column(String(16))
    proved: Mapped[str] = mapped_column(String(16))
    kept: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What has to come back from elsewhere: a passkey's challenge; Pro Santé Connect's nonce and verifier, sealed."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HeldForm(Base):
    """Typed text that met a locked or ended session, sealed, for the account that typed it and nobody else."""

    __tablename__ = "held_form"
    __table_args__ = (
        Index("ix_held_form_account_id_id", "account_id", "id"),
        Index("ix_held_form_held_at", "held_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    account_id: Mapped[int] = mapped_column(Identifier, ForeignKey("account.id"))
    door: Mapped[str] = mapped_column(String(16))
    held_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
