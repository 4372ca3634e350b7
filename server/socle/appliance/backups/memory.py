"""What is remembered of past runs: the last good one of a kind, what failed since, and the history for the charts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from socle.appliance.backups.models import BackupRun, Kind, Outcome
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail

POINTS = 90
"""So many runs make a chart."""
LOOKED_BACK = 30


class NothingStrange(SocleError):
    """There is nothing to accept in this run."""

    code = "BACKUP-NOTHING-TO-ACCEPT"
    message = N_("There is nothing unusual to accept in this run.")
    hint = N_("Somebody may have accepted it already: read the page again.")
    kind = "conflict"


@dataclass(frozen=True)
class Point:
    """One good backup in the charts: bytes in the set, bytes the repository grew by, and how long it took."""

    at: datetime
    bytes: int
    added: int
    seconds: float


def _of_kind(target: str, kind: Kind) -> Select[BackupRun]:
    mine = select(BackupRun).where(BackupRun.target == target, BackupRun.kind == kind.value)
    return mine.order_by(BackupRun.id.desc())


def last_good(session: Session, target: str, kind: Kind) -> BackupRun | None:
    """Return the last good run of a kind."""
    good = _of_kind(target, kind).where(BackupRun.outcome == Outcome.GOOD.value)
    return session.scalars(good.limit(1)).first()


def failures(session: Session, target: str, kind: Kind) -> tuple[str, ...]:
    """Return the codes of the runs that failed since the last good one, newest first, two at most."""
    failed = list[str]()
    for run in session.scalars(_of_kind(target, kind).limit(20)):
        if run.outcome == Outcome.GOOD or len(failed) == 2:
            break
        if run.outcome in {Outcome.FAILED, Outcome.INTERRUPTED}:
            failed.append(run.error_code or "BACKUP-INTERRUPTED")
    return tuple(failed)


def strange_runs(session: Session, target: str) -> list[BackupRun]:
    """Return the last backups in which something was strange and nobody has accepted it, newest first."""
    good = _of_kind(target, Kind.BACKUP).where(BackupRun.outcome == Outcome.GOOD.value).limit(LOOKED_BACK)
    return [run for run in session.scalars(good) if anomalies_of(run)]


def anomalies_of(run: BackupRun) -> list[dict[str, Any]]:
    """Return what is strange in a run and was not accepted."""
    report = run.report or {}
    return [] if report.get("accepted_by") else list(report.get("anomalies", []))


def accept(session: Session, actor: Actor, run: BackupRun) -> None:
    """Note that a person looked at what is strange in a run and expects it: NothingStrange."""
    if not anomalies_of(run):
        raise NothingStrange()
    report = {**(run.report or {}), "accepted_by": actor.name}
    session.execute(update(BackupRun).where(BackupRun.id == run.id).values(report=report))
    trail.record(session, actor, "backup.accept", "backup_run", run.id)


def history(session: Session, target: str) -> list[Point]:
    """Return a target's last good backups, oldest first."""
    good = _of_kind(target, Kind.BACKUP).where(BackupRun.outcome == Outcome.GOOD.value)
    found = [
        Point(run.ended_at, int(run.report["bytes"]), int(run.report.get("added", 0)), _seconds(run))
        for run in session.scalars(good.limit(POINTS))
        if run.report and run.ended_at
    ]
    return found[::-1]


def ages(points: list[Point], moment: datetime) -> list[float]:
    """Return how old the newest good backup became, in hours, before each next one; the last value is its age now."""
    ends = [*(point.at for point in points[1:]), moment][: len(points)]
    return [max(0.0, (end - point.at).total_seconds() / 3600) for point, end in zip(points, ends, strict=True)][
        -POINTS:
    ]


def _seconds(run: BackupRun) -> float:
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else 0.0
