"""The worst day: from two sheets and the envelope to the newest sealed set of any target, and from there to a home."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine as DatabaseEngine
from sqlalchemy.orm import Session

from socle.appliance.backups import dataset, sets
from socle.appliance.backups.engine import Engine
from socle.appliance.backups.proof import RECOVERY, Check, Report
from socle.appliance.backups.recovery_kit import envelope as envelopes
from socle.appliance.backups.recovery_kit import gathering, grouped_text, reaching, state
from socle.appliance.backups.recovery_kit.envelope import Contents
from socle.appliance.backups.recovery_kit.kit_secret import KitSecret
from socle.appliance.backups.recovery_kit.models import RecoveryKit
from socle.appliance.backups.recovery_kit.reaching import Reached
from socle.appliance.backups.restore import History, Restoration, Restored, restore_home
from socle.appliance.backups.seal import Manifest
from socle.foundation.clock import Clock
from socle.foundation.database import Database, now
from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import BackupTarget, Settings
from socle.identity.actor import Actor
from socle.identity.audit import trail

SECONDS = 180.0
"""How long all targets together may take to show their sets."""
Found = TypeVar("Found")
Tell = Callable[[str, float], None]
"""Hears which part came back, and in how many seconds."""


class NothingToRecover(SocleError):
    """No target gave a sealed set."""

    code = "RECOVER-NOTHING-FOUND"
    message = N_("No sealed backup was found with these sheets.")
    hint = N_("Plug in the disk, check the network, or give another address (--from). What each target said is above.")
    kind = "unavailable"


@dataclass(frozen=True)
class Candidate:
    """What one target answered: the set it offers, or why it offers none."""

    target: BackupTarget
    engine: Engine | None = None
    manifest: Manifest | None = None
    error: SocleError | None = None


@dataclass(frozen=True)
class Recovered:
    """A finished recovery: the home, what each part took, and the seconds in all."""

    restored: Restored
    checks: list[Check]
    seconds: float


def look(targets: Sequence[Reached], wanted: str, moment: datetime) -> list[Candidate]:
    """Ask every target for the set `wanted` ("newest", or how its number begins)."""
    found = reaching.within(SECONDS, {one.target.name: partial(_offer, one, wanted, moment) for one in targets})
    return [_candidate(one.target, found[one.target.name]) for one in targets]


def best(candidates: Sequence[Candidate]) -> Candidate:
    """Return the target with the set that was sealed last, a disk here before a line elsewhere; NothingToRecover."""
    offered = [one for one in candidates if one.manifest is not None and one.engine is not None]
    if not offered:
        raise NothingToRecover()
    return max(offered, key=lambda one: (_sealed_at(one), _is_here(one)))


def recover(
    chosen: Candidate,
    into: Path,
    keys_into: Path | None,
    database: DatabaseEngine | None,
    history: History,
    clock: Clock,
    actor: Actor,
    tell: Tell,
) -> Recovered:
    """Restore all of the chosen set and compare it with its seal; every error of `restore_home`."""
    if chosen.engine is None or chosen.manifest is None:
        raise NothingToRecover()
    started = time.monotonic()
    timed = _Timed(chosen.engine, chosen.manifest, history, threading.Event(), tell)
    restored = restore_home(timed, into, keys_into, database, clock, actor)
    timed.checks.append(Check("sessions", True, 0.0, restored.sessions_ended))
    return Recovered(restored, timed.checks, round(time.monotonic() - started, 1))


def report(chosen: Candidate, recovered: Recovered, moment: datetime, versions: dict[str, str]) -> Report:
    """Return what the report of the recovery says."""
    manifest = recovered.restored.manifest
    return Report(
        kind=RECOVERY,
        target=chosen.target.name,
        repository=chosen.target.shown,
        practice=manifest.practice,
        home=manifest.home,
        set_id=manifest.set_id,
        sealed_at=manifest.sealed_at.isoformat(timespec="seconds"),
        drilled_at=moment.isoformat(timespec="seconds"),
        passed=True,
        seconds=recovered.seconds,
        engine=chosen.engine.version() if chosen.engine else chosen.target.engine,
        checks=recovered.checks,
        database=manifest.database.kind,
        revision=manifest.database.revision,
        rows=recovered.restored.rows,
        documents=recovered.restored.documents,
        versions=versions,
        sealed_with=manifest.versions,
    )


def remember(
    session: Session, actor: Actor, secret: KitSecret, held: Contents, envelope: bytes | None, opened: Sequence[str]
) -> None:
    """Note in the restored practice that its kit has just been proven, even one printed after that set was sealed."""
    kit = state.numbered(session, secret.number)
    if kit is None and envelope is not None:
        kit = RecoveryKit(
            number=envelopes.number(envelope),
            made_at=datetime.fromisoformat(held.made).replace(tzinfo=UTC),
            made_by=actor.name,
            envelope=grouped_text.encoded(envelope),
            covers=gathering.marks(held),
            holders=[],
            proven={},
        )
        session.add(kit)
    if kit is None:
        return
    moment = now(session)
    proven = dict.fromkeys((name for name in opened if name in kit.covers), moment.isoformat(timespec="seconds"))
    kit.proven, kit.proven_at = {**kit.proven, **proven}, moment
    session.flush()
    trail.record(session, actor, "kit.proven", "recovery_kit", kit.id, reason=f"{kit.number} {len(proven)}")


def put_certificates_back(settings: Settings, held: Contents) -> list[Path]:
    """Write each target's certificate where the restored settings look for it, if nothing is there; return those
    that could not be written. Without it the new machine could not reach that target to go on.
    """
    carried = {one.name: one.certificate for one in held.targets if one.certificate}
    refused = []
    for target in settings.backup.targets:
        file = Path(target.certificate_file)
        if not target.certificate_file or target.name not in carried or file.exists():
            continue
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(carried[target.name])
        except OSError:
            refused.append(file)
    return refused


@dataclass(frozen=True)
class _Timed(Restoration):
    """The same restoration, with a note of what each part took."""

    tell: Tell
    checks: list[Check] = field(default_factory=list)

    def keys(self) -> dict[str, bytes]:
        return self._timed(dataset.KEYS, super().keys)

    def settings(self) -> dict[str, bytes]:
        return self._timed(dataset.SETTINGS, super().settings)

    def directory(self) -> Mapping[str, bytes]:
        return self._timed(dataset.DIRECTORY, super().directory, self.manifest.directory.entries)

    def documents(self, into: Path) -> int:
        return self._timed(dataset.DOCUMENTS, partial(super().documents, into))

    def database(self, into: DatabaseEngine) -> int:
        return self._timed(dataset.DATABASE, partial(super().database, into))

    def trail(self, database: Database) -> int:
        return self._timed("audit", partial(super().trail, database))

    def _timed(self, name: str, work: Callable[[], Found], count: int | None = None) -> Found:
        started = time.monotonic()
        found = work()
        lasted = round(time.monotonic() - started, 1)
        counted = found if isinstance(found, int) else len(found) if isinstance(found, Sized) else 0
        self.checks.append(Check(name, True, lasted, counted if count is None else count))
        self.tell(name, lasted)
        return found


def _offer(reached: Reached, wanted: str, moment: datetime) -> tuple[Engine, Manifest]:
    engine = reached.opened()
    return engine, sets.find(engine, wanted, moment, threading.Event())


def _candidate(target: BackupTarget, answer: tuple[Engine, Manifest] | SocleError) -> Candidate:
    if isinstance(answer, SocleError):
        return Candidate(target, error=answer)
    return Candidate(target, answer[0], answer[1])


def _sealed_at(one: Candidate) -> datetime:
    return one.manifest.sealed_at if one.manifest else datetime.min.replace(tzinfo=UTC)


def _is_here(one: Candidate) -> bool:
    return one.engine is not None and one.engine.local_folder() is not None
