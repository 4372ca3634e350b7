"""The agenda's page and what its script reads: a week, the changes, the panels."""

from datetime import date, timedelta
from typing import Any

import msgspec
from flask import Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from socle.foundation.clock import PARIS
from socle.foundation.database import now
from socle.practice.agenda import changes, local_time, schedule
from socle.practice.agenda.appointment_types import Kind, appointment_types
from socle.practice.agenda.availability import free_between
from socle.practice.agenda.models import Status
from socle.practice.agenda.practitioners import Practitioner, practitioners
from socle.practice.agenda.spans import Span
from socle.practice.patients import registry
from socle.web.kit import security, viewer
from socle.web.kit.filters import person_name
from socle.web.kit.language import gettext, language
from socle.web.kit.permissions import CLINIC, allow
from socle.web.kit.unit_of_work import reading
from socle.web.staff.agenda import forms, wire, words
from socle.web.staff.agenda.room import blueprint

VIEWS = ("day", "week", "list")
FINEST = 5
WEEK = 7
MOST_COLUMNS, MOST_ASKED = 8, 60


@blueprint.get("")
@allow(*CLINIC)
def show() -> str:
    """Show the agenda: by day (columns), by week (one practitioner) or as a list."""
    view = request.args.get("view", "")
    view = view if view in VIEWS else "day"
    with reading() as session:
        today = local_time.local_day(now(session))
        day = forms.day(request.args["date"]) if request.args.get("date") else today
        people = practitioners(session)
        kinds = appointment_types(session)
        shown, first, days = _shown(people), day, 1
        if view != "day":
            first, days = local_time.monday_of(day), WEEK
        loaded = shown if view != "week" else _one(shown)
        stretch = wire.stretch(session, loaded, first, days, _kept())
        present = now(session).astimezone(PARIS)
        patient = _asked_patient(session)
    offset = present.strftime("%z")
    page = {
        "base": blueprint.url_prefix,
        "token": security.form_token(),
        "language": language(),
        "title": gettext("Agenda"),
        "today": today,
        "offset": f"{offset[:3]}:{offset[3:]}",
        "hour": present.hour,
        "day": day,
        "view": view,
        "people": people,
        "shown": shown,
        "chosenPeople": bool(request.args.get("who")),
        "own": viewer.actor().account_id,
        "types": {kind.id: {"name": kind.name, "colour": kind.colour} for kind in kinds},
        "snap": snap(kinds),
        "open": _asked_number("open"),
        "patient": patient,
        "mayWrite": True,
        "words": words.for_script(),
        "stretch": msgspec.Raw(stretch),
    }
    return render_template("staff/agenda/agenda.html", page=page, data=_data_block(page), people=people, kinds=kinds)


def _asked_patient(session: Session) -> dict[str, Any] | None:
    """Return whom the next booking is for, if the address says so: number and name, as the panel's list gives them."""
    number = _asked_number("patient")
    return {"id": number, "name": person_name(registry.find(session, number).details)} if number else None


def _kept() -> wire.Backdrops:
    kept: wire.Backdrops = current_app.extensions.setdefault("agenda-backdrops", {})
    return kept


def _data_block(page: dict[str, Any]) -> str:
    """Return JSON that can stand inside a <script> element: no `<` can end it."""
    ready = {**page, "people": [who._asdict() for who in page["people"]]}
    return msgspec.json.encode(ready).decode().replace("<", "\\u003c")


def _shown(people: list[Practitioner]) -> list[int]:
    """Return whose columns are shown: those asked for, else everybody's as far as columns stay wide enough."""
    known = [who.id for who in people]
    asked = set(request.args.get("who", "").split(","))
    own = [number for number in known if number == viewer.actor().account_id]
    others = [number for number in known if number not in own]
    usual = set((own + others)[:MOST_COLUMNS])
    chosen = [number for number in known if str(number) in asked] or [number for number in known if number in usual]
    return chosen[:MOST_ASKED]


def _one(shown: list[int]) -> list[int]:
    """Return whose week is shown: the first one asked for, else one's own, else the first column's."""
    own = [number for number in shown if number == viewer.actor().account_id and not request.args.get("who")]
    return own or shown[:1]


def snap(kinds: list[Kind]) -> int:
    """Return the grid, in minutes, on which all lengths in use fit: 15, 10 or 5."""
    lengths = [kind.minutes for kind in kinds if not kind.archived] or [15]
    return next((step for step in (15, 10) if all(length % step == 0 for length in lengths)), FINEST)


@blueprint.get("/weeks/<day>")
@allow(*CLINIC)
def week(day: str) -> Response:
    """Give the week of a day as JSON: of those asked for, else of one practitioner."""
    with reading() as session:
        shown = _shown(practitioners(session))
        whose = shown if request.args.get("who") else _one(shown)
        found = wire.stretch(session, whose, local_time.monday_of(forms.day(day)), WEEK, _kept())
    return Response(found, mimetype="application/json")


@blueprint.get("/days/<day>")
@allow(*CLINIC)
def one_day(day: str) -> Response:
    """Give one day of those asked for, else of everybody, as JSON."""
    with reading() as session:
        found = wire.stretch(session, _shown(practitioners(session)), forms.day(day), 1, _kept())
    return Response(found, mimetype="application/json")


@blueprint.get("/changes")
@allow(*CLINIC)
def changes_since() -> Response:
    """Give what changed since a revision; asked every few seconds by each open page, answered by one short query."""
    since = forms.number(request.args, "since")
    with reading() as session:
        found = changes.changes_since(session, since)
    return Response(wire.feed(found), mimetype="application/json")


@blueprint.get("/new")
@allow(*CLINIC)
def new() -> ResponseReturnValue:
    """Give the panel that books an appointment; to a browser's own navigation, the agenda."""
    asked = request.args
    if not _is_panel():
        return redirect(url_for("agenda.show"), 303)
    practitioner_id, minutes = _asked_number("practitioner"), min(_asked_number("minutes"), forms.MOST_MINUTES)
    start_day, _, start_time = asked.get("start", "").partition("T")
    with reading() as session:
        people = [who for who in practitioners(session) if who.works_here]
        kinds = [kind for kind in appointment_types(session) if not kind.archived]
        day = forms.day(start_day) if start_day else local_time.local_day(now(session))
        if not start_time and practitioner_id:
            start_time = _first_free(session, practitioner_id, day, minutes or (kinds[0].minutes if kinds else FINEST))
    return render_template(
        "staff/agenda/new_panel.html",
        people=people,
        kinds=kinds,
        practitioner_id=practitioner_id,
        minutes=minutes,
        day=day.isoformat(),
        time=start_time,
        asked=asked,
    )


def _first_free(session: Session, practitioner_id: int, day: date, minutes: int) -> str:
    """Return the first free time of a day, from now on if it is today; nothing if there is none."""
    whole = local_time.day_span(day)
    start = max(whole.start, now(session))
    if start >= whole.end:
        return ""
    length, step = timedelta(minutes=minutes), timedelta(minutes=FINEST)
    found = free_between(session, practitioner_id, Span(start, whole.end), length, step)
    return wire.wall(found[0].start)[-5:] if found else ""


def _is_panel() -> bool:
    return request.headers.get("HX-Request") == "true"


def _asked_number(name: str) -> int:
    return forms.number(request.args, name) if request.args.get(name) else 0


@blueprint.get("/appointments/<int:appointment_id>")
@allow(*CLINIC)
def appointment(appointment_id: int) -> ResponseReturnValue:
    """Give the panel of one appointment: who, what, where it stands, and all that can be done with it.

    A browser's own navigation gets the agenda with that panel open.
    """
    with reading() as session:
        row = schedule.find(session, appointment_id)
        if not _is_panel():
            day = local_time.local_day(row.starts_at).isoformat()
            return redirect(url_for("agenda.show", date=day, open=appointment_id), 303)
        return render_template(
            "staff/agenda/appointment_panel.html",
            appointment=row,
            starts=local_time.wall_time(row.starts_at),
            ends=local_time.wall_time(row.ends_at),
            minutes=int((row.ends_at - row.starts_at) / timedelta(minutes=1)),
            people=practitioners(session),
            kinds=appointment_types(session),
            later=_later(session, row),
            statuses=words.statuses(),
            movable=row.status in (Status.BOOKED, Status.ARRIVED),
        )


def _later(session: Session, row: schedule.AppointmentRow) -> int:
    """Count the later appointments of the same series that are still to come."""
    if row.series_id is None:
        return 0
    series = schedule.series_of(session, row.series_id)
    return sum(each.starts_at > row.starts_at and each.status == Status.BOOKED for each in series)
