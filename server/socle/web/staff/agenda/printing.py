"""The day on paper: a PDF made on the server."""

from flask import Response, render_template, request

from socle.foundation.database import now
from socle.foundation.printing import pdf_from_html
from socle.foundation.settings import Settings
from socle.practice.agenda import day_sheet, local_time
from socle.practice.agenda.appointment_types import appointment_types
from socle.web.kit.language import gettext, language
from socle.web.kit.permissions import CLINIC, allow
from socle.web.kit.unit_of_work import reading, tool
from socle.web.staff.agenda import forms, words
from socle.web.staff.agenda.room import blueprint


@blueprint.get("/day-sheet.pdf")
@allow(*CLINIC)
def sheet() -> Response:
    """Give the day of one, several or all practitioners, one after the other, as a PDF."""
    asked = [part for part in request.args.get("practitioner", "").split(",") if part]
    wanted = {forms.number({"practitioner": part}, "practitioner") for part in asked} or None
    with reading() as session:
        moment = now(session)
        day = forms.day(request.args["date"]) if request.args.get("date") else local_time.local_day(moment)
        found = day_sheet.sheets(session, day, wanted)
        types = {kind.id: kind.name for kind in appointment_types(session)}
    html = render_template(
        "staff/agenda/day_sheet.html",
        sheets=found,
        types=types,
        day=day,
        midnights=local_time.day_span(day),
        printed_at=moment,
        practice=tool(Settings).practice.name,
        statuses=words.statuses(),
        away=words.absence_kinds(),
        language=language(),
    )
    name = gettext("day-sheet")
    headers = {"Content-Disposition": f'inline; filename="{name}-{day.isoformat()}.pdf"'}
    return Response(pdf_from_html(html), mimetype="application/pdf", headers=headers)
