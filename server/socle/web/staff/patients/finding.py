"""Finding a patient: the page, what follows each key stroke, the search box of every page, the agenda's field."""

from collections.abc import Iterable
from typing import NamedTuple

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue

from socle.practice.patients import search
from socle.practice.patients.search import Found
from socle.practice.patients.summaries import PatientSummary
from socle.practice.patients.wanted import LONGEST_TEXT
from socle.web.kit.filters import born_with_age, full_name, name_words, phone, today
from socle.web.kit.language import gettext, ngettext
from socle.web.kit.permissions import allow
from socle.web.kit.unit_of_work import reading
from socle.web.staff.patients.room import CLINIC, LARGEST_ID, blueprint

QUICK = 8


@blueprint.get("")
@allow(*CLINIC)
def index() -> str:
    """Show the search field and whom it finds, or the list from A to Z."""
    return _answer("staff/patients/index.html")


@blueprint.get("/results")
@allow(*CLINIC)
def results() -> str:
    """Give the lines for what is being typed."""
    return _answer("staff/patients/results.html")


def _answer(template: str) -> str:
    text = _typed()
    found = _found(text)
    said = how_many(found) if text else ""
    return render_template(template, typed=text, found=found, lines=lines(found.patients), said=said)


@blueprint.get("/suggest")
@allow(*CLINIC)
def suggest() -> ResponseReturnValue:
    """Give a few patients: links for the search box of every page, JSON for a form that asks for one patient."""
    text = _typed()
    with reading() as session:
        found = search.by_text(session, text, QUICK)
    if request.headers.get("HX-Request") == "true":
        return render_template("staff/patients/quick.html", typed=text, found=found, lines=lines(found.patients))
    return jsonify(patients=[_suggestion(line) for line in lines(found.patients) if not line.archived])


class Line(NamedTuple):
    """One patient as a list writes them."""

    id: int
    name: str
    born: str
    phone: str
    city: str
    archived: bool


def lines(patients: Iterable[PatientSummary]) -> list[Line]:
    """Write the lines of a list; what all lines share is asked for once."""
    words, day = name_words(), today()
    return [
        Line(
            one.id,
            full_name(words, one.sex, one.used_family_name, one.birth_family_name, one.given_name),
            born_with_age(one.birth_date, day),
            phone(one.phone),
            one.city,
            one.archived,
        )
        for one in patients
    ]


def _suggestion(line: Line) -> dict[str, object]:
    return {"id": line.id, "name": line.name, "about": " · ".join(filter(None, (line.born, line.phone, line.city)))}


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
