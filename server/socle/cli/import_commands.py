"""Imports from the command line: `socle import patients FILE`, rehearsed unless told otherwise."""

import signal
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.database import Database
from socle.foundation.errors import N_, SocleError
from socle.foundation.toolbox import Toolbox
from socle.foundation.wording import say
from socle.identity.actor import machine
from socle.practice.documents.storage import Storage
from socle.practice.imports import applying, report, runs
from socle.practice.imports.errors import FileTooLarge, StepTooLong, UndoRefused
from socle.practice.imports.models import ImportRun
from socle.practice.imports.remarks import Remark
from socle.practice.imports.report import ReportLine
from socle.practice.imports.runs import STATE_LABELS, State
from socle.practice.imports.source import MOST_BYTES, Sources
from socle.practice.imports.work import work
from socle.practice.patients import summaries

LONGEST_SECONDS = 3600
"""For one step of an import that a page started."""
_MOST_EXAMPLES = 3


class FileMissing(SocleError):
    """The file cannot be opened."""

    code = "IMPORT-FILE-MISSING"
    message = N_("%(file)s cannot be opened.")
    hint = N_("Check the name of the file and the right to read it.")
    kind = "missing"


class StepFailed(SocleError):
    """The import failed for a reason that it kept itself."""

    def __init__(self, failure: dict[str, Any]) -> None:
        super().__init__(**failure["details"])
        # The failure's own words stand in for the class's.
        self.code, self.message, self.hint = failure["code"], failure["message"], failure["hint"]  # type: ignore[misc]


@click.group("import")
def import_group() -> None:
    """Bring in what the practice already has."""


@import_group.command("patients")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--apply", "applies", is_flag=True, help="Import; without it, only rehearse.")
@click.option("--sheet", help="The sheet to read; by default the one that looks like a list of people.")
@click.option("--map", "columns", multiple=True, metavar="COLUMN=FIELD", help="What a column holds; may be repeated.")
@click.option("--undo", "undone", type=int, metavar="RUN", help="Take back everybody that an import created.")
@click.option("--keep-used", is_flag=True, help="With --undo: keep those who have been changed or used since.")
@json_option
@pass_terminal
def patients(
    terminal: Terminal,
    file: Path | None,
    sheet: str | None,
    columns: tuple[str, ...],
    undone: int | None,
    *,
    applies: bool,
    keep_used: bool,
    as_json: bool,
) -> None:
    """Import patients from a spreadsheet or a text table; exit 0 when every line is accounted for."""
    tools = terminal.tools()
    if undone is not None:
        _undo(tools, undone, keep_used=keep_used, as_json=as_json)
        return
    if file is None:
        raise click.UsageError(say(N_("Give the file to import, or --undo with the number of an import.")))
    changes = dict(part.rpartition("=")[::2] for part in columns)
    run_id = _rehearse(tools, file, sheet, changes)
    if applies:
        _apply(tools, run_id)
    sys.exit(0 if _tell(tools, run_id, as_json=as_json) else 1)


@import_group.command("list")
@json_option
@pass_terminal
def list_runs(terminal: Terminal, *, as_json: bool) -> None:
    """Show the last imports, the newest first."""
    with terminal.tools().of(Database).reading() as session:
        found = [(run, runs.standing(session, run)) for run in runs.latest(session)]
    if as_json:
        print_json(
            [
                {"run": run.id, "file": run.file_name, "state": state, "totals": report.totals(run)}
                for run, state in found
            ]
        )
        return
    rows = [(run.id, run.file_name, say(STATE_LABELS[state]), run.new_count, run.same_count) for run, state in found]
    print_table(rows, (N_("import"), N_("file"), N_("state"), N_("new"), N_("same")))


@import_group.command("work", hidden=True)
@click.argument("run", type=int)
@pass_terminal
def do_work(terminal: Terminal, run: int) -> None:
    """Do the step that an import waits for (started by the page, in a process of its own)."""
    tools = terminal.tools()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST_SECONDS)  # nobody waits at this process's end: it must end by itself
    work(tools.of(Database), tools.of(Storage), tools.of(Sources), run)


def _too_long(*_: object) -> None:
    raise StepTooLong(minutes=LONGEST_SECONDS // 60)


def _rehearse(tools: Toolbox, file: Path, sheet: str | None, changes: dict[str, str]) -> int:
    actor = machine("command line")
    received = runs.receive(tools.of(Storage), tools.of(Sources), _content(file), file.name, sheet, changes)
    with tools.of(Database).writing() as session:
        run_id = runs.create(session, actor, received)
        runs.ask_to_rehearse(session, actor, run_id)
    _work(tools, run_id)
    return run_id


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise FileTooLarge(most=f"{MOST_BYTES // 1024 // 1024} Mo")
        return file.read_bytes()
    except OSError:
        raise FileMissing(file=file) from None


def _apply(tools: Toolbox, run_id: int) -> None:
    with tools.of(Database).writing() as session:
        runs.ask_to_apply(session, machine("command line"), run_id)
    _work(tools, run_id)


def _work(tools: Toolbox, run_id: int) -> None:
    work(tools.of(Database), tools.of(Storage), tools.of(Sources), run_id)
    with tools.of(Database).reading() as session:
        failure = runs.find(session, run_id).failure
    if failure:
        raise StepFailed(failure)


def _undo(tools: Toolbox, run_id: int, *, keep_used: bool, as_json: bool) -> None:
    try:
        with tools.of(Database).writing() as session:
            kept = applying.undo(session, machine("command line"), run_id, keep_used=keep_used)
    except UndoRefused as refusal:
        with tools.of(Database).reading() as session:
            people = summaries.find_by_ids(session, refusal.patient_ids)
        for person in people.values():
            click.echo(f"{person.id}: {person.family_name} {person.given_name}", err=True)
        raise
    if as_json:
        print_json({"run": run_id, "state": "undone", "kept": kept})
    else:
        undone = N_("Import %(run)s is undone; people kept because they are in use: %(kept)s.")
        print_words(undone, {"run": run_id, "kept": kept})


def _tell(tools: Toolbox, run_id: int, *, as_json: bool) -> bool:
    with tools.of(Database).reading() as session:
        run = runs.find(session, run_id)
        whole = report.is_whole(session, run)
        lines = report.every_line(session, run_id)
        print_json(_as_json(run, lines)) if as_json else _as_words(run, lines)
    return whole


def _as_json(run: ImportRun, lines: Iterable[ReportLine]) -> dict[str, Any]:
    layout = runs.layout_of(run)
    told: list[dict[str, Any]] = []
    skipped: list[dict[str, Any]] = []
    for line in lines:
        (skipped if line.outcome == "skipped" else told).append(_line_as_json(line))
    return {
        "run": run.id,
        "state": run.state,
        "file": run.file_name,
        "sheet": layout.sheet,
        "other_sheets": [name for name in run.sheets if name != layout.sheet],
        "columns": [
            {"column": layout.name_of(place), "field": column.field} for place, column in enumerate(layout.columns)
        ],
        "totals": report.totals(run),
        "lines": told,
        "skipped": skipped,
    }


def _line_as_json(line: ReportLine) -> dict[str, Any]:
    entry: dict[str, Any] = {"line": line.line, "outcome": line.outcome, "reason": _words(line.reason)}
    if line.last_line != line.line:
        entry["last_line"] = line.last_line
    if line.outcome == "skipped":
        return entry
    return entry | {
        "code": line.reason.code,
        "warnings": [_words(remark) for remark in line.warnings],
        "repairs": [_words(remark) for remark in line.repairs],
        "patient": line.patient_id,
        "written": line.written,
    }


def _as_words(run: ImportRun, lines: Iterable[ReportLine]) -> None:
    counts = {name: f"{count}" for name, count in report.totals(run).items()}
    print_words(N_("Import %(run)s: %(state)s."), {"run": run.id, "state": say(STATE_LABELS[State(run.state)])})
    print_words(N_("New: %(new)s. Already in Socle: %(same)s. Refused: %(refused)s."), counts)
    _tell_other_sheets(run)
    grouped: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for line in lines:
        remarks = [*line.warnings, *([line.reason] if line.outcome in {"refused", "skipped"} else [])]
        for remark in remarks:
            grouped[remark.code] += 1
            shown = examples.setdefault(remark.code, [])
            if len(shown) < _MOST_EXAMPLES:
                shown.append(f"  {line.line}: {_words(remark)}")
    for code, count in grouped.most_common():
        click.echo(f"\n{count} × {code}")
        click.echo("\n".join(examples[code]))


def _tell_other_sheets(run: ImportRun) -> None:
    others = [name for name in run.sheets if name != runs.layout_of(run).sheet]
    if others:
        print_words(N_("Other sheets, not read: %(sheets)s."), {"sheets": ", ".join(others)})


def _words(remark: Remark) -> str:
    return say(remark.text, remark.values)
