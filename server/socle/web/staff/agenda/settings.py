"""What lies behind the appointments: who has an agenda, opening hours, absences, types."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NamedTuple, cast

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.foundation.database import now
from socle.foundation.errors import N_
from socle.practice.agenda import absences, appointment_types, local_time, loose_ends, opening_hours, practitioners
from socle.practice.agenda.errors import HoursChangedMeanwhile, HoursWrong, TypeChangedMeanwhile
from socle.practice.agenda.models import AbsenceKind, Colour
from socle.practice.agenda.spans import Span
from socle.practice.agenda.weekly_hours import Opening
from socle.web.kit import error_pages, toasts, viewer
from socle.web.kit.permissions import CLINIC, allow
from socle.web.kit.unit_of_work import reading, writing
from socle.web.staff.agenda import forms, words
from socle.web.staff.agenda.room import blueprint

YEAR = timedelta(days=366)
LEAST_STRETCHES, MOST_STRETCHES = 2, 6
WEEKDAYS = range(1, 8)
CONFLICT = 409


@blueprint.get("/hours")
@allow(*CLINIC)
def hours() -> str:
    """Show one practitioner's week and absences, and the types of appointment."""
    return _page(request.args.get("practitioner", ""))


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that came too late: its words, the week that was typed, or the type of appointment it was for."""

    words: dict[str, str]
    week: list[Opening] | None = None
    type_id: int | None = None


def _page(asked: str, refused: Refused | None = None) -> str:
    """Return the page as all is now; a week that was refused stands in the fields, beside what is saved."""
    with reading() as session:
        people = practitioners.practitioners(session)
        who = next((each for each in people if str(each.id) == asked), _own(people))
        version = opening_hours.hours_version(session, who.id) if who else 0
        week = opening_hours.hours_of(session, [who.id])[who.id] if who else []
        coming = Span(now(session) - timedelta(days=1), now(session) + YEAR)
        away = absences.absences_between(session, [who.id], coming) if who else []
        clash = loose_ends.booked_while_away(session, [who.id]) if who else None
        kinds = appointment_types.appointment_types(session)
        candidates = practitioners.without_agenda(session)
        today = local_time.local_day(now(session))
    return render_template(
        "staff/agenda/hours.html",
        people=people,
        who=who,
        days=_days(week, refused.week if refused and refused.week is not None else week),
        version=version,
        refused=refused,
        away=away,
        away_kinds=words.absence_kinds(),
        clash=clash,
        kinds=kinds,
        colours=words.colours(),
        candidates=candidates,
        today=today,
    )


def _own(people: list[practitioners.Practitioner]) -> practitioners.Practitioner | None:
    """Return the viewer if they have an agenda, else the first who has."""
    mine = viewer.actor().account_id
    return next((who for who in people if who.id == mine), people[0] if people else None)


class Day(NamedTuple):
    """A weekday of the form: its stretches as texts and room for others, and what is saved where that differs."""

    weekday: int
    stretches: list[tuple[str, str]]
    saved: list[tuple[str, str]] | None


def _days(saved: list[Opening], shown: list[Opening]) -> list[Day]:
    days = []
    for weekday in WEEKDAYS:
        kept, stretches = _texts(saved, weekday), _texts(shown, weekday)
        room = max(LEAST_STRETCHES, min(len(stretches) + ("more" in request.args), MOST_STRETCHES))
        empty = [("", "")] * (room - len(stretches))
        days.append(Day(weekday, stretches + empty, None if kept == stretches else kept))
    return days


def _texts(week: list[Opening], weekday: int) -> list[tuple[str, str]]:
    return [(_clock(one.from_minute), _clock(one.to_minute)) for one in sorted(week) if one.weekday == weekday]


def _clock(minutes: int) -> str:
    return "00:00" if minutes == 1440 else time(minutes // 60, minutes % 60).strftime("%H:%M")


SAVED = N_("Saved.")


def _back(practitioner_id: int | None, said: str = SAVED, undo: str = "") -> ResponseReturnValue:
    page = redirect(url_for("agenda.hours", practitioner=practitioner_id), 303)
    return cast("ResponseReturnValue", toasts.then(page, said, undo=undo))


def _shown() -> int | None:
    """Return whose page the form stood on."""
    return forms.number(request.form, "practitioner") if request.form.get("practitioner") else None


@blueprint.post("/practitioners/<int:practitioner_id>/open")
@allow(*CLINIC)
def open_agenda(practitioner_id: int) -> ResponseReturnValue:
    """Give a practitioner an agenda."""
    with writing() as session:
        practitioners.open_agenda(session, viewer.actor(), practitioner_id)
    return _back(practitioner_id)


@blueprint.post("/practitioners/<int:practitioner_id>/hours")
@allow(*CLINIC)
def save_hours(practitioner_id: int) -> ResponseReturnValue:
    """Replace a practitioner's week."""
    week = [opening for weekday in WEEKDAYS for opening in _stretches(weekday)]
    version = forms.version(request.form)
    try:
        with writing() as session:
            opening_hours.set_hours(session, viewer.actor(), practitioner_id, version, week)
    except HoursChangedMeanwhile as error:
        return _page(str(practitioner_id), Refused(error_pages.noted(error), week=week)), CONFLICT
    return _back(practitioner_id)


def _stretches(weekday: int) -> list[Opening]:
    starts, ends = request.form.getlist(f"from-{weekday}"), request.form.getlist(f"to-{weekday}")
    found = []
    for start, end in zip(starts, ends, strict=False):
        if not start and not end:
            continue
        opens, closes = forms.clock_minutes(start), forms.clock_minutes(end) or 1440
        if opens >= closes:
            raise HoursWrong()
        found.append(Opening(weekday, opens, closes))
    return found


@blueprint.post("/practitioners/<int:practitioner_id>/absences")
@allow(*CLINIC)
def add_absence(practitioner_id: int) -> ResponseReturnValue:
    """Note that a practitioner is away (the undo of a removal says it in the address)."""
    fields = request.values
    if fields.get("kind") not in set(AbsenceKind):
        raise forms.FieldWrong()
    start, end = _bounds(fields)
    with writing() as session:
        absences.add_absence(session, viewer.actor(), practitioner_id, start, end, AbsenceKind(fields["kind"]))
    return _back(practitioner_id)


def _bounds(fields: Mapping[str, str]) -> tuple[datetime, datetime]:
    """Return from when to when; without times, whole days, the last one included."""
    first, last = forms.day(fields.get("first", "")), forms.day(fields.get("last") or fields.get("first", ""))
    start, end = fields.get("first_time", ""), fields.get("last_time", "")
    return (
        local_time.instant(datetime.combine(first, forms.clock(start))) if start else local_time.day_span(first).start,
        local_time.instant(datetime.combine(last, forms.clock(end))) if end else local_time.day_span(last).end,
    )


@blueprint.post("/absences/<int:absence_id>/remove")
@allow(*CLINIC)
def remove_absence(absence_id: int) -> ResponseReturnValue:
    """Take an absence away; the next page offers to put it back."""
    with writing() as session:
        gone = absences.remove_absence(session, viewer.actor(), absence_id)
    start, end = local_time.wall_time(gone.span.start), local_time.wall_time(gone.span.end)
    back = {
        "first": start.date().isoformat(), "first_time": start.strftime("%H:%M"),
        "last": end.date().isoformat(), "last_time": end.strftime("%H:%M"), "kind": gone.kind.value,
    }  # fmt: skip
    undo = url_for("agenda.add_absence", practitioner_id=gone.practitioner_id, **back)  # type: ignore[arg-type]
    return _back(gone.practitioner_id, N_("The absence was removed."), undo)


@blueprint.post("/types")
@allow(*CLINIC)
def add_type() -> ResponseReturnValue:
    """Add a type of appointment."""
    fields = request.form
    with writing() as session:
        appointment_types.add_type(
            session, viewer.actor(), fields.get("name", ""), fields.get("colour", Colour.SLATE),
            forms.number(fields, "minutes"),
        )  # fmt: skip
    return _back(_shown())


@blueprint.post("/types/<int:type_id>")
@allow(*CLINIC)
def change_type(type_id: int) -> ResponseReturnValue:
    """Change a type of appointment, or stop offering it."""
    fields = request.form
    version, minutes = forms.version(fields), forms.number(fields, "minutes")
    try:
        with writing() as session:
            appointment_types.change_type(
                session, viewer.actor(), type_id, version, fields.get("name", ""), fields.get("colour", ""), minutes,
                archived=fields.get("archived") == "1",
            )  # fmt: skip
    except TypeChangedMeanwhile as error:
        return _page(fields.get("practitioner", ""), Refused(error_pages.noted(error), type_id=type_id)), CONFLICT
    return _back(_shown())
