"""A practice of any size for measuring: the same numbers and seed give the same practice, byte for byte.

Nobody in it exists: names are put together from pieces, telephone numbers come from the ranges kept for fiction.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from socle.foundation.clock import PARIS
from socle.practice.patients.details import PatientDetails, Phone, Sex

SLOTS = tuple(
    time(hour=minutes // 60, minute=minutes % 60)
    for start in (8 * 60 + 30, 14 * 60)
    for minutes in range(start, start + 15 * 15, 15)
)
"""Thirty quarters of an hour a day, five days a week: 150 appointments a week for each practitioner."""
SLOT = timedelta(minutes=15)
PER_WEEK = 5 * len(SLOTS)
FULL_YEARS = 20
FULL_UNTIL = date(2027, 2, 1)
"""The Monday after the last week in which everybody's agenda is full."""
WEEKS_AHEAD = 50
"""After that the first practitioner alone is booked so far ahead: weeks of exactly 150 appointments, and free times."""

_BEGINNINGS = (
    "Mart Bern Rob Rich Dur Dub Mor Laur Sim Mich Lef Ler Roux Dav Bertr Mor Four Gir Bonn Dup Lamb Font Rouss Vinc"
    " Mul Lefe Fauc Andr Merc Blanch Guér Boy Garn Cheval Franç Legr Gauth Garc Perr Rob Clém Mor Nic Henr Rous Math"
    " Gaut Mas March Duv Den Dum Mar Lem Noël Mey Duf Meun Brun Blanc Gir Jol Riv Luc Bru Gaill Barb Arn Mart Gér"
).split()
_ENDINGS = (
    "in ard ert eau elle ier and ot et on oux ais el al ac ois ault ez ert aud ière ette igny oire enet ardin ellier"
    " otte oulet annes erin ival eret ousse audin elot iquet amier orge"
).split()
_FEMALE = (
    "Marie Jeanne Françoise Monique Catherine Nathalie Isabelle Jacqueline Anne Sylvie Martine Madeleine Nicole"
    " Suzanne Hélène Christine Louise Marguerite Denise Valérie Sandrine Stéphanie Véronique Sophie Chantal Céline"
    " Julie Aurélie Émilie Camille Léa Manon Chloé Inès Zoé Élise Maëlle Noémie Anaïs Margaux Anne-Marie Marie-Claire"
).split()
_MALE = (
    "Jean Pierre Michel André Philippe Louis René Alain Jacques Bernard Marcel Daniel Roger Robert Paul Claude"
    " Christian Henri Georges Nicolas François Maurice Gérard Patrick Thierry Laurent Julien Stéphane Frédéric"
    " Sébastien Thomas Antoine Hugo Lucas Théo Enzo Nathan Raphaël Loïc Gaël Jean-Pierre Jean-Luc Noël"
).split()
_TOWNS = (("75011", "Paris"), ("69003", "Lyon"), ("13006", "Marseille"), ("31000", "Toulouse"), ("44000", "Nantes"))


@dataclass(frozen=True, slots=True)
class CrowdAppointment:
    """One appointment: `practitioner` and `patient` count from 0; `starts_at` is aware, in UTC."""

    practitioner: int
    patient: int
    starts_at: datetime
    status: str


def people(count: int, seed: int) -> Iterator[PatientDetails]:
    """Yield the patients, in order of their numbers."""
    dice = random.Random(f"patients {seed}")  # noqa: S311 - nothing secret: the same seed must give the same practice
    for _ in range(count):
        yield _person(dice)


def _person(dice: random.Random) -> PatientDetails:
    sex: Sex = "F" if dice.random() < 0.55 else "M"
    given = dice.choice(_FEMALE if sex == "F" else _MALE)
    birth_name = _family_name(dice)
    used_name = _family_name(dice) if sex == "F" and dice.random() < 0.4 else ""
    born = date(1930, 1, 1) + timedelta(days=dice.randrange(33_000))
    post_code, town = dice.choice(_TOWNS)
    return PatientDetails(
        birth_family_name=birth_name,
        birth_given_names=given,
        first_given_name=given,
        used_family_name=used_name,
        sex=sex,
        birth_date=born.isoformat(),
        phones=(Phone(f"+336399{dice.randrange(80_000, 90_000)}"),),
        address=f"{dice.randrange(1, 200)} rue des Tilleuls",
        postal_code=post_code,
        city=town,
    )


def _family_name(dice: random.Random) -> str:
    name = dice.choice(_BEGINNINGS) + dice.choice(_ENDINGS)
    return f"{name}-{dice.choice(_BEGINNINGS)}{dice.choice(_ENDINGS)}" if dice.random() < 0.05 else name


def practitioners_for(appointments: int) -> int:
    """Return how many full agendas that many appointments make over twenty years."""
    return max(1, -(-appointments // (FULL_YEARS * 50 * PER_WEEK)))


def appointments(count: int, patients: int, practitioners: int, seed: int) -> Iterator[CrowdAppointment]:
    """Yield the weeks ahead of the first practitioner, then everybody's weeks backwards; nobody has two at once."""
    dice = random.Random(f"appointments {seed}")  # noqa: S311
    weeks = ((FULL_UNTIL + timedelta(weeks=ahead), 1) for ahead in range(WEEKS_AHEAD))
    before = ((FULL_UNTIL - timedelta(weeks=ago), practitioners) for ago in itertools.count(1))
    left = count
    for monday, working in itertools.chain(weeks, before):
        starts = _week(monday)
        for practitioner in range(working):
            for start in starts[:left]:
                left -= 1
                yield CrowdAppointment(practitioner, dice.randrange(patients), start, _status(dice, start))
        if left == 0:
            return


def _week(monday: date) -> list[datetime]:
    days = [monday + timedelta(days=offset) for offset in range(5)]
    return [datetime.combine(day, slot, PARIS).astimezone(UTC) for day in days for slot in SLOTS]


def _status(dice: random.Random, start: datetime) -> str:
    if start.date() >= date(2026, 11, 23):
        return "booked"
    chance = dice.random()
    return "missed" if chance < 0.03 else "cancelled" if chance < 0.08 else "seen"
