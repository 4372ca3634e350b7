"""Finding a patient: the page, what follows each key stroke, the search box of every page, the agenda's field."""

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue

from socle.practice.patients import search
from socle.practice.patients.search import Found
from socle.practice.patients.summaries import PatientSummary
from socle.practice.patients.wanted import LONGEST_TEXT
from socle.web.kit.filters import age, person_name, phone, short_date
from socle.web.kit.language import gettext, ngettext
from socle.web.kit.permissions import allow
from socle.web.kit.unit_of_work import reading
from socle.web.staff.patients.room import CLINIC, LARGEST_ID, blueprint

QUICK = 8


@blueprint.get("")
@allow(*CLINIC)
def index() -> str:
    """Show the search field and whom it finds, or the list from A to Z."""
    text = _typed()
    found = _found(text)
    return render_template("staff/patients/index.html", typed=text, found=found, said=how_many(found) if text else "")


@blueprint.get("/results")
@allow(*CLINIC)
def results() -> str:
    """Give the lines for what is being typed."""
    text = _typed()
    found = _found(text)
    return render_template("staff/patients/results.html", typed=text, found=found, said=how_many(found) if text else "")


@blueprint.get("/suggest")
@allow(*CLINIC)
def suggest() -> ResponseReturnValue:
    """Give a few patients: links for the search box of every page, JSON for a form that asks for one patient."""
    text = _typed()
    with reading() as session:
        found = search.by_text(session, text, QUICK)
    if request.headers.get("HX-Request") == "true":
        return render_template("staff/patients/quick.html", typed=text, found=found)
    return jsonify(patients=[_suggestion(patient) for patient in found.patients if not patient.archived])


def _suggestion(patient: PatientSummary) -> dict[str, object]:
    born = short_date(patient.birth_date)
    about = (f"{born} ({age(patient.birth_date)})" if born else "", phone(patient.phone), patient.city)
    return {"id": patient.id, "name": person_name(patient), "about": " · ".join(filter(None, about))}


def _typed() -> str:
    return request.args.get("q", "")[:LONGEST_TEXT].replace("\x00", "").strip()


def _found(text: str) -> Found:
    with reading() as session:
        return search.by_text(session, text) if text else search.listed(session, _after())


def _after() -> int | None:
    text = request.args.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 and int(text) <= LARGEST_ID else None


def how_many(found: Found) -> str:
    """Return what the list says about itself, for eyes and for screen readers."""
    count = len(found.patients)
    if not count:
        return ""
    if found.approximate:
        return gettext("Nobody matches exactly. These names come close.")
    if found.more:
        return gettext("The first %(count)s. Type more letters, a birth date or a telephone.", count=count)
    return ngettext("%(num)s patient", "%(num)s patients", count)
