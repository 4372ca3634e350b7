"""What is kept of browsers: which there are, what they checked, what broke in them. No patient, no full address."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from socle.foundation.columns import Identifier, JsonText, UtcDateTime
from socle.foundation.database import Base


class KnownBrowser(Base):
    """One browser of one workstation: by the cookie that names it, else by its address and kind."""

    __tablename__ = "browser"
    __table_args__ = (Index("ix_browser_last_at", "last_at"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """The digest of its cookie, or of its address and kind when it has none."""
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(80))
    socle: Mapped[str] = mapped_column(String(40))
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    hour_at: Mapped[datetime] = mapped_column(UtcDateTime)
    hour_count: Mapped[int] = mapped_column(Integer, default=0)
    """How many reports it sent since `hour_at`: there is a limit for an hour."""


class BrowserVersion(Base):
    """From when a browser had a version, with the version of Socle it showed."""

    __tablename__ = "browser_version"
    __table_args__ = (Index("ix_browser_version_browser_id_id", "browser_id", "id"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    browser_id: Mapped[int] = mapped_column(Identifier, ForeignKey("browser.id", ondelete="CASCADE"))
    browser: Mapped[str] = mapped_column(String(80))
    socle: Mapped[str] = mapped_column(String(40))
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BrowserFault(Base):
    """One kind of fault in one browser: since when, how often, and what had just been updated when it began."""

    __tablename__ = "browser_fault"
    __table_args__ = (
        Index("ux_browser_fault_browser_id_fingerprint", "browser_id", "fingerprint", unique=True),
        Index("ix_browser_fault_last_at", "last_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    browser_id: Mapped[int] = mapped_column(Identifier, ForeignKey("browser.id", ondelete="CASCADE"))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    kind: Mapped[str] = mapped_column(String(16))
    door: Mapped[str] = mapped_column(String(16))
    route: Mapped[str] = mapped_column(String(120))
    what: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(String(120))
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    count: Mapped[int] = mapped_column(Integer)
    browser: Mapped[str] = mapped_column(String(80))
    socle: Mapped[str] = mapped_column(String(40))
    """The versions when it was first seen."""
    browser_before: Mapped[str | None] = mapped_column(String(80))
    socle_before: Mapped[str | None] = mapped_column(String(40))
    """The versions before the last update that came before it; None when nothing had been updated."""


class BrowserCheck(Base):
    """One report of the browser check, found by its code."""

    __tablename__ = "browser_check"
    __table_args__ = (
        Index("ix_browser_check_at", "at"),
        Index("ix_browser_check_address_at", "address", "at"),
        Index("ix_browser_check_mark_at", "mark", "at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary(32))
    """The digest of the check's own cookie: the same page sent again keeps its code."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    door: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(8))
    report: Mapped[dict[str, Any]] = mapped_column(JsonText)


class BrowserMinimum(Base):
    """The oldest version of a browser that the maintainer admits."""

    __tablename__ = "browser_minimum"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
