"""The agent's rules, without readers, windows or threads: what a card that comes, goes or is unlocked leads to.

One card counts at a time, the first put in. A card that goes is told to the server before anything else is, however
long the server takes to answer: until then no code is accepted. Starting counts as a card that went, for nobody knows
what happened meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from socle_station.link import Opened, Standing
from socle_station.token import Signature
from socle_station.wording import Fault

BEAT_SECONDS, QUIET_BEAT_SECONDS, RETRY_SECONDS = 3.0, 20.0, 1.0
PAGE_SECONDS = 2.5
"""How long a page that waits already may take to use a ticket, before a new window is opened for it."""
NO_USE_TYPING = frozenset(
    {
        "CARD-BLOCKED",
        "CARD-EXPIRED",
        "CARD-NOT-YET-VALID",
        "CARD-REVOKED",
        "CARD-CHAIN-UNKNOWN",
        "CARD-TEST-ISSUER",
        "CARD-NO-ANCHORS",
        "CARD-WRONG-PURPOSE",
        "CARD-NAMES-NOBODY",
        "CARD-HOLDER-UNKNOWN",
        "CARD-WITHOUT-CERTIFICATE",
        "ACCOUNT-DISABLED",
        "FACTOR-NOT-ALLOWED",
        "SIGN-IN-WRONG-DOOR",
        "STATION-REVOKED",
        "STATION-UNKNOWN",
    }
)
"""After these the same card and the same code lead nowhere: the code is not asked for again until a card comes."""


class Server(Protocol):
    """What the agent asks of the server; `link.Link` is the real one."""

    def beat(self) -> Standing:
        """Tell that the agent is there."""
        ...

    def card_out(self, asked: bool = False) -> None:
        """Tell that the card went, or that its holder asked to lock."""
        ...

    def challenge(self) -> bytes:
        """Ask for something to sign."""
        ...

    def text_to_sign(self, challenge: bytes) -> bytes:
        """Return what is signed of it."""
        ...

    def prove(self, challenge: bytes, made: Signature) -> Opened:
        """Show what the card signed."""
        ...

    def ticket(self) -> str:
        """Ask for another ticket."""
        ...


class Cards(Protocol):
    """Whatever makes a card sign; `signing.Signer` is the real one."""

    def sign(self, reader: str, code: str, text: bytes) -> Signature:
        """Have the card check the code and sign."""
        ...


class Window(Protocol):
    """The browser's window; `browser.Window` is the real one."""

    def is_open(self) -> bool:
        """Tell whether a window opened here is still there."""
        ...

    def open(self, ticket: str) -> None:
        """Open a window that goes in with that ticket."""
        ...


class Face(Protocol):
    """What the person at the workstation sees; `terminal.Terminal` is the real one."""

    def line(self, key: str, **details: object) -> None:
        """Show one of the agent's lines."""
        ...

    def fault(self, fault: Fault) -> None:
        """Show what went wrong, and what to do."""
        ...

    def ask_code(self, key: str, reader: str) -> None:
        """Ask for the card's code, or stop asking (`key` empty); what was typed so far is forgotten."""
        ...


@dataclass
class _Pending:
    ticket: str
    until: float


class Station:
    """One workstation. Every method returns soon; `now` is a clock in seconds that never goes back."""

    def __init__(self, server: Server, cards: Cards, window: Window, face: Face, now: Callable[[], float]) -> None:
        self._server, self._cards, self._window, self._face, self._now = server, cards, window, face, now
        self._in: list[str] = []
        self._owes_removal = True
        self._lock_asked = False
        self._proven = self._given_up = False
        self._pending: _Pending | None = None
        self._next = 0.0
        self._unreachable = ""

    @property
    def wants_code(self) -> bool:
        """Whether a card is in whose code was not given yet, or has to be given again."""
        return bool(self._in) and not self._proven and not self._given_up

    @property
    def is_open(self) -> bool:
        """Whether the card that is in opened a session."""
        return self._proven

    def counts(self, reader: str) -> bool:
        """Tell whether the card in this reader is the one that counts."""
        return self._in[:1] == [reader]

    # What happens

    def inserted(self, reader: str) -> None:
        """Take a card that came."""
        if reader in self._in:
            return
        self._in.append(reader)
        if len(self._in) > 1:
            self._face.fault(Fault("CARD-TWO-IN", reader=self._in[0]))
        else:
            self._take_first()

    def removed(self, reader: str) -> None:
        """Take note of a card that went; if it was the one that counts, the server hears of it first of all."""
        if reader not in self._in:
            return
        counted = self._in[0] == reader
        self._in.remove(reader)
        if not counted:
            self._face.line("one_card")
            return
        self._forget_card()
        self._face.ask_code("", "")
        self._pay()
        self._face.line("removed")
        if self._in:
            self._face.line("other_card", reader=self._in[0])
            self._take_first()

    def code_typed(self, code: str) -> None:
        """Have the card check the code and sign, and open its holder's session."""
        if not self._in:
            self._face.fault(Fault("CARD-NONE"))
            return
        if self._proven:
            self.show_again()
            return
        try:
            self._pay_or_raise()
            self._face.line("checking")
            challenge = self._server.challenge()
            made = self._cards.sign(self._in[0], code, self._server.text_to_sign(challenge))
            opened = self._server.prove(challenge, made)
        except Fault as fault:
            self._given_up = fault.code in NO_USE_TYPING
            if fault.code.startswith("STATION-"):
                self._unreachable = fault.code  # said now; once the server answers again, that is said too
            self._face.fault(fault)
            if not self._given_up:
                self._face.ask_code("code", self._in[0])
            return
        self._proven, self._given_up = True, False
        self._face.line("opened", holder=opened.holder)
        self._try_to_show(lambda: opened.ticket)

    def show_again(self) -> None:
        """Open the window once more, because it was closed; the card is in, so no code is needed."""
        if self._proven and not self._window.is_open():
            self._try_to_show(self._server.ticket)

    def lock(self) -> None:
        """Lock because the person asked for it: as if the card went, but it is in, so its code is asked for again."""
        if not self._proven:
            return
        self._forget_card()
        self._lock_asked = True
        self._pay()
        self._face.line("locked")
        self._face.ask_code("code_again", self._in[0])

    def stop(self) -> None:
        """Lock: the agent ends, and nobody would notice the card going."""
        self._forget_card()
        self._pay()
        self._face.line("stopped")

    def turn(self) -> None:
        """Do what is due: a removal still to be told, a sign of life, a ticket nobody used. Called often."""
        if self._now() < self._next:
            return
        if self._owes_removal:
            self._pay()
        else:
            self._beat()

    # How

    def _take_first(self) -> None:
        self._given_up = False
        self._face.ask_code("code", self._in[0])

    def _forget_card(self) -> None:
        self._proven, self._given_up, self._lock_asked, self._pending = False, False, False, None
        self._owes_removal = True

    def _pay(self) -> None:
        """Tell the server of the removal it was not told of yet."""
        try:
            self._pay_or_raise()
        except Fault as fault:
            self._cannot(fault)

    def _pay_or_raise(self) -> None:
        if self._owes_removal:
            self._server.card_out(self._lock_asked)
            self._owes_removal = self._lock_asked = False
            self._can()

    def _beat(self) -> None:
        try:
            standing = self._server.beat()
            self._can()
            if self._proven:
                self._follow(standing)
        except Fault as fault:
            self._cannot(fault)

    def _follow(self, standing: Standing) -> None:
        if self._pending is not None:
            if not standing.ticket_waits:
                self._pending = None
            elif self._now() >= self._pending.until:
                ticket, self._pending = self._pending.ticket, None
                self._window.open(ticket)
            else:
                self._next = self._now() + 0.25
        elif standing.holder is None or standing.session != "open":
            if standing.ticket_waits or not self._in:
                return
            self._proven = False
            self._face.ask_code("code_again", self._in[0])
        elif standing.reopen:
            self._show(self._server.ticket())
            self._face.line("reopened")

    def _try_to_show(self, ticket: Callable[[], str]) -> None:
        try:
            self._show(ticket())
        except Fault as fault:
            self._face.fault(fault)

    def _show(self, ticket: str) -> None:
        """Leave the ticket to the page that waits in the open window, for a moment; else open a window with it."""
        if self._window.is_open():
            self._pending = _Pending(ticket, self._now() + PAGE_SECONDS)
            self._next = self._now() + 0.25
        else:
            self._window.open(ticket)
            self._pending = _Pending(ticket, self._now() + 10 * PAGE_SECONDS)
            self._next = self._now() + BEAT_SECONDS

    def _can(self) -> None:
        if self._unreachable:
            self._unreachable = ""
            self._face.line("back")
        self._next = self._now() + (BEAT_SECONDS if self._in else QUIET_BEAT_SECONDS)

    def _cannot(self, fault: Fault) -> None:
        self._next = self._now() + RETRY_SECONDS
        if self._unreachable != fault.code:
            self._unreachable = fault.code
            self._face.fault(fault)
