"""Whether the backups are good, from dated facts only: sealed, verified, drilled. The worst target gives the state.

Nothing is green by default: a fact that is missing, too old, or dated in the future counts against it.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from socle.appliance.backups import memory, plan, preflight, sets
from socle.appliance.backups.engine import Deletion, RepositoryMissing, SnapshotMissing
from socle.appliance.backups.journal import is_held
from socle.appliance.backups.models import Kind
from socle.appliance.backups.plan import NIGHTLY, Limits
from socle.appliance.backups.proof import SELF_TEST
from socle.appliance.backups.recovery_kit import state as kit_state
from socle.appliance.backups.runs import Backups
from socle.foundation.checks import Finding, State, worst
from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import BackupTarget

CLOCK_SLACK = timedelta(minutes=10)
ALARMING = {"documents-changed", "history-gone"}
"""What does not happen by itself: documents never change, and sets do not vanish."""


@dataclass(frozen=True)
class Facts:
    """What is known of one target. `refusal`: why the repository did not answer when it was looked at."""

    sealed_at: datetime | None = None
    verified_at: datetime | None = None
    drilled_at: datetime | None = None
    failures: tuple[str, ...] = ()
    """Codes of the backups that failed since the last good one, newest first (the last two at most)."""
    verify_failure: str = ""
    drill_failure: str = ""
    directory_missing: bool = False
    strange: tuple[str, ...] = ()
    """Codes of what is strange in the last sets and nobody has accepted."""
    deletion: Deletion = "unknown"
    append_only: bool = False
    limits: Limits = NIGHTLY
    refusal: SocleError | None = None


@dataclass(frozen=True)
class TargetStatus:
    """One target's state with its three dates and what is wrong."""

    name: str
    repository: str
    engine: str
    state: State
    running: bool
    sealed_at: datetime | None
    verified_at: datetime | None
    drilled_at: datetime | None
    findings: tuple[Finding, ...]
    offsite: bool = False
    append_only: bool = False
    deletion: Deletion = "unknown"


@dataclass(frozen=True)
class Status:
    """The whole. `advice` does not count in the state."""

    targets: tuple[TargetStatus, ...]
    kit: Finding
    """The recovery kit: without one that was proven, no backup is worth much on the day it is needed."""
    self_test: tuple[Finding, ...] = ()
    advice: tuple[Finding, ...] = ()

    @property
    def checked(self) -> tuple[Finding, ...]:
        """All that is wrong, target by target, and what is said of the kit in any case."""
        return (*(finding for target in self.targets for finding in target.findings), *self.self_test, self.kit)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is wrong."""
        return tuple(finding for finding in self.checked if finding.state != "green")

    @property
    def state(self) -> State:
        """The worst of everything."""
        return worst(finding.state for finding in self.checked)


def read(session: Session, backups: Backups, *, look: bool) -> Status:
    """Judge every target. With `look` the repository is asked whether the newest set is still there (seconds)."""
    sources = backups.sources
    judged, advice = [], []
    for target in plan.targets(sources.settings, sources.home):
        facts = _facts(session, target)
        refusal = _look(backups, target, facts, session) if look else _glance(backups, target, facts)
        if refusal is not None:
            facts = replace(facts, refusal=refusal)
        findings = tuple(judge(facts, now(session), target.name))
        judged.append(
            TargetStatus(
                name=target.name,
                repository=target.shown,
                engine=target.engine,
                state=worst(finding.state for finding in findings),
                running=is_held(sources.home, target.name),
                sealed_at=facts.sealed_at,
                verified_at=facts.verified_at,
                drilled_at=facts.drilled_at,
                findings=findings,
                offsite=target.offsite,
                append_only=target.append_only,
                deletion=facts.deletion,
            )
        )
        folder = backups.unopened(target).local_folder()
        if folder is not None and plan.on_same_disk(sources.home.folder, folder):
            advice.append(_same_disk(target.name))
    if not any(one.offsite for one in judged):
        advice.append(_nothing_offsite())
    elif not any(one.offsite and one.append_only for one in judged):
        advice.append(_nothing_protected())
    kit = kit_state.read(session, sources.home, sources.settings)
    return Status(tuple(judged), kit, tuple(_self_test(session)), tuple(advice))


def judge(facts: Facts, moment: datetime, target: str) -> Iterable[Finding]:
    """Yield everything that keeps a target from being green; pure."""
    names = {"target": target}
    if facts.refusal is not None:
        error = facts.refusal
        yield Finding(error.code, "red", error.message, do=error.hint, details={**names, **error.details})
    yield from _judge_sealed(facts, moment, names)
    if facts.sealed_at is None:
        return
    yield from _judge_content(facts, names)
    yield from _judge_verified(facts, moment, names)
    yield from _judge_drilled(facts, moment, names)


def _judge_content(facts: Facts, names: dict[str, str]) -> Iterable[Finding]:
    if facts.strange:
        text = N_("A backup on “%(target)s” is unusual beside the one before.")
        do = N_("Open the run marked “unusual” and read what changed. If you expected it, say so there.")
        state: State = "red" if set(facts.strange) & ALARMING else "amber"
        yield Finding("BACKUP-UNUSUAL", state, text, do=do, details=names)
    if facts.append_only and facts.deletion == "possible":
        text = N_("“%(target)s” should let this machine add only, but the try of last night could have deleted.")
        do = N_("On the machine that holds it, turn its append-only mode on; the next backup tries again.")
        yield Finding("BACKUP-DELETION-POSSIBLE", "red", text, do=do, details=names)
    if facts.directory_missing:
        text = N_("The newest backup on “%(target)s” is without the directory of accounts, which did not answer.")
        do = N_("Patients, agenda and documents are in it. Mend the directory, then run a new backup.")
        yield Finding("BACKUP-WITHOUT-DIRECTORY", "amber", text, do=do, details=names)


def _judge_sealed(facts: Facts, moment: datetime, names: dict[str, str]) -> Iterable[Finding]:
    run = N_("Run “socle backup run”, or press “Back up now”.")
    if facts.sealed_at is None:
        yield Finding("BACKUP-NEVER", "red", N_("“%(target)s” has never been backed up."), do=run, details=names)
    elif facts.sealed_at > moment + CLOCK_SLACK:
        text = N_("The newest backup on “%(target)s” is dated in the future, so its age cannot be trusted.")
        do = N_("Set the machine's clock, then run a new backup.")
        yield Finding("BACKUP-CLOCK", "red", text, do=do, details=names)
    elif moment - facts.sealed_at > facts.limits.sealed:
        text = N_("The newest sealed backup on “%(target)s” is more than %(hours)s hours old.")
        yield Finding("BACKUP-OVERDUE", "red", text, do=run, details={**names, "hours": _hours(facts)})
    if facts.failures:
        text = N_("The last backup to “%(target)s” failed (%(reason)s).")
        state: State = "red" if len(facts.failures) > 1 else "amber"
        details = {**names, "reason": facts.failures[0]}
        do = N_("Read its log, mend the cause, run it again.")
        yield Finding("BACKUP-LAST-FAILED", state, text, do=do, details=details)


def _judge_verified(facts: Facts, moment: datetime, names: dict[str, str]) -> Iterable[Finding]:
    verify = N_("Run “socle backup verify”, or press “Verify”.")
    if facts.verify_failure:
        text = N_("The last verification of “%(target)s” failed (%(reason)s).")
        details = {**names, "reason": facts.verify_failure}
        do = N_("Do not rely on this target: back up to another one today, and look at its disk.")
        yield Finding("BACKUP-VERIFY-FAILED", "red", text, do=do, details=details)
    elif facts.verified_at is None:
        text = N_("The backups on “%(target)s” have never been verified.")
        yield Finding("BACKUP-NOT-VERIFIED", "amber", text, do=verify, details=names)
    elif moment - facts.verified_at > facts.limits.sealed or facts.verified_at > moment + CLOCK_SLACK:
        text = N_("The backups on “%(target)s” were not verified in the last %(hours)s hours.")
        yield Finding("BACKUP-VERIFY-OVERDUE", "amber", text, do=verify, details={**names, "hours": _hours(facts)})


def _judge_drilled(facts: Facts, moment: datetime, names: dict[str, str]) -> Iterable[Finding]:
    drill = N_("Run “socle backup drill”, or press “Prove a restoration”.")
    if facts.drill_failure:
        text = N_("The last restoration drill on “%(target)s” failed (%(reason)s).")
        details = {**names, "reason": facts.drill_failure}
        do = N_("Read its report, run a new backup and a new drill; keep every other copy meanwhile.")
        yield Finding("BACKUP-DRILL-FAILED", "red", text, do=do, details=details)
    elif facts.drilled_at is None:
        text = N_("Nothing has been restored from “%(target)s” yet, so nothing is proven.")
        yield Finding("BACKUP-NOT-DRILLED", "amber", text, do=drill, details=names)
    elif moment - facts.drilled_at > facts.limits.drilled or facts.drilled_at > moment + CLOCK_SLACK:
        overdue = moment - facts.drilled_at > facts.limits.drill_overdue
        text = N_("The last proven restoration from “%(target)s” is more than %(days)s days old.")
        details = {**names, "days": str(facts.limits.drilled.days)}
        yield Finding("BACKUP-DRILL-OVERDUE", "red" if overdue else "amber", text, do=drill, details=details)


def _hours(facts: Facts) -> str:
    return str(int(facts.limits.sealed.total_seconds() // 3600))


def _same_disk(target: str) -> Finding:
    return Finding(
        "BACKUP-SAME-DISK",
        "amber",
        N_("“%(target)s” lies on the same disk as the practice's data."),
        N_("If that disk breaks or the machine is stolen, the data and this backup go together."),
        N_("Add a target on another disk or in another place under [[backup.targets]] in the settings."),
        {"target": target},
    )


def _self_test(session: Session) -> Iterable[Finding]:
    """Yield a finding when the drill let a copy pass that was damaged on purpose: then no drill proves anything."""
    failed = memory.failures(session, SELF_TEST, Kind.SELF_TEST)
    if failed:
        text = N_("The yearly test of the restoration drill failed (%(reason)s): it may let damaged copies pass.")
        do = N_("Read its report, update Socle, and restore a set by hand to be sure.")
        yield Finding("BACKUP-SELF-TEST-FAILED", "red", text, do=do, details={"reason": failed[0]})


def _nothing_offsite() -> Finding:
    return Finding(
        "BACKUP-NOTHING-OFFSITE",
        "amber",
        N_("No backup leaves the house."),
        N_("A fire, a flood or a thief takes the server and every copy beside it."),
        N_("Add a target in another place to the settings: “offsite = true” under [[backup.targets]]."),
    )


def _nothing_protected() -> Finding:
    return Finding(
        "BACKUP-NOTHING-PROTECTED",
        "amber",
        N_("Whoever takes over this machine could also delete the copies in the other place."),
        N_("That is what those who extort money do first."),
        N_("Use a target that only adds: a rest-server started with --append-only, and “append_only = true” here."),
    )


def _facts(session: Session, target: BackupTarget) -> Facts:
    backup = memory.last_good(session, target.name, Kind.BACKUP)
    verified = memory.last_good(session, target.name, Kind.VERIFY)
    drilled = memory.last_good(session, target.name, Kind.DRILL)
    report = (backup.report if backup else None) or {}
    strange = {
        str(one["code"]) for run in memory.strange_runs(session, target.name) for one in memory.anomalies_of(run)
    }
    return Facts(
        sealed_at=backup.ended_at if backup else None,
        verified_at=verified.ended_at if verified else None,
        drilled_at=drilled.ended_at if drilled else None,
        failures=memory.failures(session, target.name, Kind.BACKUP),
        verify_failure="".join(memory.failures(session, target.name, Kind.VERIFY)[:1]),
        drill_failure="".join(memory.failures(session, target.name, Kind.DRILL)[:1]),
        directory_missing=bool(report.get("directories_missing")),
        strange=tuple(sorted(strange)),
        deletion=report.get("deletion", "unknown"),
        append_only=target.append_only,
        limits=plan.limits(target),
    )


def _glance(backups: Backups, target: BackupTarget, facts: Facts) -> SocleError | None:
    """Tell without a password whether the repository is there; of disks that take turns, one may well be away."""
    if facts.sealed_at is None or plan.is_rotated(target) or backups.unopened(target).seems_present():
        return None
    return RepositoryMissing(repository=target.shown)


def _look(backups: Backups, target: BackupTarget, facts: Facts, session: Session) -> SocleError | None:
    """Ask the repository whether the newest recorded set is still there, whole (of disks that take turns: any set)."""
    if facts.sealed_at is None:
        return None
    recorded = memory.last_good(session, target.name, Kind.BACKUP)
    try:
        engine = backups.engine(target)
        found = {one.set_id: one for one in sets.stored_sets(engine.snapshots()) if one.sealed}
        if plan.is_rotated(target):
            newest = sets.newest_of(found.values(), now(session))
            wanted = newest[0].set_id if newest else None
        else:
            wanted = recorded.set_id if recorded else None
        if wanted not in found:
            return SnapshotMissing(repository=target.shown)
        preflight.ours(backups.sources.home, target, sets.read_manifest(engine, found[wanted], threading.Event()))
    except SocleError as error:
        return error
    return None
