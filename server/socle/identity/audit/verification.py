"""Reading the trail back: finds a changed, removed, moved or inserted entry and says which."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from socle.identity.audit.chain import BEGINNING, digest, seal
from socle.identity.audit.models import AuditEntry, AuditLane

BATCH = 2_000
Fault = Literal["changed", "removed", "moved", "inserted"]
_COLUMNS = list(AuditEntry.__table__.columns)


@dataclass(frozen=True)
class Damage:
    """One fault: which entries of a lane, from `first` to `last` sequence, and the row's id where there is a row."""

    fault: Fault
    lane: int
    first: int
    last: int
    entry_id: int | None = None


@dataclass(frozen=True)
class Verdict:
    """How many entries were read, and all that is wrong with them."""

    entries: int
    damages: tuple[Damage, ...]


Anchor = Mapping[int, tuple[int, str]]


def verify(session: Session, anchors: Anchor | None = None) -> Verdict:
    """Walk every lane, in a snapshot (`Database.snapshot`) so that writers do not disturb.

    `anchors`: heads kept elsewhere (lane -> sequence, digest) that must still be in the chain.
    """
    key = cast("bytes", session.info["audit_key"])
    entries, damages = 0, list[Damage]()
    for head in session.execute(select(AuditLane).order_by(AuditLane.lane)).scalars().all():
        walk = _Walk(key, head.lane, (anchors or {}).get(head.lane))
        for row, following in _pairs(session, head.lane):
            walk.step(row, following)
        walk.finish(head)
        entries += walk.entries
        damages += walk.damages
    return Verdict(entries, tuple(damages))


def _pairs(session: Session, lane: int) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
    def with_end() -> Iterator[Any]:
        last = -(2**62)
        in_order = select(*_COLUMNS).where(AuditEntry.lane == lane).order_by(AuditEntry.sequence).limit(BATCH)
        while batch := session.execute(in_order.where(AuditEntry.sequence > last)).mappings().all():
            yield from batch
            last = batch[-1]["sequence"]
        yield None

    for row, following in pairwise(with_end()):
        if row is not None:
            yield row, following


class _Walk:
    def __init__(self, key: bytes, lane: int, anchor: tuple[int, str] | None) -> None:
        self.key, self.lane, self.anchor = key, lane, anchor
        self.entries = 0
        self.damages: list[Damage] = []
        self.sequence, self.previous = 0, BEGINNING
        self.positions: dict[str, int] = {BEGINNING: 0}
        """Digest -> sequence of every entry met, so that a moved entry's true place can be told."""

    def step(self, row: Mapping[str, Any], following: Mapping[str, Any] | None) -> None:
        self.entries += 1
        sequence = row["sequence"]
        fault = self._fault(row, following)
        if fault is not None:
            self._note(fault, sequence, sequence, row["id"])
        elif row["previous"] != self.previous and sequence == self.sequence + 1 and not self._just_noted():
            # The row itself is whole: what it leaned on is not the row before it.
            self._note("removed", sequence, sequence, None)
        if fault != "inserted" and sequence > self.sequence + 1:
            self._note("removed", self.sequence + 1, sequence - 1, None)
        if self.anchor and sequence == self.anchor[0] and row["digest"] != self.anchor[1]:
            self._note("changed", sequence, sequence, row["id"])
        if fault != "inserted":
            self.sequence, self.previous = sequence, row["digest"]
        self.positions[row["digest"]] = sequence

    def _just_noted(self) -> bool:
        return bool(self.damages) and self.damages[-1].last == self.sequence

    def _fault(self, row: Mapping[str, Any], following: Mapping[str, Any] | None) -> Fault | None:
        if digest(self.key, row) == row["digest"]:
            return None
        for true_place in self._possible_places(row):
            if digest(self.key, {**row, "sequence": true_place}) == row["digest"]:
                return "moved"
        if following is not None and following["previous"] == self.previous and self.previous != BEGINNING:
            return "inserted"
        return "changed"

    def _possible_places(self, row: Mapping[str, Any]) -> Iterator[int]:
        known = self.positions.get(row["previous"])
        if known is not None:
            yield known + 1
        yield from range(max(1, row["sequence"] - 64), row["sequence"] + 64)

    def finish(self, head: AuditLane) -> None:
        untouched = head.sequence == 0 and not head.seal
        if not untouched and head.seal != seal(self.key, head.lane, head.sequence, head.digest):
            self._note("changed", head.sequence, head.sequence, None)
        if head.sequence > self.sequence:
            self._note("removed", self.sequence + 1, head.sequence, None)
        elif head.sequence < self.sequence:
            self._note("inserted", head.sequence + 1, self.sequence, None)
        if self.anchor and self.anchor[0] > max(self.sequence, head.sequence):
            self._note("removed", self.sequence + 1, self.anchor[0], None)

    def _note(self, fault: Fault, first: int, last: int, entry_id: int | None) -> None:
        damage = Damage(fault, self.lane, first, last, entry_id)
        if damage not in self.damages:
            self.damages.append(damage)
