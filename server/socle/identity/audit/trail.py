"""Writing the trail: one entry per change, and per reading of a patient's file, in the same transaction."""

from collections.abc import Iterable
from typing import cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.identity.actor import Actor
from socle.identity.audit.chain import digest, seal
from socle.identity.audit.models import AuditEntry, AuditLane

# The tables rather than the classes: every opening of a file writes here, and pays nothing for the object layer.
_lane = cast("Table", AuditLane.__table__)
_free_lane = select(_lane.c.lane, _lane.c.sequence, _lane.c.digest).order_by(_lane.c.lane).limit(1)
_first_free_lane = _free_lane.with_for_update(skip_locked=True)
_any_lane = _free_lane.with_for_update()
_insert = insert(cast("Table", AuditEntry.__table__)).inline()
_advance = update(_lane).where(_lane.c.lane == bindparam("own_lane"))


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject_type: str | None = None,
    subject_id: int | None = None,
    fields: Iterable[str] = (),
    reason: str | None = None,
) -> None:
    """Add an entry to the trail.

    `action` is a dotted verb ("patient.read", "appointment.move"). `fields` are names of changed fields, never values;
    `reason` is for words that hold no patient data (why a session was ended).
    """
    # The first lane nobody holds: two transactions never wait for each other unless all lanes are taken.
    row = session.execute(_first_free_lane).first() or session.execute(_any_lane).one()
    key = cast("bytes", session.info["audit_key"])
    entry = {
        "lane": row.lane,
        "sequence": row.sequence + 1,
        "at": now(session),
        "account_id": actor.account_id,
        "actor": actor.name,
        "workstation": actor.workstation,
        "session_id": actor.session_id,
        "action": action,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "fields": sorted(fields),
        "reason": reason,
        "previous": row.digest,
    }
    entry["digest"] = digest(key, entry)
    session.execute(_insert, entry)
    head = seal(key, row.lane, entry["sequence"], entry["digest"])
    session.execute(
        _advance, {"own_lane": row.lane, "sequence": entry["sequence"], "digest": entry["digest"], "seal": head}
    )


def heads(session: Session) -> dict[int, tuple[int, str]]:
    """Return each lane's head as (sequence, digest): an anchor to keep elsewhere."""
    rows = session.execute(select(AuditLane.lane, AuditLane.sequence, AuditLane.digest).order_by(AuditLane.lane))
    return {row.lane: (row.sequence, row.digest) for row in rows}
