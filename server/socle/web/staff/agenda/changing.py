"""What the agenda's panels and drags send: booked, moved, marked, described, cancelled, restored."""

from typing import Any

import msgspec
from flask import Response, request
from flask.typing import ResponseReturnValue

from socle.practice.agenda import appointments, booking, schedule
from socle.practice.agenda.errors import ChangedMeanwhile, NeedsConfirmation, SeriesTaken, SlotTaken
from socle.practice.agenda.models import Status
from socle.practice.agenda.practitioners import practitioners
from socle.practice.agenda.spans import Span
from socle.web.kit import error_pages, viewer
from socle.web.kit.filters import clock_time
from socle.web.kit.language import gettext
from socle.web.kit.permissions import CLINIC, allow
from socle.web.kit.unit_of_work import reading, writing
from socle.web.staff.agenda import forms, wire, words
from socle.web.staff.agenda.room import blueprint


@blueprint.post("/appointments")
@allow(*CLINIC)
def book() -> ResponseReturnValue:
    """Book one appointment, or a series."""
    fields, actor = request.form, viewer.actor()
    wanted, repeat = forms.booking(fields), forms.repeat(fields)
    confirmed = forms.confirmed(fields)
    with writing() as session:
        if repeat is None:
            numbers = [booking.book(session, actor, wanted, confirmed=confirmed)]
        else:
            skip = fields.get("skip_taken") == "1"
            numbers = booking.book_series(session, actor, wanted, repeat, skip_taken=skip, confirmed=confirmed)
        rows = [schedule.find(session, number) for number in numbers]
    if repeat is not None:
        return answer(gettext("%(count)s appointments booked.", count=len(rows)), _events(rows))
    undo = _undo(numbers[0], "cancel", rows[0].version, reason=gettext("Booked by mistake"))
    return answer(gettext("Booked at %(time)s.", time=clock_time(rows[0].starts_at)), _events(rows), undo)


@blueprint.post("/appointments/<int:appointment_id>/move")
@allow(*CLINIC)
def move(appointment_id: int) -> ResponseReturnValue:
    """Move or resize an appointment."""
    fields = request.form
    with writing() as session:
        before = schedule.find(session, appointment_id)
        span = forms.span(fields, before.starts_at)
        version, practitioner_id = forms.version(fields), forms.number(fields, "practitioner")
        confirmed = forms.confirmed(fields)
        appointments.move(session, viewer.actor(), appointment_id, version, practitioner_id, span, confirmed=confirmed)
        row = schedule.find(session, appointment_id)
        open_to = {who.id for who in practitioners(session) if who.works_here} | {practitioner_id}
    back = {
        "start": before.starts_at.isoformat(),
        "minutes": str(int((before.ends_at - before.starts_at).total_seconds() // 60)),
        "practitioner": str(before.practitioner_id),
        "confirmed": "1",
    }
    said = gettext("Moved to %(time)s.", time=clock_time(row.starts_at))
    # What was moved away from somebody who left cannot go back to them.
    undo = _undo(appointment_id, "move", row.version, **back) if before.practitioner_id in open_to else None
    return answer(said, _events([row]), undo)


@blueprint.post("/appointments/<int:appointment_id>/status")
@allow(*CLINIC)
def mark(appointment_id: int) -> ResponseReturnValue:
    """Say that the patient arrived, was seen, did not come, or is expected again."""
    fields = request.form
    if fields.get("status") not in set(Status):
        raise forms.FieldWrong()
    status = Status(fields["status"])
    with writing() as session:
        before = schedule.find(session, appointment_id)
        appointments.mark(session, viewer.actor(), appointment_id, forms.version(fields), status)
        row = schedule.find(session, appointment_id)
    said = gettext("Marked: %(status)s.", status=words.statuses()[row.status])
    return answer(said, _events([row]), _undo(appointment_id, "status", row.version, status=before.status))


@blueprint.post("/appointments/<int:appointment_id>/describe")
@allow(*CLINIC)
def describe(appointment_id: int) -> ResponseReturnValue:
    """Change the type or the note."""
    fields = request.form
    with writing() as session:
        appointments.describe(
            session, viewer.actor(), appointment_id, forms.version(fields), forms.number(fields, "type"),
            fields.get("note", ""),
        )  # fmt: skip
        row = schedule.find(session, appointment_id)
    return answer(gettext("Saved."), _events([row]))


@blueprint.post("/appointments/<int:appointment_id>/cancel")
@allow(*CLINIC)
def cancel(appointment_id: int) -> ResponseReturnValue:
    """Cancel an appointment with its reason, and the rest of its series if asked."""
    fields, actor = request.form, viewer.actor()
    version, reason = forms.version(fields), fields.get("reason", "")
    with writing() as session:
        if fields.get("following") == "1":
            numbers = appointments.cancel_following(session, actor, appointment_id, version, reason)
        else:
            appointments.cancel(session, actor, appointment_id, version, reason)
            numbers = [appointment_id]
        rows = [schedule.find(session, number) for number in numbers]
    if len(rows) > 1:
        return answer(gettext("%(count)s appointments cancelled.", count=len(rows)), _events(rows))
    return answer(gettext("Cancelled."), _events(rows), _undo(appointment_id, "restore", rows[0].version))


@blueprint.post("/appointments/<int:appointment_id>/restore")
@allow(*CLINIC)
def restore(appointment_id: int) -> ResponseReturnValue:
    """Take a cancellation back."""
    with writing() as session:
        appointments.restore(session, viewer.actor(), appointment_id, forms.number(request.form, "version"))
        row = schedule.find(session, appointment_id)
    return answer(gettext("Restored."), _events([row]))


def answer(said: str, rows: list[Any], undo: dict[str, Any] | None = None) -> ResponseReturnValue:
    """Answer a change: the rows as they are now, what was done in words, and how to undo it."""
    return Response(msgspec.json.encode({"said": said, "rows": rows, "undo": undo}), mimetype="application/json")


def _undo(appointment_id: int, verb: str, version: int, **fields: str) -> dict[str, Any]:
    path = f"{blueprint.url_prefix}/appointments/{appointment_id}/{verb}"
    return {"path": path, "fields": {"version": str(version), **fields}}


def _events(rows: list[schedule.AppointmentRow]) -> list[list[Any]]:
    # `find` adds the reason of a cancellation at the end, which the page's script does not read.
    return [wire.event(row) for row in rows]


def _slot(span: Span | None) -> list[dict[str, str]]:
    if span is None:
        return []
    label = f"{clock_time(span.start)} – {clock_time(span.end)}"
    return [{"start": wire.wall(span.start), "label": label}]


@blueprint.errorhandler(SlotTaken)
def _taken(error: SlotTaken) -> ResponseReturnValue:
    found = error.neighbours
    return error_pages.answer(error, neighbours=_slot(found.before) + _slot(found.after))


@blueprint.errorhandler(SeriesTaken)
def _series_taken(error: SeriesTaken) -> ResponseReturnValue:
    return error_pages.answer(error, taken=[wire.wall(start) for start in error.taken])


@blueprint.errorhandler(NeedsConfirmation)
def _unusual(error: NeedsConfirmation) -> ResponseReturnValue:
    return error_pages.answer(error, confirm=True)


@blueprint.errorhandler(ChangedMeanwhile)
def _changed(error: ChangedMeanwhile) -> ResponseReturnValue:
    """Give the appointment as it is now with the refusal, so that the page shows the truth at once."""
    with reading() as session:
        row = schedule.find(session, (request.view_args or {})["appointment_id"])
    return error_pages.answer(error, row=wire.event(row))
