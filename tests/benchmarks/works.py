"""The work that is measured: 2,000 seeded requests of each kind, as the pages send them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from urllib.parse import quote, urlencode

from tests.benchmarks.load import Request
from tests.benchmarks.practice import SEED, Practice

from socle.practice.demonstration import crowd

COUNT = 2_000
LETTERS = 5
FREE_WEEKS = 2
"""Free weeks that one press may fill: 2,100 times with seven practitioners."""


@dataclass(frozen=True)
class Work:
    """One kind of work; `writes` needs the form token and must never be sent twice."""

    name: str
    requests: Sequence[Request]
    writes: bool = False


def reading(practice: Practice) -> list[Work]:
    """Return the work that only reads."""
    dice = random.Random(f"requests {SEED}")
    people = list(islice(crowd.people(practice.patients, SEED), min(practice.patients, COUNT)))
    names = [dice.choice(people).birth_family_name for _ in range(COUNT)]
    mondays = [crowd.FULL_UNTIL + timedelta(weeks=dice.randrange(crowd.WEEKS_AHEAD)) for _ in range(COUNT)]
    numbers = [dice.randrange(1, practice.patients + 1) for _ in range(COUNT)]
    return [
        Work("search", [Request(f"/patients?q={quote(name[:LETTERS].lower())}") for name in names]),
        Work("search, one typing error", [Request(f"/patients?q={quote(_mistyped(name))}") for name in names]),
        Work("open a patient", [Request(f"/patients/{number}") for number in numbers]),
        Work("week agenda, page", [Request(f"/agenda?view=week&date={monday}") for monday in mondays]),
        Work("week agenda, data", [Request(f"/agenda/weeks/{monday}") for monday in mondays]),
    ]


def _mistyped(name: str) -> str:
    word = name.lower().split("-")[0]
    if len(word) < 5:
        return f"{word}x"
    return f"{word[:2]}{word[3]}{word[2]}{word[4:]}"


def booking(practice: Practice) -> Work:
    """Return appointments to book in free time; each call books weeks of its own."""
    turn = practice.next_turn()
    practitioners, kind = practice.numbers
    dice = random.Random(f"bookings {SEED} {turn}")
    free = [
        (practitioner, datetime.combine(day, slot))
        for day in _free_days(turn)
        for practitioner in practitioners
        for slot in crowd.SLOTS
    ]
    requests = [
        Request("/agenda/appointments", "POST", urlencode(_form(practice, dice, practitioner, start, kind)))
        for practitioner, start in free
    ]
    return Work("create an appointment", requests, writes=True)


def _free_days(turn: int) -> list[date]:
    """Return the working days of some weeks after all those the crowd has booked."""
    start = crowd.FULL_UNTIL + timedelta(weeks=crowd.WEEKS_AHEAD + turn * FREE_WEEKS)
    if start > date(2029, 10, 1):
        raise SystemExit("this practice has no free times left: remove its folder, then measure again")
    return [start + timedelta(weeks=week, days=day) for week in range(FREE_WEEKS) for day in range(5)]


def _form(practice: Practice, dice: random.Random, practitioner: int, start: datetime, kind: int) -> dict[str, str]:
    return {
        "patient": str(dice.randrange(1, practice.patients + 1)),
        "practitioner": str(practitioner),
        "type": str(kind),
        "start": start.isoformat(timespec="minutes"),
        "minutes": "15",
        "note": "",
    }
