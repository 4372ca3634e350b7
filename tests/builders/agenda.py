"""A small practice with agendas: people invented here, hours of an ordinary week, and a believable Monday."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.identity.actor import Actor, Role, machine
from socle.identity.people.models import Account
from socle.practice.agenda import appointment_types, booking, local_time, opening_hours, practitioners
from socle.practice.agenda.models import Colour
from socle.practice.agenda.spans import Span
from socle.practice.agenda.weekly_hours import Opening
from socle.practice.patients import registry
from socle.practice.patients.details import PatientDetails, Phone

MONDAY = date(2026, 11, 23)
PEOPLE = (
    ("Claire Roussel", "Secrétaire", Role.SECRETARY),
    ("Paul Lemoine", "Masseur-kinésithérapeute", Role.PRACTITIONER),
    ("Anne-Sophie Kervadec", "Masseuse-kinésithérapeute", Role.PRACTITIONER),
    ("Karim Benhaddou", "Masseur-kinésithérapeute", Role.PRACTITIONER),
    ("Marie-Laure de Saint-Aubin", "Ostéopathe", Role.PRACTITIONER),
)
TYPES = (
    ("Bilan initial", Colour.VIOLET, 45),
    ("Séance de rééducation", Colour.TEAL, 30),
    ("Kinésithérapie respiratoire", Colour.SKY, 30),
    ("Drainage lymphatique", Colour.ROSE, 45),
    ("Ostéopathie", Colour.SAND, 45),
    ("Bilan de fin de traitement", Colour.PLUM, 30),
)
NAMES = (
    ("DUPONT", "Anne-Marie", "F", "1980-03-14"), ("LEROY", "Michel", "M", "1957-07-02"),
    ("NGUYEN", "Thi Mai", "F", "1991-11-30"), ("MARTINEAU", "Jules", "M", "2013-05-21"),
    ("BOUCHARD", "Odile", "F", "1944-01-09"), ("EL AMRANI", "Yasmine", "F", "1988-09-17"),
    ("PETITJEAN", "Rémi", "M", "1975-12-05"), ("GUÉRIN", "Éléonore", "F", "1969-04-28"),
    ("DA SILVA", "João", "M", "1982-06-11"), ("CARPENTIER", "Lucie", "F", "1996-02-23"),
    ("ROCHE", "Bernard", "M", "1950-10-19"), ("ÖZTÜRK", "Deniz", "M", "1979-08-08"),
    ("VASSEUR", "Capucine", "F", "2009-03-03"), ("LEFÈVRE", "Gérard", "M", "1948-05-15"),
    ("KOWALSKI", "Hélène", "F", "1963-07-27"), ("TRAORÉ", "Aminata", "F", "1994-01-12"),
    ("BLANCHARD", "Thomas", "M", "1986-09-04"), ("MOREL", "Sylvie", "F", "1959-11-06"),
    ("CHEVALLIER DE LA ROCHEFOUCAULD-MONTBEL", "Marie-Françoise Bernadette", "F", "1952-02-29"),
    ("SCHNEIDER", "Lars", "M", "1972-06-30"), ("FAURE", "Nathan", "M", "2018-10-02"),
    ("GARNIER", "Josiane", "F", "1941-08-25"), ("RIVIÈRE", "Ophélie", "F", "1999-12-18"),
    ("BENOÎT", "Marc-Antoine", "M", "1967-03-09"),
)  # fmt: skip


@dataclass(frozen=True)
class Practice:
    """Numbers of what was made."""

    secretary: Actor
    practitioners: tuple[int, ...]
    types: tuple[int, ...]
    patients: tuple[int, ...]


def at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    """Return the instant of a wall time."""
    return local_time.instant(datetime.combine(day, time(hour, minute)))


def span(hour: int, minute: int = 0, minutes: int = 30, day: date = MONDAY) -> Span:
    """Return a span from a wall time."""
    return booking.span_from(at(hour, minute, day), timedelta(minutes=minutes))


def _accounts(session: Session) -> list[int]:
    rows = [
        {
            "username": name.lower().replace(" ", "."), "display_name": name, "profession": profession, "rpps": "",
            "email": "", "roles": [role.value], "active": True, "language": "fr", "created_at": now(session),
        }
        for name, profession, role in PEOPLE
    ]  # fmt: skip
    statement = insert(Account).returning(Account.id, sort_by_parameter_order=True)
    return list(session.execute(statement, rows).scalars())


def patient(family: str, given: str, sex: str, born: str, phone: str = "+33612345678") -> PatientDetails:
    """Return an invented person."""
    return PatientDetails(
        birth_family_name=family, first_given_name=given, birth_given_names=given,
        sex=sex, birth_date=born, phones=(Phone(phone),),  # type: ignore[arg-type]
    )  # fmt: skip


def practice(session: Session, accounts: Sequence[int] = ()) -> Practice:
    """Make the practice; `accounts` (a secretary, then the practitioners) are used if the test has some already."""
    numbers = list(accounts) or _accounts(session)
    secretary = Actor(numbers[0], PEOPLE[0][0], frozenset({Role.SECRETARY}), "accueil")
    for practitioner_id in numbers[1:]:
        practitioners.open_agenda(session, secretary, practitioner_id)
        week = [
            Opening(weekday, opens * 60, closes * 60)
            for weekday in range(1, 6)
            for opens, closes in ((8, 12), (14, 19))
        ]
        opening_hours.set_hours(session, secretary, practitioner_id, 1, week)
    types = tuple(appointment_types.add_type(session, secretary, *kind) for kind in TYPES)
    people = tuple(registry.create_many(session, machine("tests"), [patient(*name) for name in NAMES]))
    return Practice(secretary, tuple(numbers[1:]), types, people)


def fill_day(session: Session, made: Practice, day: date = MONDAY) -> list[int]:
    """Fill a day as a busy practice would: mornings and afternoons nearly full, a gap here and there."""
    booked = []
    for column, practitioner_id in enumerate(made.practitioners):
        moment = at(8, 15 * (column % 2), day)
        for turn in range(16):
            index = (turn * 7 + column * 5 + day.toordinal()) % len(made.patients)
            kind = (turn * 3 + column + day.toordinal()) % len(made.types)
            minutes = TYPES[kind][2]
            local = local_time.wall_time(moment)
            if (local.hour, local.minute) >= (11, 30) and local.hour < 14:
                moment = at(14, 0, day)
            if local_time.wall_time(moment).hour >= 18:
                break
            if (turn + column) % 6 != 4:
                wanted = booking.Booking(
                    practitioner_id, made.patients[index], made.types[kind],
                    Span(moment, moment + timedelta(minutes=minutes)),
                )  # fmt: skip
                booked.append(booking.book(session, made.secretary, wanted, confirmed=True))
            moment += timedelta(minutes=minutes)
    return booked
