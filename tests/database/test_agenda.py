"""The agenda on both databases: booked, moved, marked, cancelled, restored, warned, refused."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from tests.builders.agenda import MONDAY, Practice, at, practice, span

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import Actor
from socle.identity.audit.models import AuditEntry
from socle.practice.agenda import (
    absences,
    appointments,
    booking,
    changes,
    day_sheet,
    local_time,
    opening_hours,
    schedule,
)
from socle.practice.agenda.booking import Booking
from socle.practice.agenda.errors import (
    AppointmentMissing,
    ChangedMeanwhile,
    DateTooFar,
    DuringAbsence,
    HoursWrong,
    NotCancellable,
    NotMovable,
    OutsideOpeningHours,
    PartyMissing,
    ReasonMissing,
    SeriesTaken,
    SlotTaken,
    TextTooLong,
)
from socle.practice.agenda.local_time import wall_time
from socle.practice.agenda.models import AbsenceKind, Status
from socle.practice.agenda.repeating import WeeklyRepeat
from socle.practice.agenda.spans import Span
from socle.practice.agenda.weekly_hours import Opening


@pytest.fixture
def made(database: Database) -> Practice:
    """A practice with four practitioners and nothing booked."""
    with database.writing() as session:
        return practice(session)


def wanted(made: Practice, when: Span, who: int = 0, patient: int = 0) -> Booking:
    return Booking(made.practitioners[who], made.patients[patient], made.types[1], when)


def book(
    database: Database, made: Practice, when: Span, who: int = 0, patient: int = 0, confirmed: bool = False
) -> int:
    with database.writing() as session:
        return booking.book(session, made.secretary, wanted(made, when, who, patient), confirmed=confirmed)


def actions(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.execute(select(AuditEntry.action).order_by(AuditEntry.at, AuditEntry.id)).scalars())


def test_a_booked_appointment_is_listed_with_its_patient(database: Database, made: Practice) -> None:
    number = book(database, made, span(9))
    with database.reading() as session:
        (row,) = schedule.appointments_between(session, made.practitioners, span(0, 0, 12 * 60))
    assert (row.id, row.starts_at, row.ends_at, row.status) == (number, at(9), at(9, 30), "booked")
    assert (row.birth_family_name, row.first_given_name) == ("DUPONT", "Anne-Marie")
    assert "appointment.booked" in actions(database)


def test_what_goes_past_midnight_is_listed_on_both_days(database: Database, made: Practice) -> None:
    number = book(database, made, span(23, 30, 60), confirmed=True)
    book(database, made, span(22, 30, 90), who=1, confirmed=True)  # ends at midnight: of one day only
    for day, found in ((MONDAY, [number]), (MONDAY + timedelta(1), [number]), (MONDAY + timedelta(2), [])):
        with database.reading() as session:
            rows = schedule.appointments_between(session, made.practitioners[:1], local_time.day_span(day))
            sheet = day_sheet.sheets(session, day)[0]
        assert [row.id for row in rows] == found, day
        assert [row.id for row in sheet.appointments] == found, day
    with database.reading() as session:
        tuesday = local_time.day_span(MONDAY + timedelta(1))
        assert schedule.appointments_between(session, made.practitioners[1:2], tuesday) == []


def test_a_taken_time_answers_with_the_free_ones_beside_it(database: Database, made: Practice) -> None:
    book(database, made, span(9))
    book(database, made, span(9, 30))
    with pytest.raises(SlotTaken) as refused:
        book(database, made, span(9, 15), patient=1)
    assert refused.value.neighbours.before == span(8, 30)
    assert refused.value.neighbours.after == span(10)


def test_touching_appointments_and_other_practitioners_do_not_conflict(database: Database, made: Practice) -> None:
    book(database, made, span(9))
    book(database, made, span(8, 30))
    book(database, made, span(9, 30))
    book(database, made, span(9), who=1)


def test_moving_changes_place_practitioner_and_length(database: Database, made: Practice) -> None:
    number = book(database, made, span(9))
    with database.writing() as session:
        appointments.move(session, made.secretary, number, 1, made.practitioners[2], span(15, 0, 45))
    with database.reading() as session:
        row = schedule.find(session, number)
    assert (row.practitioner_id, row.starts_at, row.ends_at) == (made.practitioners[2], at(15), at(15, 45))
    assert row.version == 2
    assert "appointment.moved" in actions(database)


def test_an_appointment_may_move_over_its_own_old_place(database: Database, made: Practice) -> None:
    number = book(database, made, span(9))
    with database.writing() as session:
        appointments.move(session, made.secretary, number, 1, made.practitioners[0], span(9, 15))


def test_moving_onto_another_is_refused_and_changes_nothing(database: Database, made: Practice) -> None:
    number = book(database, made, span(9))
    book(database, made, span(10))
    with pytest.raises(SlotTaken), database.writing() as session:
        appointments.move(session, made.secretary, number, 1, made.practitioners[0], span(10, 15))
    with database.reading() as session:
        assert schedule.find(session, number).version == 1


def test_who_loses_a_race_learns_who_won(database: Database, made: Practice) -> None:
    number = book(database, made, span(9))
    other = Actor(made.practitioners[1], "Anne-Sophie Kervadec")
    with database.writing() as session:
        appointments.move(session, other, number, 1, made.practitioners[0], span(11))
    with pytest.raises(ChangedMeanwhile) as refused, database.writing() as session:
        appointments.move(session, made.secretary, number, 1, made.practitioners[0], span(10))
    assert refused.value.details == {"who": "Anne-Sophie Kervadec"}


def test_outside_hours_asks_before_it_books(database: Database, made: Practice) -> None:
    with pytest.raises(OutsideOpeningHours):
        book(database, made, span(12, 45))
    with pytest.raises(OutsideOpeningHours):
        book(database, made, span(11, 45))  # begins inside, ends outside
    book(database, made, span(12, 45), confirmed=True)


def test_an_absence_asks_before_it_books_and_goes_away(database: Database, made: Practice) -> None:
    with database.writing() as session:
        away = absences.add_absence(
            session, made.secretary, made.practitioners[0], at(0), at(0, day=MONDAY + timedelta(7)), AbsenceKind.LEAVE
        )
    with pytest.raises(DuringAbsence) as refused:
        book(database, made, span(9))
    assert refused.value.details == {"practitioner": "Paul Lemoine"}
    book(database, made, span(9), confirmed=True)
    with database.writing() as session:
        absences.remove_absence(session, made.secretary, away)
    book(database, made, span(10))


def test_neighbours_stay_inside_hours_and_away_from_absences(database: Database, made: Practice) -> None:
    with database.writing() as session:
        absences.add_absence(session, made.secretary, made.practitioners[0], at(9, 30), at(12), AbsenceKind.TRAINING)
    book(database, made, span(9))
    with pytest.raises(SlotTaken) as refused:
        book(database, made, span(9), patient=1)
    assert refused.value.neighbours.before == span(8, 30)
    assert refused.value.neighbours.after == span(14)


def test_a_cancelled_time_is_free_and_a_restored_one_must_still_be(database: Database, made: Practice) -> None:
    number = book(database, made, span(9))
    with pytest.raises(ReasonMissing), database.writing() as session:
        appointments.cancel(session, made.secretary, number, 1, "  ")
    with database.writing() as session:
        appointments.cancel(session, made.secretary, number, 1, "Enfant malade")
    with database.writing() as session:
        appointments.restore(session, made.secretary, number, 2)
    with database.writing() as session:
        appointments.cancel(session, made.secretary, number, 3, "Enfant malade")
    book(database, made, span(9), patient=1)
    with pytest.raises(SlotTaken), database.writing() as session:
        appointments.restore(session, made.secretary, number, 4)
    with database.reading() as session:
        row = schedule.find(session, number)
        assert (row.status, row.cancel_reason) == ("cancelled", "Enfant malade")
        assert schedule.appointments_between(session, made.practitioners[:1], span(8, 0, 720)) != [row]


def test_statuses_follow_the_patient(database: Database, made: Practice) -> None:
    number = book(database, made, span(9))
    for version, status in enumerate((Status.ARRIVED, Status.SEEN, Status.MISSED), start=1):
        with database.writing() as session:
            appointments.mark(session, made.secretary, number, version, status)
    book(database, made, span(9), patient=1)  # who did not come holds no time
    with pytest.raises(SlotTaken), database.writing() as session:
        appointments.mark(session, made.secretary, number, 4, Status.ARRIVED)
    with pytest.raises(NotMovable), database.writing() as session:
        appointments.move(session, made.secretary, number, 4, made.practitioners[0], span(10))
    with pytest.raises(NotCancellable), database.writing() as session:
        appointments.cancel(session, made.secretary, number, 4, "trop tard")
    with pytest.raises(NotCancellable), database.writing() as session:
        appointments.mark(session, made.secretary, number, 4, Status.CANCELLED)


def test_a_series_is_booked_whole_or_not_at_all(database: Database, made: Practice) -> None:
    book(database, made, span(9, day=MONDAY + timedelta(14)))
    repeat = WeeklyRepeat(weeks_apart=1, count=4)
    with pytest.raises(SeriesTaken) as refused, database.writing() as session:
        booking.book_series(session, made.secretary, wanted(made, span(9)), repeat)
    assert refused.value.taken == [at(9, day=MONDAY + timedelta(14))]
    with database.reading() as session:
        assert len(schedule.of_patient(session, made.patients[0])) == 1
    with database.writing() as session:
        numbers = booking.book_series(session, made.secretary, wanted(made, span(9)), repeat, skip_taken=True)
    assert len(numbers) == 3


def test_the_rest_of_a_series_is_cancelled_in_one_go(database: Database, made: Practice) -> None:
    with database.writing() as session:
        numbers = booking.book_series(
            session, made.secretary, wanted(made, span(9)), WeeklyRepeat(weeks_apart=1, count=4)
        )
    with database.writing() as session:
        gone = appointments.cancel_following(session, made.secretary, numbers[1], 1, "Fin de traitement")
    assert gone == numbers[1:]
    with database.reading() as session:
        rows = schedule.series_of(session, schedule.find(session, numbers[0]).series_id)
    assert [row.status for row in rows] == ["booked", "cancelled", "cancelled", "cancelled"]


def test_a_series_keeps_its_wall_time_over_the_clock_change(database: Database, made: Practice) -> None:
    first = date(2027, 3, 22)
    with database.writing() as session:
        numbers = booking.book_series(
            session, made.secretary, wanted(made, span(9, day=first)), WeeklyRepeat(weeks_apart=1, count=3)
        )
    with database.reading() as session:
        starts = [schedule.find(session, number).starts_at for number in numbers]
    assert [wall_time(start).hour for start in starts] == [9, 9, 9]
    assert starts[1] - starts[0] == timedelta(days=7) - timedelta(hours=1)


def test_the_doubled_hour_holds_two_appointments(database: Database, made: Practice) -> None:
    day = date(2027, 10, 31)
    first = at(2, 0, day)
    book(database, made, Span(first, first + timedelta(hours=1)), confirmed=True)
    book(database, made, Span(first + timedelta(hours=1), first + timedelta(hours=2)), confirmed=True)
    with pytest.raises(SlotTaken):
        book(database, made, Span(first + timedelta(minutes=30), first + timedelta(minutes=90)), confirmed=True)


def test_bad_input_is_refused_in_words(database: Database, made: Practice) -> None:
    with pytest.raises(PartyMissing), database.writing() as session:
        booking.book(
            session, made.secretary, Booking(made.practitioners[0], 10**9, made.types[0], span(9)), confirmed=True
        )
    long = Booking(made.practitioners[0], made.patients[0], made.types[0], span(9), "x" * 501)
    with pytest.raises(TextTooLong), database.writing() as session:
        booking.book(session, made.secretary, long)
    with pytest.raises(DateTooFar):
        book(database, made, span(9, day=date(2226, 11, 23)))
    with pytest.raises(AppointmentMissing), database.writing() as session:
        appointments.cancel(session, made.secretary, 12345, 1, "x")
    with pytest.raises(HoursWrong), database.writing() as session:
        opening_hours.set_hours(
            session, made.secretary, made.practitioners[0], 2, [Opening(1, 480, 600), Opening(1, 590, 700)]
        )


def test_the_feed_tells_each_change_once_in_order(database: Database, made: Practice) -> None:
    with database.reading() as session:
        start = changes.revisions(session).agenda
        assert changes.changes_since(session, start).appointments == []
    first, second = book(database, made, span(9)), book(database, made, span(10))
    with database.writing() as session:
        appointments.cancel(session, made.secretary, first, 1, "x")
    with database.reading() as session:
        found = changes.changes_since(session, start)
    assert [(row.id, row.status) for row in found.appointments] == [(second, "booked"), (first, "cancelled")]
    with database.reading() as session:
        assert changes.changes_since(session, found.revision).appointments == []


def test_the_feed_asks_for_a_fresh_page_when_hours_change_or_a_backup_came_back(
    database: Database, made: Practice
) -> None:
    with database.reading() as session:
        start = changes.revisions(session).agenda
    with database.writing() as session:
        opening_hours.set_hours(session, made.secretary, made.practitioners[0], 2, [Opening(1, 480, 600)])
    with database.reading() as session:
        assert changes.changes_since(session, start).reload
        assert changes.changes_since(session, start + 1000).reload
        assert changes.changes_since(session, -1).reload


def test_the_clock_is_the_practice_s_own(database: Database, made: Practice, clock: SettableClock) -> None:
    clock.set(at(7, 30, date(2027, 1, 4)))
    number = book(database, made, span(9, day=date(2027, 1, 4)))
    with database.reading() as session:
        trace = select(AuditEntry.at).where(AuditEntry.action == "appointment.booked", AuditEntry.subject_id == number)
        assert session.execute(trace).scalar_one() == at(7, 30, date(2027, 1, 4))
