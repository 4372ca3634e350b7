"""What an import says of every line, for a page (a few lines at a time) and for a machine (all of them)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from socle.practice.imports.models import ImportLine, ImportRun
from socle.practice.imports.remarks import Level, Remark

Outcome = Literal["new", "same", "refused", "skipped", "warned"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("new", "same", "refused", "warned", "skipped")
"""What lines can be filtered by; "warned" are those, whatever their outcome, that ask for a look."""
_CHUNK: Final = 2000

_COLUMNS = (
    ImportLine.line,
    ImportLine.last_line,
    ImportLine.outcome,
    ImportLine.reason,
    ImportLine.remarks,
    ImportLine.written,
    ImportLine.patient_id,
)


class ReportLine(NamedTuple):
    """One line of the report."""

    line: int
    last_line: int
    outcome: str
    reason: Remark
    remarks: tuple[Remark, ...]
    written: str
    patient_id: int | None

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """The remarks that ask for a look."""
        return tuple(remark for remark in self.remarks if remark.level is Level.WARNING)

    @property
    def repairs(self) -> tuple[Remark, ...]:
        """The remarks that only tell what was mended."""
        return tuple(remark for remark in self.remarks if remark.level is Level.REPAIR)


def page(session: Session, run_id: int, outcome: str | None, after: int, limit: int) -> Sequence[ReportLine]:
    """Return up to `limit` lines behind line `after`, those of one outcome if given."""
    return [_line(row) for row in session.execute(_wanted(run_id, outcome, after).limit(limit))]


def every_line(session: Session, run_id: int) -> Iterator[ReportLine]:
    """Yield every line of the report in order, a chunk in memory at a time."""
    after = 0
    while lines := page(session, run_id, None, after, _CHUNK):
        yield from lines
        after = lines[-1].line


def totals(run: ImportRun) -> Mapping[str, int]:
    """Return the three counts that together are all lines below the header that hold something."""
    return {"new": run.new_count, "same": run.same_count, "refused": run.refused_count}


def is_whole(session: Session, run: ImportRun) -> bool:
    """Tell whether the report holds as many lines as its counts say: every line is accounted for."""
    held = session.execute(select(func.count()).where(ImportLine.run_id == run.id)).scalar_one()
    return held == run.new_count + run.same_count + run.refused_count + run.skipped_count


def _wanted(run_id: int, outcome: str | None, after: int) -> Select[Any]:
    wanted = select(*_COLUMNS).where(ImportLine.run_id == run_id, ImportLine.line > after).order_by(ImportLine.line)
    if outcome == "warned":
        return wanted.where(ImportLine.warned)
    return wanted.where(ImportLine.outcome == outcome) if outcome else wanted


def _line(row: Row[Any]) -> ReportLine:
    return ReportLine(
        row.line,
        row.last_line,
        row.outcome,
        msgspec.convert(row.reason, Remark),
        tuple(msgspec.convert(row.remarks, list[Remark])),
        row.written,
        row.patient_id,
    )
