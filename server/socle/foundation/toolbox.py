"""What a door is handed when it opens: every tool under its port's type. Rooms get the tools as arguments instead."""

from collections.abc import Callable
from threading import RLock
from typing import TypeVar, cast

Tool = TypeVar("Tool")


class Toolbox:
    """Tools by type; each is made at its first use and kept."""

    def __init__(self) -> None:
        self._makers: dict[type, Callable[[], object]] = {}
        self._made: dict[type, object] = {}
        self._lock = RLock()

    def provide(self, kind: type[Tool], make: Callable[[], Tool]) -> None:
        """Say how the tool for `kind` is made."""
        self._makers[kind] = make

    def of(self, kind: type[Tool]) -> Tool:
        """Return the tool for `kind`; KeyError if wiring provides none to this door."""
        with self._lock:  # two threads asking at once must not make two databases
            if kind not in self._made:
                self._made[kind] = self._makers[kind]()
            return cast("Tool", self._made[kind])

    def close(self) -> None:
        """Close what was made and can be closed: connections to servers elsewhere."""
        for tool in self._made.values():
            close = getattr(tool, "close", None)
            if callable(close):
                close()
