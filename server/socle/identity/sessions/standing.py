"""How a session stands at a moment: open, locked or ended, and why. Pure: no database needed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from socle.foundation.settings import SessionSettings
from socle.identity.actor import Actor, Role
from socle.identity.sessions.doors import Door
from socle.identity.sessions.reasons import Reason, Why

State = Literal["open", "locked", "ended"]
SILENCE = timedelta(seconds=60)
"""How long a session that lives by a card goes on without a word from the workstation's agent about that card."""


@dataclass(frozen=True)
class Limits:
    """How long a session may stay without real input, and how long it lasts since sign-in."""

    idle: timedelta
    absolute: timedelta

    @classmethod
    def from_settings(cls, settings: SessionSettings) -> "Limits":
        """Read the settings file's part about sessions."""
        return cls(timedelta(minutes=settings.idle_minutes), timedelta(hours=settings.absolute_hours))


@dataclass(frozen=True, slots=True)
class Found:
    """A session and the account it belongs to, as one query finds them."""

    id: int
    door: str
    account_id: int
    factor: str
    browser_digest: bytes
    browser: str
    address: str
    opened_at: datetime
    signed_in_at: datetime
    last_input_at: datetime
    locked_at: datetime | None
    lock_reason: str | None
    ended_at: datetime | None
    end_reason: str | None
    ended_by: int | None
    username: str
    display_name: str
    roles: list[str]
    active: bool
    language: str
    workstation_id: int | None = None
    station_name: str | None = None
    station_seen_at: datetime | None = None

    @property
    def role_set(self) -> frozenset[Role]:
        """The account's roles."""
        return frozenset(map(Role, self.roles))

    @property
    def actor(self) -> Actor:
        """Who acts through this session."""
        return Actor(self.account_id, self.display_name, self.role_set, workstation=self.where, session_id=self.id)

    @property
    def where(self) -> str:
        """The workstation's name, or else the address: what pages and the trail call the place."""
        return self.station_name or self.address


@dataclass(frozen=True)
class Standing:
    """How a session stands now; a locked or ended one has its reason."""

    state: State
    reason: Reason | None = None


def standing(found: Found, moment: datetime, limits: Limits, door: Door) -> Standing:
    """Say how a session stands at `moment`: open, locked or ended, and why."""
    ended = _why_ended(found, moment, limits, door)
    if ended is not None:
        return Standing("ended", ended)
    if found.locked_at is not None:
        return Standing("locked", _reason(Why(found.lock_reason or Why.IDLE), found.locked_at, limits))
    if moment >= found.last_input_at + limits.idle:
        return Standing("locked", _reason(Why.IDLE, found.last_input_at + limits.idle, limits))
    silent_at = card_counts_until(found)
    if silent_at is not None and moment >= silent_at:
        return Standing("locked", _reason(Why.CARD_SILENT, silent_at, limits))
    return Standing("open")


def card_counts_until(found: Found) -> datetime | None:
    """Return when a session that lives by a card locks unless its workstation's agent is heard of; None for others."""
    if found.factor != "card":
        return None
    return max(filter(None, (found.station_seen_at, found.signed_in_at))) + SILENCE


def _why_ended(found: Found, moment: datetime, limits: Limits, door: Door) -> Reason | None:
    if found.ended_at is not None:
        return _reason(Why(found.end_reason or Why.REVOKED), found.ended_at, limits)
    if not found.active:
        return Reason(Why.ACCOUNT_DISABLED)
    if found.role_set.isdisjoint(door.admits):
        return Reason(Why.ROLES_CHANGED)
    if moment >= found.signed_in_at + limits.absolute:
        return _reason(Why.ABSOLUTE_LIMIT, found.signed_in_at + limits.absolute, limits)
    return None


def _reason(why: Why, at: datetime, limits: Limits) -> Reason:
    details: dict[Why, dict[str, int]] = {
        Why.IDLE: {"minutes": int(limits.idle.total_seconds() // 60)},
        Why.ABSOLUTE_LIMIT: {"hours": int(limits.absolute.total_seconds() // 3600)},
    }
    return Reason(why, at, details=details.get(why, {}))
