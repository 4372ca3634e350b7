"""Applying a rehearsed import, and undoing an applied one: each in one transaction, whole or not at all."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.practice.imports import runs
from socle.practice.imports.errors import UndoRefused
from socle.practice.imports.models import ImportLine, ImportRun
from socle.practice.imports.reading import Person
from socle.practice.imports.recognition import NEW, recognise_known
from socle.practice.imports.remarks import Remark
from socle.practice.imports.runs import State
from socle.practice.patients import registry, summaries
from socle.practice.patients.details import PatientDetails

CHUNK: Final = 500
OVERLAP: Final = timedelta(minutes=2)
"""A change takes its moment before it is committed, so that a rehearsal may miss what is a little older than itself."""
_judge = (
    update(ImportLine.__table__)  # type: ignore[arg-type]
    .where(ImportLine.run_id == bindparam("of_run"), ImportLine.line == bindparam("at_line"))
    .values(outcome=bindparam("is"), reason=bindparam("why"), patient_id=bindparam("who"))
)


def apply(session: Session, run: ImportRun, actor: Actor) -> None:
    """Create every new person of a rehearsed import.

    Whoever was registered since the rehearsal is recognised; whoever it recognised and is gone since is new again.
    """
    since = run.rehearsed_at or run.created_at
    quiet = not registry.changed_since(session, since - OVERLAP)
    for lines in _lines(session, run.id, ImportLine.outcome == "new"):
        _take(session, run.id, actor, [line for line in lines if line.person], quiet=quiet)
    for lines in _lines(session, run.id, ImportLine.outcome == "same", ImportLine.patient_id.is_not(None)):
        there = summaries.find_by_ids(session, [line.patient_id for line in lines])
        _take(session, run.id, actor, [line for line in lines if line.patient_id not in there], quiet=quiet)
    counts = _counts(session, run.id)
    run.new_count, run.same_count = counts.get("new", 0), counts.get("same", 0)
    run.applied_at, run.applied_by, run.state, run.beat_at = now(session), actor.name, State.APPLIED, now(session)
    trail.record(session, actor, "import.apply", "import", run.id, reason=f"{run.new_count} patients")
    session.flush()


def undo(session: Session, actor: Actor, run_id: int, *, keep_used: bool = False) -> int:
    """Take back everybody an import created; return how many stay.

    UndoRefused, and nothing is undone, if somebody has been changed or used since; with `keep_used` they stay.
    """
    run = runs.require(session, run_id, {State.APPLIED})
    created = list(
        session.scalars(
            select(ImportLine.patient_id)
            .where(ImportLine.run_id == run_id, ImportLine.outcome == "new", ImportLine.patient_id.is_not(None))
            .order_by(ImportLine.line)
        )
    )
    kept = registry.remove_unused(session, actor, [number for number in created if number is not None])
    if kept and not keep_used:
        raise UndoRefused(kept)
    run.state, run.undone_at, run.undone_by = State.UNDONE, now(session), actor.name
    run.kept_count, run.beat_at = len(kept), now(session)
    trail.record(session, actor, "import.undo", "import", run_id, reason=f"{len(created) - len(kept)} patients")
    session.flush()
    return len(kept)


def _lines(session: Session, run_id: int, *condition: ColumnElement[bool]) -> Iterator[list[Any]]:
    after = 0
    columns = select(ImportLine.line, ImportLine.person, ImportLine.patient_id)
    wanted = columns.where(ImportLine.run_id == run_id, *condition).order_by(ImportLine.line).limit(CHUNK)
    while lines := list(session.execute(wanted.where(ImportLine.line > after))):
        yield lines
        after = lines[-1].line


def _take(session: Session, run_id: int, actor: Actor, lines: list[Any], *, quiet: bool) -> None:
    """Create the people of these lines, except whom the practice knows; `quiet`: nobody can have become known."""
    people = [Person(msgspec.convert(line.person, PatientDetails), "", ()) for line in lines]
    known = [NEW] * len(people) if quiet else recognise_known(session, people, registry.today(session))
    new = [(line, person) for line, person, found in zip(lines, people, known, strict=True) if found.outcome == "new"]
    numbers = registry.create_many(session, actor, [person.details for _, person in new])
    judged: list[tuple[Any, str, Remark, int | None]] = []
    judged += [(line, "new", NEW.reason, number) for (line, _), number in zip(new, numbers, strict=True)]
    judged += [
        (line, "same", found.reason, found.patient_id)
        for line, found in zip(lines, known, strict=True)
        if found.outcome == "same"
    ]
    rows = [
        {"of_run": run_id, "at_line": line.line, "is": outcome, "why": msgspec.to_builtins(why), "who": number}
        for line, outcome, why, number in judged
    ]
    if rows:
        session.connection().execute(_judge, rows)


def _counts(session: Session, run_id: int) -> dict[str, int]:
    counted = (
        select(ImportLine.outcome, func.count().label("number"))
        .where(ImportLine.run_id == run_id)
        .group_by(ImportLine.outcome)
    )
    return {row.outcome: row.number for row in session.execute(counted)}
