"""The keeping rule at work: whole sealed sets go by the rule, then their space is freed.

On targets that this machine may only add to, the same is done under supervision, with another credential.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from socle.appliance.backups import memory, retention, sets, tidying
from socle.appliance.backups.engine import Engine
from socle.appliance.backups.journal import alone, recorded
from socle.appliance.backups.models import Kind
from socle.appliance.backups.runs import Backups
from socle.appliance.backups.sets import StoredSet
from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import BackupTarget
from socle.identity.actor import Actor


class LookFirst(SocleError):
    """Something strange was seen, so the older sets are needed."""

    code = "BACKUP-PRUNE-LOOK-FIRST"
    message = N_("A backup on “%(target)s” is unusual and nobody has looked at it yet, so nothing older was removed.")
    hint = N_("Read that run on the backups page. If the change is expected, press “I expected this”.")
    kind = "conflict"


@dataclass(frozen=True)
class Pruned:
    """What went, oldest first, and how many sealed sets stay."""

    gone: Sequence[StoredSet]
    kept: int


def offered(backups: Backups, target: BackupTarget, engine: Engine) -> Pruned:
    """Say what the rule would let go now, and change nothing: LookFirst, DatedInFuture."""
    with backups.sources.database.reading() as session:
        if memory.strange_runs(session, target.name):
            raise LookFirst(target=target.name)
        drilled = memory.last_good(session, target.name, Kind.DRILL)
    stored = sets.stored_sets(engine.snapshots())
    held = {drilled.set_id} if drilled and drilled.set_id else set[str]()
    gone = retention.removable(stored, target.keep, backups.sources.clock.now(), held)
    return Pruned(gone, sum(one.sealed for one in stored) - len(gone))


def prune(
    backups: Backups, target: BackupTarget, actor: Actor, asked: int | None = None, engine: Engine | None = None
) -> Pruned:
    """Remove what the rule lets go; `engine` carries another credential: LookFirst, DatedInFuture, DeletionRefused."""
    sources = backups.sources
    with (
        alone(sources.home, target.name),
        recorded(sources.database, actor, target.name, Kind.PRUNE, asked) as journal,
    ):
        journal.step("open")
        opened = engine or backups.engine(target)
        opened.version()
        choice = offered(backups, target, opened)
        stored = sets.stored_sets(opened.snapshots())
        # The newest set has to be readable before anything older goes.
        newest = sets.newest(opened, stored, sources.clock.now(), journal.cancel)
        journal.step("forget", str(len(choice.gone)))
        leftovers = tidying.forget_unsealed(opened, stored, journal)
        opened.forget([snapshot for one in choice.gone for snapshot in one.parts.values()])
        if choice.gone or leftovers:
            journal.step("free")
            opened.prune(journal.cancel)
        journal.set_id = newest.set_id if newest else None
        journal.report = {"removed": len(choice.gone), "kept": choice.kept, "leftovers": leftovers}
        return choice
