"""The sets of a repository: which snapshots belong together, and which of them are sealed."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from socle.appliance.backups import seal
from socle.appliance.backups.engine import Engine, Snapshot, SnapshotMissing
from socle.appliance.backups.seal import Manifest, SealBroken
from socle.foundation.errors import N_, SocleError

SEAL = "seal"
CLOCK_SLACK = timedelta(minutes=10)
_LARGEST_SEAL = 256 * 1024 * 1024


class SetMissing(SocleError):
    """There is no such sealed set."""

    code = "BACKUP-SET-MISSING"
    message = N_("There is no sealed backup set “%(wanted)s” in %(repository)s.")
    hint = N_("“socle backup list” shows the sets; “newest” takes the newest sealed one.")
    kind = "missing"


@dataclass(frozen=True)
class StoredSet:
    """The snapshots of one set by the part they hold."""

    set_id: str
    made_at: datetime
    parts: Mapping[str, str]

    @property
    def sealed(self) -> bool:
        """Whether it has a seal at all; only reading it tells whether it is whole."""
        return SEAL in self.parts


def tags(set_id: str, part: str) -> tuple[str, str]:
    """Return the tags that every snapshot of a set carries."""
    return f"set:{set_id}", f"part:{part}"


def stored_sets(snapshots: Iterable[Snapshot]) -> list[StoredSet]:
    """Group snapshots into sets, oldest first."""
    parts: dict[str, dict[str, str]] = {}
    made: dict[str, datetime] = {}
    for snapshot in snapshots:
        named = dict(tag.split(":", 1) for tag in snapshot.tags if ":" in tag)
        if "set" in named and "part" in named:
            parts.setdefault(named["set"], {})[named["part"]] = snapshot.id
            made[named["set"]] = max(snapshot.made_at, made.get(named["set"], snapshot.made_at))
    return sorted((StoredSet(name, made[name], parts[name]) for name in parts), key=lambda one: one.made_at)


def read_manifest(engine: Engine, stored: StoredSet, cancel: threading.Event) -> Manifest:
    """Read a set's seal and look that each part it names is there; SealBroken, SnapshotMissing."""
    data = bytearray()
    for chunk in engine.open_stream(stored.parts[SEAL], seal.FILE_NAME, cancel):
        data += chunk
        if len(data) > _LARGEST_SEAL:
            raise SealBroken()
    manifest = seal.open_seal(bytes(data))
    if manifest.set_id != stored.set_id:
        raise SealBroken()
    for name, part in manifest.parts.items():
        if stored.parts.get(name) != part.snapshot:
            raise SnapshotMissing(repository=engine.repository)
    return manifest


def find(engine: Engine, wanted: str, moment: datetime, cancel: threading.Event) -> Manifest:
    """Return the manifest of the set `wanted` (its id or how it begins, or "newest"); SetMissing, SealBroken."""
    known = [one for one in stored_sets(engine.snapshots()) if one.sealed]
    found = (
        newest_of(known, moment)[:1] if wanted == "newest" else [one for one in known if one.set_id.startswith(wanted)]
    )
    if len(found) != 1 or not wanted:
        raise SetMissing(wanted=wanted, repository=engine.repository)
    return read_manifest(engine, found[0], cancel)


def newest(engine: Engine, known: Sequence[StoredSet], moment: datetime, cancel: threading.Event) -> Manifest | None:
    """Return the newest set's manifest; None when no set is sealed; SealBroken, SnapshotMissing."""
    sealed = newest_of(known, moment)
    return read_manifest(engine, sealed[0], cancel) if sealed else None


def newest_of(known: Iterable[StoredSet], moment: datetime) -> list[StoredSet]:
    """Return the sealed sets, newest first; those a wrong clock dated after `moment` come last, not first."""
    sealed = [one for one in known if one.sealed]
    return sorted(sealed, key=lambda one: (one.made_at <= moment + CLOCK_SLACK, one.made_at), reverse=True)
