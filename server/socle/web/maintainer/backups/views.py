"""The page of backups: a row per target with its three dates, what runs now, and the log of each run.

Nothing runs in a web worker: a press of a button asks the scheduler's process, which begins within half a minute.
"""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from socle.appliance.backups import asking, memory, plan, reports, status
from socle.appliance.backups.asking import STEPS, RunMissing
from socle.appliance.backups.journal import is_held
from socle.appliance.backups.models import BackupRun, Kind, Outcome
from socle.appliance.backups.report_pages import PART_NAMES
from socle.appliance.backups.runs import Backups
from socle.foundation.clock import Clock
from socle.foundation.database import now
from socle.foundation.errors import N_
from socle.foundation.home import Home
from socle.foundation.settings import Settings
from socle.web.kit import toasts, viewer
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, tool, writing
from socle.web.maintainer.checks.findings import in_words

blueprint = Blueprint("backups", __name__, url_prefix="/backups", template_folder="templates", static_folder="static")
ASKED = {
    Kind.BACKUP: N_("The backup begins within half a minute."),
    Kind.VERIFY: N_("The verification begins within half a minute."),
    Kind.DRILL: N_("The restoration drill begins within half a minute."),
}
_REPORT_TYPES = {"pdf": "application/pdf", "json": "application/json", "sig": "application/json"}


@blueprint.get("")
@allow(*MAINTAINERS)
def show() -> ResponseReturnValue:
    """Show each target with its three dates and what is wrong; the runs going on; the last runs."""
    with reading() as session:
        moment = now(session)
        found = status.read(session, tool(Backups), look=False)
        runs = asking.recent(session)
        current = {run.target: run for run in asking.current(session) if _alive(run)}
        past = {target.name: memory.history(session, target.name) for target in found.targets}
    return render_template(
        "maintainer/backups/backups.html",
        status=found,
        reasons={target.name: [in_words(finding) for finding in target.findings] for target in found.targets},
        advice=[in_words(finding) for finding in found.advice],
        runs=[_row(run) for run in runs],
        current=current,
        place=_place,
        pace=_pace,
        past=past,
        ages={name: memory.ages(points, moment) for name, points in past.items()},
        at=tool(Settings).backup.at,
    )


@blueprint.post("/<target>/<kind>")
@allow(*MAINTAINERS)
def ask(target: str, kind: str) -> ResponseReturnValue:
    """Ask for a backup, a verification or a drill; TargetUnknown, RunInProgress."""
    wanted = plan.target_named(tool(Settings), tool(Home), target)
    if kind not in ASKED:
        raise RunMissing()
    with writing() as session:
        asking.ask(session, viewer.actor(), tool(Home), wanted.name, Kind(kind))
    answer: ResponseReturnValue = toasts.then(redirect(url_for("backups.show"), 303), ASKED[Kind(kind)])
    return answer


@blueprint.get("/runs/<int:number>")
@allow(*MAINTAINERS)
def run(number: int) -> ResponseReturnValue:
    """Show one run with its log, and what it found."""
    with reading() as session:
        found = asking.get(session, number)
    return render_template(
        "maintainer/backups/run.html",
        run=found,
        row=_row(found),
        place=_place,
        pace=_pace,
        part_names=PART_NAMES,
        strange=(found.report or {}).get("anomalies", []),
        accepted_by=(found.report or {}).get("accepted_by", ""),
    )


@blueprint.get("/runs/<int:number>/report.<kind>")
@allow(*MAINTAINERS)
def report(number: int, kind: str) -> ResponseReturnValue:
    """Give a drill's signed report: its PDF, its JSON, or the signature over both; RunMissing, ReportMissing."""
    if kind not in _REPORT_TYPES:
        raise RunMissing()
    with reading() as session:
        found = asking.get(session, number)
    name = str((found.report or {}).get("file", ""))
    file = reports.file_of(tool(Home), name, kind)
    headers = {"Content-Disposition": f'{"inline" if kind == "pdf" else "attachment"}; filename="{file.name}"'}
    return Response(file.read_bytes(), mimetype=_REPORT_TYPES[kind], headers=headers)


@blueprint.get("/runs/<int:number>/progress")
@allow(*MAINTAINERS)
def progress(number: int) -> ResponseReturnValue:
    """Give the line of progress anew; at the end, have the whole page loaded again."""
    with reading() as session:
        found = asking.get(session, number)
    if not _alive(found):
        response: Response = make_response("")
        response.headers["HX-Refresh"] = "true"
        return response
    return render_template("maintainer/backups/progress_line.html", run=found, place=_place, pace=_pace)


@blueprint.post("/runs/<int:number>/accept")
@allow(*MAINTAINERS)
def accept(number: int) -> ResponseReturnValue:
    """Note that what is unusual in a run was expected; older sets may be tidied again."""
    with writing() as session:
        memory.accept(session, viewer.actor(), asking.get(session, number))
    answer: ResponseReturnValue = toasts.then(redirect(url_for("backups.run", number=number), 303), N_("Noted."))
    return answer


@blueprint.post("/runs/<int:number>/cancel")
@allow(*MAINTAINERS)
def cancel(number: int) -> ResponseReturnValue:
    """Ask a run to stop."""
    with writing() as session:
        asking.cancel(session, viewer.actor(), number)
    words = N_("The run stops within a few seconds; nothing it stored counts.")
    answer: ResponseReturnValue = toasts.then(redirect(url_for("backups.show"), 303), words)
    return answer


def _alive(run: BackupRun) -> bool:
    """Tell whether a run waits or goes on; one whose process died still says that it is running."""
    return run.outcome == Outcome.ASKED or (run.outcome == Outcome.RUNNING and is_held(tool(Home), run.target))


def _place(run: BackupRun) -> tuple[int, int]:
    """Return how many steps are behind a run, and how many it has."""
    steps = STEPS[Kind(run.kind)]
    return (steps.index(run.step) if run.step in steps else 0, len(steps))


def _pace(run: BackupRun) -> tuple[float, float | None]:
    """Return the bytes a second of the step that goes on, and the seconds it may still take (None: not known)."""
    if not run.log or not run.bytes_done:
        return 0.0, None
    passed = (tool(Clock).now() - datetime.fromisoformat(run.log[-1]["at"])).total_seconds()
    rate = run.bytes_done / passed if passed >= 1 else 0.0
    if not rate or not run.bytes_total:
        return rate, None
    return rate, max(0.0, run.bytes_total - run.bytes_done) / rate


def _row(run: BackupRun) -> dict[str, Any]:
    outcome = run.outcome
    if outcome == Outcome.RUNNING and not _alive(run):
        outcome = Outcome.INTERRUPTED.value
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else None
    size = run.report.get("bytes") if run.report and run.kind == Kind.BACKUP else None
    return {
        "run": run,
        "outcome": outcome,
        "seconds": seconds,
        "bytes": size,
        "unusual": bool(memory.anomalies_of(run)),
    }
