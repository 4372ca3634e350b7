"""Steps one and two: sending the file, and saying what its columns hold."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.foundation.errors import SocleError
from socle.practice.documents.storage import Storage
from socle.practice.imports import mapping, runs
from socle.practice.imports.errors import FileEmpty
from socle.practice.imports.fields import LABELS, Field
from socle.practice.imports.mapping import Layout
from socle.practice.imports.models import ImportRun
from socle.practice.imports.reading import Person, read_person
from socle.practice.imports.runs import STATE_LABELS
from socle.practice.imports.source import SourceRow, Sources, letters
from socle.practice.imports.work import Workers
from socle.practice.patients import registry
from socle.web.kit import error_pages, viewer
from socle.web.kit.language import gettext
from socle.web.kit.permissions import CLINIC, allow
from socle.web.kit.unit_of_work import reading, tool, writing
from socle.web.staff.imports.room import RUN, STATE_COLOURS, blueprint


@blueprint.get("")
@allow(*CLINIC)
def index() -> str:
    """Show the field for a file, and the imports made so far."""
    return _index()


@blueprint.post("")
@allow(*CLINIC)
def upload() -> ResponseReturnValue:
    """Take a file in and go on to its columns; a file that cannot be read is refused on the same page."""
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise FileEmpty()
        received = runs.receive(tool(Storage), tool(Sources), sent.stream.read(), sent.filename)
        with writing() as session:
            run_id = runs.create(session, viewer.actor(), received)
    except SocleError as error:
        if error.kind != "invalid":
            raise
        return _index(error_pages.noted(error)), error_pages.STATUS[error.kind]
    return redirect(url_for("imports.columns", run_id=run_id), 303)


def _index(error: dict[str, str] | None = None) -> str:
    with reading() as session:
        found = [(run, runs.standing(session, run)) for run in runs.latest(session)]
    return render_template(
        "staff/imports/index.html", found=found, error=error, labels=STATE_LABELS, colours=STATE_COLOURS
    )


@blueprint.get(f"/{RUN}/columns")
@allow(*CLINIC)
def columns(run_id: int) -> str:
    """Show each column with its first values and what it is taken for."""
    with reading() as session:
        run = runs.require_rehearsable(session, run_id)
    return _columns(run, runs.layout_of(run))


@blueprint.post(f"/{RUN}/preview")
@allow(*CLINIC)
def preview(run_id: int) -> ResponseReturnValue:
    """Give the first lines as they would be read with the columns chosen in the form."""
    with reading() as session:
        run = runs.require_rehearsable(session, run_id)
        layout = mapping.change(runs.layout_of(run), _chosen(run))
    return render_template("staff/imports/preview.html", people=_read(run, layout))


@blueprint.post(f"/{RUN}/sheet")
@allow(*CLINIC)
def sheet(run_id: int) -> ResponseReturnValue:
    """Read another sheet of the file."""
    with reading() as session:
        run = runs.require_rehearsable(session, run_id)
    read = runs.read_sheet(tool(Storage), tool(Sources), run, request.form.get("sheet", ""))
    with writing() as session:
        runs.change_sheet(session, viewer.actor(), run_id, read)
    return redirect(url_for("imports.columns", run_id=run_id), 303)


@blueprint.post(f"/{RUN}/columns")
@allow(*CLINIC)
def rehearse(run_id: int) -> ResponseReturnValue:
    """Keep the columns chosen and start the rehearsal."""
    try:
        with writing() as session:
            run = runs.require_rehearsable(session, run_id)
            runs.change_columns(session, viewer.actor(), run_id, _chosen(run))
            runs.ask_to_rehearse(session, viewer.actor(), run_id)
    except SocleError as error:
        if error.kind != "invalid":
            raise
        with reading() as session:
            run = runs.find(session, run_id)
        layout = mapping.change(runs.layout_of(run), _chosen(run))
        return _columns(run, layout, error_pages.noted(error)), error_pages.STATUS[error.kind]
    tool(Workers).start(run_id)
    return redirect(url_for("imports.show", run_id=run_id), 303)


def _chosen(run: ImportRun) -> dict[str, str]:
    """Return what the form says of each column, by its letters; what is no field is left as it is."""
    count = len(runs.layout_of(run).columns)
    chosen = {letters(place + 1): request.form.get(f"column-{place + 1}", "") for place in range(count)}
    return {column: field for column, field in chosen.items() if field in set(Field)}


def _columns(run: ImportRun, layout: Layout, error: dict[str, str] | None = None) -> str:
    described = [
        {
            "name": f"column-{place + 1}",
            "letters": letters(place + 1),
            "title": column.title,
            "field": column.field,
            "examples": [texts[place] for _, texts in run.sample if place < len(texts) and texts[place]][:3],
        }
        for place, column in enumerate(layout.columns)
    ]
    options = [(field.value, gettext(LABELS[field])) for field in Field]
    return render_template(
        "staff/imports/columns.html",
        run=run,
        layout=layout,
        columns=described,
        options=options,
        sheet_options=[(name, name) for name in run.sheets],
        people=_read(run, layout),
        error=error,
    )


def _read(run: ImportRun, layout: Layout) -> list[tuple[int, Person | None]]:
    with reading() as session:
        today = registry.today(session)
    people = [(line, read_person(layout, SourceRow(line, line, tuple(texts)), today)) for line, texts in run.sample]
    return [(line, person if isinstance(person, Person) else None) for line, person in people]
