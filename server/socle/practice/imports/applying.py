"""Applying a rehearsed import, and undoing an applied one: each in one transaction, whole or not at all."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.practice.imports import runs
from socle.practice.imports.errors import UndoRefused
from socle.practice.imports.models import ImportLine, ImportRun
from socle.practice.imports.reading import Person
from socle.practice.imports.recognition import Recognition, recognise_known
from socle.practice.imports.runs import State
from socle.practice.patients import registry
from socle.practice.patients.details import PatientDetails

CHUNK: Final = 500
_QUIETLY: Final = {"synchronize_session": False}
_set_patient = (
    update(ImportLine.__table__)  # type: ignore[arg-type]
    .where(ImportLine.run_id == bindparam("of_run"), ImportLine.line == bindparam("at_line"))
    .values(patient_id=bindparam("patient"))
)
_set_same = (
    update(ImportLine.__table__)  # type: ignore[arg-type]
    .where(ImportLine.run_id == bindparam("of_run"), ImportLine.line == bindparam("at_line"))
    .values(outcome="same", reason=bindparam("why"), patient_id=bindparam("patient"))
)


def apply(session: Session, run: ImportRun, actor: Actor) -> None:
    """Create every new person of a rehearsed import. Whoever was registered since the rehearsal is recognised."""
    for lines in _new_lines(session, run.id):
        people = [Person(msgspec.convert(line.person, PatientDetails), "", ()) for line in lines]
        known = recognise_known(session, people, registry.today(session))
        _create(session, run.id, actor, list(zip(lines, people, known, strict=True)))
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


def _new_lines(session: Session, run_id: int) -> Iterator[list[Any]]:
    after = 0
    wanted = select(ImportLine.line, ImportLine.person).where(ImportLine.run_id == run_id, ImportLine.outcome == "new")
    while lines := list(session.execute(wanted.where(ImportLine.line > after).order_by(ImportLine.line).limit(CHUNK))):
        yield lines
        after = lines[-1].line


def _create(session: Session, run_id: int, actor: Actor, judged: list[tuple[Any, Person, Recognition]]) -> None:
    new = [(line, person) for line, person, known in judged if known.outcome == "new"]
    same = [(line, known) for line, _, known in judged if known.outcome == "same"]
    if new:
        numbers = registry.create_many(session, actor, [person.details for _, person in new])
        rows = [
            {"of_run": run_id, "at_line": line.line, "patient": number}
            for (line, _), number in zip(new, numbers, strict=True)
        ]
        session.connection().execute(_set_patient, rows)
    if same:
        rows = [
            {
                "of_run": run_id,
                "at_line": line.line,
                "patient": known.patient_id,
                "why": msgspec.to_builtins(known.reason),
            }
            for line, known in same
        ]
        session.connection().execute(_set_same, rows)


def _counts(session: Session, run_id: int) -> dict[str, int]:
    counted = (
        select(ImportLine.outcome, func.count().label("number"))
        .where(ImportLine.run_id == run_id)
        .group_by(ImportLine.outcome)
    )
    return {row.outcome: row.number for row in session.execute(counted)}
