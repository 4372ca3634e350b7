"""The nightly work on one target: a backup, and its verification."""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from socle.appliance.backups import access, anomalies, dataset, last_seal, memory, pace, plan, preflight, sets, tidying
from socle.appliance.backups.dataset import Sources
from socle.appliance.backups.engine import (
    Engine,
    Engines,
    RepositoryDamaged,
    RepositoryMissing,
    SnapshotMissing,
    SourceUnreadable,
)
from socle.appliance.backups.journal import Journal, alone, recorded
from socle.appliance.backups.models import Kind
from socle.appliance.backups.opening import ChildOpening, Opening
from socle.appliance.backups.seal import Manifest, SealBroken
from socle.appliance.backups.sets import StoredSet
from socle.foundation.errors import SocleError
from socle.foundation.secrets import BORG_PASSPHRASE
from socle.foundation.settings import BackupTarget
from socle.identity.actor import Actor


@dataclass(frozen=True)
class Backups:
    """Everything the work needs: where the data is, who makes the engines, and how a restored home is opened."""

    sources: Sources
    engines: Engines
    opening: Opening = field(default_factory=ChildOpening)

    def engine(self, target: BackupTarget) -> Engine:
        """Return the engine of a target of this home; KeyMissing."""
        self.sources.home.keys.read(access.PASSWORDS[target.engine])
        return self.unopened(target)

    def unopened(self, target: BackupTarget) -> Engine:
        """Return the engine for what needs no password: where the repository is, and whether it seems to be there."""
        sources, there = self.sources, plan.plugged_in(target)
        return self.engines.open(there, access.of(there, sources.settings.backup, sources.home, sources.clock.now()))


def prepare(backups: Backups, target: BackupTarget) -> str:
    """Make the target's repository if there is none; return its own number: WrongPassword, RepositoryUnreachable…"""
    if target.engine == "borg":  # a home made before borg was an engine has no password for it yet
        backups.sources.home.keys.make_password(BORG_PASSPHRASE)
    engine = backups.engine(target)
    engine.version()
    try:
        return engine.identity()
    except RepositoryMissing:
        if plan.is_rotated(target):  # which of the disks? Each is prepared once by its own path
            raise
        folder = engine.local_folder()
        if folder is not None:
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return engine.create()


def prepare_own(backups: Backups) -> None:
    """Make the repository of each target that lies in the home folder itself and is not there yet.

    Never one elsewhere: a disk that is not plugged in must not be mistaken for a new one.
    """
    home = backups.sources.home
    for target in plan.targets(backups.sources.settings, home):
        folder = backups.unopened(target).local_folder()
        if folder is not None and folder.is_relative_to(home.folder) and not backups.unopened(target).seems_present():
            prepare(backups, target)


def back_up(backups: Backups, target: BackupTarget, actor: Actor, asked: int | None = None) -> Manifest:
    """Make one sealed set on a target; a failure is recorded, raised, and leaves nothing that could pass for one."""
    sources = backups.sources
    with (
        alone(sources.home, target.name),
        recorded(sources.database, actor, target.name, Kind.BACKUP, asked) as journal,
    ):
        journal.step("open")
        engine = backups.engine(target)
        engine.version()
        known = sets.stored_sets(engine.snapshots())
        before = _newest_readable(backups, target, engine, known, journal)
        preflight.ours(sources.home, target, before)
        preflight.space(sources.home, engine, first=before is None)
        tidying.forget_unsealed(engine, known, journal)
        set_id = str(uuid.uuid4())
        try:
            manifest = dataset.store(sources, engine, set_id, before, journal, _limit(backups, target, engine))
        except BaseException:
            with suppress(SocleError):  # what cannot be cleaned now is cleaned by the next run
                tidying.forget_unsealed(engine, sets.stored_sets(engine.snapshots()), journal)
            raise
        last_seal.keep(sources.home, target.name, manifest)
        journal.set_id = set_id
        strange = anomalies.found(before, manifest) + _vanished(backups, target, known)
        journal.report = summary(manifest) | {
            "added": journal.added,
            "anomalies": strange,
            "deletion": engine.deletion(),
            "place": engine.repository,
        }
        return manifest


def verify(backups: Backups, target: BackupTarget, actor: Actor, asked: int | None = None) -> Manifest:
    """Check a target: its structure, a part of its data, its newest seal and every part the seal names."""
    sources = backups.sources
    with (
        alone(sources.home, target.name),
        recorded(sources.database, actor, target.name, Kind.VERIFY, asked) as journal,
    ):
        journal.step("open")
        engine = backups.engine(target)
        engine.version()
        known = sets.stored_sets(engine.snapshots())
        journal.step("seal")
        newest = sets.newest_of(known, sources.clock.now())
        if not newest:
            raise sets.SetMissing(wanted="newest", repository=target.shown)
        with ThreadPoolExecutor(1) as aside:
            listed = aside.submit(dataset.stored_sizes, engine, newest[0].parts.get(dataset.DOCUMENTS, ""))
            manifest = sets.read_manifest(engine, newest[0], journal.cancel)
        preflight.ours(sources.home, target, manifest)
        if dataset.missing(listed.result(), manifest.documents):
            raise SourceUnreadable()
        part = plan.tonights_part(sources.clock.now())
        journal.step("check", f"{part}/{plan.NIGHTS}")
        engine.check(part, plan.NIGHTS, journal.cancel)
        journal.set_id = manifest.set_id
        journal.report = {"part": part, "parts": plan.NIGHTS, "place": engine.repository}
        return manifest


def _limit(backups: Backups, target: BackupTarget, engine: Engine) -> pace.Limit:
    """Return the pace of each hour; a disk of this machine takes what it can."""
    if engine.local_folder() is not None:
        return lambda: 0
    return access.limit_now(target, backups.sources.settings.backup, backups.sources.clock)


def summary(manifest: Manifest) -> dict[str, Any]:
    """Return the sizes and counts of a set, for lists and charts."""
    return {
        "bytes": sum(part.bytes for part in manifest.parts.values()),
        "rows": sum(table.rows for table in manifest.database.tables.values()),
        "tables": len(manifest.database.tables),
        "documents": len(manifest.documents),
        "people": manifest.directory.entries,
        "directories_missing": int(not manifest.directory.reached),
        "keys": len(manifest.keys),
    }


def _vanished(backups: Backups, target: BackupTarget, known: Sequence[StoredSet]) -> list[dict[str, object]]:
    """Say when the set sealed here last is not here any more: emptied, or another repository in the same place."""
    with backups.sources.database.reading() as session:
        last = memory.last_good(session, target.name, Kind.BACKUP)
    if last is None or plan.is_rotated(target) or last.set_id in {one.set_id for one in known}:
        return []
    return [{"code": "history-gone", "before": 1, "now": 0}]


def _newest_readable(
    backups: Backups, target: BackupTarget, engine: Engine, known: Sequence[StoredSet], journal: Journal
) -> Manifest | None:
    """Return the last set's manifest; a broken one is no reason not to make a good one tonight."""
    newest = sets.newest_of(known, backups.sources.clock.now())
    if not newest:
        return None
    kept = last_seal.of(backups.sources.home, target.name, newest[0].set_id)
    try:
        return kept or sets.read_manifest(engine, newest[0], journal.cancel)
    except (SealBroken, SnapshotMissing, RepositoryDamaged) as error:
        journal.step("open", error.code)
        return None
