"""The time, injected: rooms never read the machine's clock themselves."""

from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


class SettableClock:
    """A clock that stands still until told to move, for tests and for the demonstration practice."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment it was set to, aware, in UTC."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Set the moment (aware, any zone)."""
        self._now = moment.astimezone(UTC)

    def advance(self, step: timedelta) -> None:
        """Move by `step`."""
        self._now += step
