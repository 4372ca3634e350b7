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
MOST_DAMAGES = 100
"""Faults named; of more, only the number is told: whoever must read them has seen enough."""
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
    """How many entries were read, and what is wrong with them: the first faults, and how many more there are."""

    entries: int
    damages: tuple[Damage, ...]
    unlisted: int = 0


Anchor = Mapping[int, tuple[int, str]]


def verify(session: Session, anchors: Anchor | None = None) -> Verdict:
    """Walk every lane, in a snapshot (`Database.snapshot`) so that writers do not disturb; in little memory.

    `anchors`: heads kept elsewhere (lane -> sequence, digest) that must still be in the chain.
    """
    key = cast("bytes", session.info["audit_key"])
    entries, damages, unlisted = 0, list[Damage](), 0
    for head in session.execute(select(AuditLane).order_by(AuditLane.lane)).scalars().all():
        walk = _Walk(session, key, head.lane, (anchors or {}).get(head.lane))
        for row, following in _pairs(session, head.lane):
            walk.step(row, following)
        walk.finish(head)
        entries += walk.entries
        damages += walk.damages
        unlisted += walk.unlisted
    listed = damages[:MOST_DAMAGES]
    return Verdict(entries, tuple(listed), unlisted + len(damages) - len(listed))


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
    def __init__(self, session: Session, key: bytes, lane: int, anchor: tuple[int, str] | None) -> None:
        self.session, self.key, self.lane, self.anchor = session, key, lane, anchor
        self.entries = 0
        self.damages: list[Damage] = []
        self.unlisted = 0
        self.last_noted: int | None = None
        self.sequence, self.previous = 0, BEGINNING

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

    def _just_noted(self) -> bool:
        return self.last_noted == self.sequence

    def _fault(self, row: Mapping[str, Any], following: Mapping[str, Any] | None) -> Fault | None:
        if digest(self.key, row) == row["digest"]:
            return None
        if len(self.damages) == MOST_DAMAGES:
            return "changed"  # it is only counted: its kind is not worth a search
        for true_place in self._possible_places(row):
            if digest(self.key, {**row, "sequence": true_place}) == row["digest"]:
                return "moved"
        if following is not None and following["previous"] == self.previous and self.previous != BEGINNING:
            return "inserted"
        return "changed"

    def _possible_places(self, row: Mapping[str, Any]) -> Iterator[int]:
        yield from range(max(1, row["sequence"] - 64), row["sequence"] + 64)
        # Further away: after the entry that it leans on, wherever that one is.
        before = select(AuditEntry.sequence).where(AuditEntry.lane == self.lane, AuditEntry.digest == row["previous"])
        for sequence in self.session.scalars(before.order_by(AuditEntry.sequence).limit(5)).all():
            yield sequence + 1

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
        if damage in self.damages:
            return
        self.last_noted = last
        if len(self.damages) < MOST_DAMAGES:
            self.damages.append(damage)
        else:
            self.unlisted += 1
