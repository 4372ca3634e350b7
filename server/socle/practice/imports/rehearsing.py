"""The rehearsal: reads the file, recognises people, and writes the report of every line. Patients are not touched."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from socle.foundation.database import Database, now
from socle.practice.imports import mapping, runs
from socle.practice.imports.mapping import Layout
from socle.practice.imports.models import ImportLine, ImportRun
from socle.practice.imports.reading import Person, Refused
from socle.practice.imports.recognition import Recogniser, Recognition
from socle.practice.imports.remarks import Level, Remark
from socle.practice.imports.rows import Line, read_rows
from socle.practice.imports.runs import State
from socle.practice.imports.source import Source
from socle.practice.patients import registry

CHUNK: Final = 500
_QUIETLY: Final = {"synchronize_session": False}


class _Step(NamedTuple):
    run_id: int
    layout: Layout
    source: Source
    today: date
    began: datetime
    total: int


def rehearse(database: Database, run_id: int, layout: Layout, source: Source) -> None:
    """Rehearse an import that this process has claimed; RunCancelled, and the errors of files."""
    mapping.check(layout)
    total = source.extent(layout.sheet)  # may read the whole file: nobody's save waits for that
    with database.writing() as session:
        session.execute(delete(ImportLine).where(ImportLine.run_id == run_id), execution_options=_QUIETLY)
        step = _Step(run_id, layout, source, registry.today(session), now(session), total)
    recogniser = Recogniser(step.today)
    counts: Counter[str] = Counter()
    for lines in _chunks(step):
        with database.reading() as session:
            rows = _judged(session, recogniser, run_id, lines)
        counts.update(row["outcome"] for row in rows)
        counts["warned"] += sum(row["warned"] for row in rows)
        with database.writing() as session:
            session.execute(insert(ImportLine.__table__), rows)  # type: ignore[arg-type]
            runs.beat(session, run_id, lines[-1].last_line, max(step.total, lines[-1].last_line))
    with database.writing() as session:
        _finish(session, step, counts)


def _chunks(step: _Step) -> Iterator[list[Line]]:
    lines = read_rows(step.layout, step.source.rows(step.layout.sheet), step.today)
    while chunk := list(islice(lines, CHUNK)):
        yield chunk


def _judged(session: Session, recogniser: Recogniser, run_id: int, lines: Sequence[Line]) -> list[dict[str, Any]]:
    people = [(line.line, line.content) for line in lines if isinstance(line.content, Person)]
    recognised = iter(recogniser.recognise(session, people))
    return [_row(run_id, line, next(recognised) if isinstance(line.content, Person) else None) for line in lines]


def _row(run_id: int, line: Line, recognition: Recognition | None) -> dict[str, Any]:
    content = line.content
    remarks: tuple[Remark, ...] = ()
    person: dict[str, Any] | None = None
    patient_id: int | None = None
    if isinstance(content, Remark):
        outcome, reason = "skipped", content
    elif isinstance(content, Refused):
        outcome, reason = "refused", content.reason
    elif recognition:
        outcome, reason = recognition.outcome, recognition.reason
        remarks = (*content.remarks, *recognition.remarks)
        person, patient_id = msgspec.to_builtins(content.details), recognition.patient_id
    return {
        "run_id": run_id,
        "line": line.line,
        "last_line": line.last_line,
        "outcome": outcome,
        "warned": any(remark.level is Level.WARNING for remark in (reason, *remarks)),
        "reason": msgspec.to_builtins(reason),
        "remarks": msgspec.to_builtins(remarks),
        "written": line.written,
        "person": person,
        "patient_id": patient_id,
    }


def _finish(session: Session, step: _Step, counts: Counter[str]) -> None:
    session.execute(
        update(ImportRun)
        .where(ImportRun.id == step.run_id)
        .values(
            new_count=counts["new"],
            same_count=counts["same"],
            refused_count=counts["refused"],
            skipped_count=counts["skipped"],
            warned_count=counts["warned"],
            rehearsed_at=step.began,
            applied_at=None,
            applied_by=None,
            undone_at=None,
            undone_by=None,
            kept_count=0,
        ),
        execution_options=_QUIETLY,
    )
    runs.end(session, step.run_id, State.REHEARSED)
