"""What the agent's window shows, without a window: what the agent's rules said so far, as one plain picture.

Troubles are kept until what brought them is over, so that a person who looks up late still reads why nothing happens.
"""

from dataclasses import dataclass
from enum import StrEnum

from socle_station.token import Known
from socle_station.wording import Fault, Language, line


class State(StrEnum):
    """Where a person stands; each has a headline and a sentence among the lines of `wording`."""

    NOT_ENROLLED = "enrol"
    ENROLLING = "enrolling"
    STARTING = "starting"
    NO_CARD = "no_card"
    ASKED = "asked"
    ASKED_AGAIN = "asked_again"
    CHECKING = "checking_card"
    OPEN = "session_open"
    REMOVED = "card_removed"
    REFUSED = "card_refused"


@dataclass(frozen=True)
class Trouble:
    """What went wrong and what to do; a notice is worth a word, a trouble stands in the way."""

    message: str
    hint: str
    code: str
    is_notice: bool = False


@dataclass(frozen=True)
class Shown:
    """One picture of the window. `turn` changes when something is asked anew: a code typed so far is forgotten then."""

    state: State
    title: str
    detail: str
    place: str = ""
    warning: str = ""
    trouble: Trouble | None = None
    turn: int = 0

    @property
    def asks_code(self) -> bool:
        """Whether the card's code is asked for."""
        return self.state in {State.ASKED, State.ASKED_AGAIN}

    @property
    def is_open(self) -> bool:
        """Whether a session is open: it can be shown, and locked."""
        return self.state is State.OPEN


_NOTICES = {"READER-SEVERAL", "CARD-TWO-IN"}
_READERS = {"READER-MISSING", "READER-SERVICE-DOWN"}
_OUTLIVES_REMOVAL = {"READER-UNPLUGGED"}
_ORDER = ("enrolment", "server", "reader", "card", "trust", "notice")
_HEADLINES = {
    "READER-MISSING": "headline_reader",
    "READER-SERVICE-DOWN": "headline_reader",
    "STATION-SERVER-UNREACHABLE": "headline_server",
    "STATION-SERVER-NOT-TRUSTED": "headline_not_trusted",
    "STATION-REVOKED": "headline_revoked",
    "STATION-UNKNOWN": "headline_revoked",
}
_OVER: dict[str, tuple[str, ...]] = {
    "back": ("server",),
    "reader_back": ("reader",),
    "one_card": ("notice",),
    "checking": ("card", "server"),
    "opened": ("card", "server"),
    "enrolled": ("enrolment",),
    "ready": ("enrolment",),
}
"""Which troubles are over once a line was said."""
_LEADS_TO = {
    "ready": State.NO_CARD,
    "checking": State.CHECKING,
    "opened": State.OPEN,
    "removed": State.REMOVED,
    "enrolling": State.ENROLLING,
}


def _kind(fault: Fault) -> str:
    if fault.code in _NOTICES:
        return "notice"
    if fault.code in _READERS:
        return "reader"
    if fault.code.startswith("STATION-"):
        return "server"
    return "trust" if fault.code.startswith("TRUST-") else "card"


def typeset(text: str) -> str:
    """Keep French's spaces from breaking a line: those inside guillemets and before high signs."""
    for sign in "»:;?!":
        text = text.replace(f" {sign}", f"\u00a0{sign}")
    return text.replace("« ", "«\u00a0")


class Story:
    """Takes what the agent says, one thing after the other; `shown` is how it stands."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._state = State.STARTING
        self._troubles: dict[str, Fault] = {}
        self._place = self._holder = self._note = ""
        self._known: Known | None = None
        self._turn = 0

    def line(self, key: str, **details: object) -> None:
        """Take one of the agent's lines."""
        self._state = _LEADS_TO.get(key, self._state)
        for kind in _OVER.get(key, ()):
            self._troubles.pop(kind, None)
        if key == "ready":
            self._place = f"{details['name']} · {details['practice']}"
        if key == "opened":
            self._holder = str(details["holder"])
        if key == "removed":
            self._known = None
            if self._troubles.get("card", Fault("")).code not in _OUTLIVES_REMOVAL:
                self._troubles.pop("card", None)
        self._note = line(key, self._language, **details) if key in {"reopened", "other_card", "locked"} else ""

    def fault(self, fault: Fault) -> None:
        """Take what went wrong."""
        self._troubles[_kind(fault)] = fault
        if self._state is State.CHECKING:
            self._state = State.REFUSED

    def ask_code(self, key: str, reader: str) -> None:
        """Ask for the code, or stop asking."""
        self._turn += 1
        if key:
            if self._state is State.REMOVED or self._state is State.NO_CARD:
                self._known = None
                self._troubles.pop("card", None)
            self._state = State.ASKED_AGAIN if key == "code_again" else State.ASKED

    def card(self, known: Known) -> None:
        """Take what the card says of itself before its code is given."""
        if self._state in {State.ASKED, State.ASKED_AGAIN}:
            self._known = known
            if known.left == "none":
                self._troubles["card"] = Fault("CARD-BLOCKED")

    def ask_enrolment(self, fault: Fault | None = None) -> None:
        """Ask what makes this machine a workstation of the practice, again if it failed."""
        self._turn += 1  # a server that answers at once: the window may never have shown that it was asked
        self._state = State.NOT_ENROLLED
        if fault is not None:
            self._troubles["enrolment"] = fault

    def shown(self) -> Shown:
        """Return the picture of how it stands."""
        found = next((self._troubles[kind] for kind in _ORDER if kind in self._troubles), None)
        waits = self._state in {State.NO_CARD, State.REMOVED, State.REFUSED}
        if found is not None and found.code == "READER-SEVERAL" and not waits:
            found = None  # worth a word while somebody wonders which reader to take, and no longer
        title, detail, trouble = line(f"{self._state}_title", self._language), self._detail(), None
        if found is not None:
            trouble = Trouble(*found.words(self._language), found.code, found.code in _NOTICES)
            if waits and found.code in _HEADLINES:  # "put a card in" would be of no use, "locked" may not be true
                title, detail = line(_HEADLINES[found.code], self._language), ""
        return Shown(self._state, title, detail, self._place, self._warning(), trouble, self._turn)

    def _detail(self) -> str:
        if self._note:
            return self._note
        if self._state in {State.ASKED, State.ASKED_AGAIN} and self._known is not None and self._known.holder:
            return line(f"{self._state}_of", self._language, holder=self._known.holder)
        return line(f"{self._state}_detail", self._language, holder=self._holder)

    def _warning(self) -> str:
        if self._state not in {State.ASKED, State.ASKED_AGAIN}:
            return ""
        wrong = self._troubles.get("card")
        left = str(wrong.details.get("left", "")) if wrong is not None else ""
        left = left or (self._known.left if self._known is not None else "")
        return line(f"tries_{left}", self._language) if left in {"last", "few"} else ""
