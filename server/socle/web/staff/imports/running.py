"""Steps three and four: the rehearsal and its report, the import, its undoing."""

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.foundation.errors import N_
from socle.practice.imports import applying, report, runs
from socle.practice.imports.errors import UndoRefused
from socle.practice.imports.models import ImportRun
from socle.practice.imports.report import OUTCOMES
from socle.practice.imports.runs import BUSY, STATE_LABELS, State
from socle.practice.imports.work import Workers
from socle.practice.patients import summaries
from socle.practice.patients.summaries import PatientSummary
from socle.web.kit import error_pages, toasts, viewer
from socle.web.kit.permissions import CLINIC, allow
from socle.web.kit.unit_of_work import reading, tool, writing
from socle.web.staff.imports.room import RUN, STATE_COLOURS, STEP_OF_STATE, blueprint

LINES_SHOWN = 100
_MOST_NAMED = 50
_LINE_LABELS = {
    "new": N_("New one"),
    "same": N_("Known"),
    "refused": N_("Refused one"),
    "skipped": N_("Nobody"),
}
_OUTCOME_LABELS = {
    "": N_("All lines"),
    "new": N_("New"),
    "same": N_("Already in Socle"),
    "refused": N_("Refused"),
    "warned": N_("To check"),
    "skipped": N_("Passed over"),
}


@blueprint.get(f"/{RUN}")
@allow(*CLINIC)
def show(run_id: int) -> ResponseReturnValue:
    """Show where an import stands: its columns, its progress, or the report of its lines."""
    with reading() as session:
        run = runs.find(session, run_id)
        state = runs.standing(session, run)
    if state is State.CHOOSING:
        return redirect(url_for("imports.columns", run_id=run_id), 303)
    if state in BUSY:
        return render_template("staff/imports/progress.html", **_surroundings(run, state))
    if state in {State.FAILED, State.CANCELLED, State.INTERRUPTED}:
        return render_template("staff/imports/stopped.html", **_surroundings(run, state))
    return _report(run, state)


@blueprint.get(f"/{RUN}/progress")
@allow(*CLINIC)
def progress(run_id: int) -> Response:
    """Give how far a step is; once it has ended, have the page opened again."""
    with reading() as session:
        run = runs.find(session, run_id)
        state = runs.standing(session, run)
    if state not in BUSY:
        answer = make_response("")
        answer.headers["HX-Redirect"] = url_for("imports.show", run_id=run_id)
        return answer
    return make_response(render_template("staff/imports/progress_line.html", **_surroundings(run, state)))


@blueprint.post(f"/{RUN}/cancel")
@allow(*CLINIC)
def cancel(run_id: int) -> ResponseReturnValue:
    """Stop a running step, as long as no patient is being written."""
    with reading() as session:
        runs.require_not_too_late(session, run_id)
    with writing() as session:
        runs.cancel(session, viewer.actor(), run_id)
    return redirect(url_for("imports.show", run_id=run_id), 303)


@blueprint.post(f"/{RUN}/apply")
@allow(*CLINIC)
def apply(run_id: int) -> ResponseReturnValue:
    """Start the import of what was rehearsed."""
    with writing() as session:
        runs.ask_to_apply(session, viewer.actor(), run_id)
    tool(Workers).start(run_id)
    return redirect(url_for("imports.show", run_id=run_id), 303)


@blueprint.post(f"/{RUN}/undo")
@allow(*CLINIC)
def undo(run_id: int) -> ResponseReturnValue:
    """Take back everybody the import created; say who is in use if somebody is."""
    try:
        with writing() as session:
            keep_used = request.form.get("keep_used") == "1"
            kept = applying.undo(session, viewer.actor(), run_id, keep_used=keep_used)
    except UndoRefused as refusal:
        with reading() as session:
            people = list(summaries.find_by_ids(session, refusal.patient_ids[:_MOST_NAMED]).values())
            run = runs.find(session, run_id)
        return _report(run, State(run.state), refusal, people), error_pages.STATUS[refusal.kind]
    said = N_("The import is undone, except for the people in use.") if kept else N_("The import is undone.")
    answer: ResponseReturnValue = toasts.then(redirect(url_for("imports.show", run_id=run_id), 303), said)
    return answer


def _surroundings(run: ImportRun, state: State) -> dict[str, object]:
    return {
        "run": run,
        "state": state,
        "state_label": STATE_LABELS[state],
        "state_colour": STATE_COLOURS.get(state, ""),
        "step": STEP_OF_STATE.get(state, 3),
        "layout": runs.layout_of(run),
    }


def _report(
    run: ImportRun, state: State, refusal: UndoRefused | None = None, in_use: list[PatientSummary] | None = None
) -> str:
    outcome = request.args.get("show", "")
    outcome = outcome if outcome in OUTCOMES else ""
    after = request.args.get("after", "0")
    with reading() as session:
        found = report.page(
            session,
            run.id,
            outcome or None,
            int(after) if after.isdecimal() and len(after) < 10 else 0,
            LINES_SHOWN + 1,
        )
    lines, more = found[:LINES_SHOWN], len(found) > LINES_SHOWN
    return render_template(
        "staff/imports/report.html",
        lines=lines,
        shown=outcome,
        labels=_OUTCOME_LABELS,
        outcome_labels=_LINE_LABELS,
        counts=_counts(run),
        next_after=lines[-1].line if more else None,
        first_page=after == "0",
        refusal=error_pages.noted(refusal) if refusal else None,
        in_use=in_use or [],
        **_surroundings(run, state),
    )


def _counts(run: ImportRun) -> dict[str, int]:
    counts = dict(report.totals(run))
    return {
        "": sum(counts.values()) + run.skipped_count,
        **counts,
        "warned": run.warned_count,
        "skipped": run.skipped_count,
    }
