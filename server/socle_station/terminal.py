"""The agent in a terminal: lines on standard output, the card's code typed unseen.

The code is read sign by sign, so that a card taken out half-way makes it forget what was typed: a code for one card
must not reach the next.
"""

import sys
import threading
from collections.abc import Callable
from typing import Any

from socle_station.token import Known
from socle_station.wording import Fault, Language, line

_WAIT = 0.2


class Terminal:
    """Shows what the agent says, and hands what is typed to `typed`, one line at a time."""

    wants_looks = False

    def __init__(self, language: Language, typed: Callable[[str], None]) -> None:
        self._language, self._typed = language, typed
        self._asked, self._turn = False, 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def line(self, key: str, **details: object) -> None:
        """Show one of the agent's lines."""
        self._print(line(key, self._language, **details))

    def fault(self, fault: Fault) -> None:
        """Show message, hint and code."""
        message, hint = fault.words(self._language)
        self._print(f"{message}\n  {hint}\n  [{fault.code}]")

    def ask_code(self, key: str, reader: str) -> None:
        """Ask for the code, or stop asking; either way forget what was typed so far."""
        with self._lock:
            self._turn += 1
        if key:
            self._print(line(key, self._language, reader=reader))

    def card(self, known: Known) -> None:
        """Show whose card it is."""
        if known.holder:
            self._print(line("asked_of", self._language, holder=known.holder))

    def ask_enrolment(self, fault: Fault | None) -> None:
        """Leave it to `socle-station enrol`."""
        raise Fault("STATION-NOT-ENROLLED")

    def start(self) -> None:
        """Begin to listen to the keyboard."""
        threading.Thread(target=self._listen, name="keyboard", daemon=True).start()

    def stop(self) -> None:
        """Stop listening; the terminal is as it was before."""
        self._stopped.set()

    def _print(self, text: str) -> None:
        print(text, flush=True)

    def _listen(self) -> None:
        keyboard: Any = _windows_keys if sys.platform == "win32" else _terminal_keys
        typed, turn = "", self._turn
        for sign in keyboard(self._stopped):
            with self._lock:
                if turn != self._turn:
                    typed, turn = "", self._turn
            if sign in {"\r", "\n"}:
                self._typed(typed)
                typed = ""
            elif sign in {"\x7f", "\b"}:
                typed = typed[:-1]
            elif sign.isprintable() and len(typed) < 64:
                typed += sign


def _terminal_keys(stopped: threading.Event) -> Any:
    """Yield what is typed, unseen; what comes through a pipe too. An empty string each time nothing came."""
    import os  # noqa: PLC0415
    import select  # noqa: PLC0415

    descriptor = sys.stdin.fileno()
    with _unseen(descriptor):
        while not stopped.is_set():
            ready, _, _ = select.select([descriptor], [], [], _WAIT)
            if not ready:
                yield ""
                continue
            read = os.read(descriptor, 256)
            if not read:
                return
            yield from read.decode(errors="replace")


def _unseen(descriptor: int) -> Any:
    """Return a context in which the terminal shows nothing of what is typed and hands over each sign."""
    import contextlib  # noqa: PLC0415
    import os  # noqa: PLC0415
    import termios  # noqa: PLC0415

    @contextlib.contextmanager
    def hidden() -> Any:
        if not os.isatty(descriptor):
            yield
            return
        before = termios.tcgetattr(descriptor)
        changed = termios.tcgetattr(descriptor)
        changed[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, changed)
        try:
            yield
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

    return hidden()


def _windows_keys(stopped: threading.Event) -> Any:
    """Yield what is typed, unseen, on Windows."""
    import msvcrt  # noqa: PLC0415

    console: Any = msvcrt
    while not stopped.wait(_WAIT / 4):
        if not console.kbhit():
            yield ""
        while console.kbhit():
            yield console.getwch()
