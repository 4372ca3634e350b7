"""Two people, one slot: exactly one wins, on both databases, whatever way the writers come."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from tests.builders.agenda import Practice, at, practice, span

from socle.foundation.database import Database, now
from socle.practice.agenda import appointments, booking, changes
from socle.practice.agenda.availability import is_double_booking
from socle.practice.agenda.booking import Booking
from socle.practice.agenda.errors import ChangedMeanwhile, SlotTaken
from socle.practice.agenda.models import Appointment, Status
from socle.practice.agenda.spans import Span

WRITERS = 6


@pytest.fixture
def made(database: Database) -> Practice:
    """A practice with nothing booked."""
    with database.writing() as session:
        return practice(session)


def overlaps(database: Database) -> int:
    """Count pairs of appointments that share time, by a query of its own."""
    one, other = Appointment.__table__.alias("one"), Appointment.__table__.alias("other")
    holding = ("booked", "arrived", "seen")
    pairs = (
        select(func.count())
        .select_from(one.join(other, one.c.practitioner_id == other.c.practitioner_id))
        .where(
            one.c.id < other.c.id, one.c.starts_at < other.c.ends_at, other.c.starts_at < one.c.ends_at,
            one.c.status.in_(holding), other.c.status.in_(holding),
        )
    )  # fmt: skip
    with database.reading() as session:
        return session.execute(pairs).scalar_one()


def test_of_many_who_book_one_slot_at_once_exactly_one_wins(database: Database, made: Practice) -> None:
    barrier = Barrier(WRITERS)

    def try_it(number: int) -> str:
        barrier.wait()
        wanted = Booking(made.practitioners[0], made.patients[number], made.types[0], span(9, 5 * (number % 3)))
        try:
            with database.writing() as session:
                booking.book(session, made.secretary, wanted)
        except SlotTaken as refused:
            return "refused" if refused.neighbours.after else "refused without neighbours"
        return "booked"

    with ThreadPoolExecutor(WRITERS) as pool:
        outcomes = sorted(pool.map(try_it, range(WRITERS)))
    assert outcomes == ["booked"] + ["refused"] * (WRITERS - 1)
    assert overlaps(database) == 0


def test_of_many_who_move_one_appointment_at_once_exactly_one_wins(database: Database, made: Practice) -> None:
    with database.writing() as session:
        number = booking.book(
            session, made.secretary, Booking(made.practitioners[0], made.patients[0], made.types[0], span(8))
        )
    barrier = Barrier(WRITERS)

    def try_it(turn: int) -> str:
        barrier.wait()
        try:
            with database.writing() as session:
                appointments.move(session, made.secretary, number, 1, made.practitioners[0], span(14, 5 * turn))
        except ChangedMeanwhile as refused:
            return f"lost to {refused.details['who']}"
        return "moved"

    with ThreadPoolExecutor(WRITERS) as pool:
        outcomes = sorted(pool.map(try_it, range(WRITERS)))
    assert outcomes == ["lost to Claire Roussel"] * (WRITERS - 1) + ["moved"]


def _raw(made: Practice, database: Database, when: Span, status: Status = Status.BOOKED) -> int:
    """Write without asking the room: what the database's own guard must stop."""
    with database.writing() as session:
        values = {
            "practitioner_id": made.practitioners[0], "patient_id": made.patients[0], "type_id": made.types[0],
            "starts_at": when.start, "ends_at": when.end, "status": status.value, "revision": 0,
            "changed_at": now(session),
        }  # fmt: skip
        return session.execute(insert(Appointment).values(values).returning(Appointment.id)).scalar_one()


@pytest.mark.parametrize(
    "second", [span(9), span(8, 45), span(9, 15), span(9, 5, 10), span(8, 0, 180), Span(at(0), span(9, 0, 5).end)]
)
def test_the_database_itself_refuses_an_overlap(database: Database, made: Practice, second: Span) -> None:
    _raw(made, database, span(9))
    with pytest.raises(IntegrityError) as refused:
        _raw(made, database, second)
    assert is_double_booking(refused.value)
    assert overlaps(database) == 0


def test_the_database_itself_refuses_a_move_and_a_return_onto_taken_time(database: Database, made: Practice) -> None:
    _raw(made, database, span(9))
    beside = _raw(made, database, span(9, 30))
    missed = _raw(made, database, span(9), Status.MISSED)
    for number, values in ((beside, {"starts_at": at(9, 15)}), (missed, {"status": "arrived"})):
        with pytest.raises(IntegrityError), database.writing() as session:
            session.execute(update(Appointment).where(Appointment.id == number).values(**values))
    assert overlaps(database) == 0


def test_the_database_refuses_an_endless_appointment(database: Database, made: Practice) -> None:
    with pytest.raises(IntegrityError):
        _raw(made, database, Span(at(9), at(9).replace(day=25)))
    number = _raw(made, database, span(9))
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(update(Appointment).where(Appointment.id == number).values(status="perhaps"))


def test_raw_writers_at_once_leave_one_appointment(engine: Engine, database: Database, made: Practice) -> None:
    barrier = Barrier(WRITERS)

    def try_it(_: int) -> bool:
        barrier.wait()
        try:
            _raw(made, database, span(16))
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sum(pool.map(try_it, range(WRITERS))) == 1


def test_the_feed_misses_nothing_while_many_write(database: Database, made: Practice) -> None:
    """A reader who always asks from the last number it saw ends with every appointment."""
    seen: set[int] = set()
    with database.reading() as session:
        since = changes.revisions(session).agenda

    def write(turn: int) -> int:
        wanted = Booking(made.practitioners[turn % 4], made.patients[turn], made.types[0], span(8 + turn // 4))
        with database.writing() as session:
            return booking.book(session, made.secretary, wanted)

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(write, turn) for turn in range(16)]
        while not all(job.done() for job in jobs):
            with database.reading() as session:
                found = changes.changes_since(session, since)
            since, seen = found.revision, seen | {row.id for row in found.appointments}
    with database.reading() as session:
        seen |= {row.id for row in changes.changes_since(session, since).appointments}
    assert seen == {job.result() for job in jobs}
