"""Proving a kit: two sheets, as paper has them, open every repository for real. Only that makes it green."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from socle.appliance.backups import sets
from socle.appliance.backups.engine import Engine, Engines
from socle.appliance.backups.recovery_kit import envelope, grouped_text, reaching, state, words
from socle.appliance.backups.recovery_kit.envelope import Contents, EnvelopeBroken
from socle.appliance.backups.recovery_kit.kit_secret import KitSecret
from socle.appliance.backups.recovery_kit.models import RecoveryKit
from socle.appliance.backups.recovery_kit.reaching import Reached
from socle.appliance.backups.recovery_kit.words import Sheet
from socle.foundation import log
from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail

SECONDS = 60.0
"""How long all targets together may take to open."""


class NoKit(SocleError):
    """There is nothing to prove yet."""

    code = "KIT-NONE"
    message = N_("There is no recovery kit yet.")
    hint = N_("Make and print one first.")
    kind = "missing"


class OldKit(SocleError):
    """Sheets of an earlier kit."""

    code = "KIT-OLD-SHEETS"
    message = N_("These sheets are of kit %(sheets)s; the practice's kit is %(current)s.")
    hint = N_("Take two sheets of kit %(current)s, and destroy the old ones when that kit is proven.")
    kind = "conflict"


class ForeignKit(SocleError):
    """Sheets of a kit that this practice never made."""

    code = "KIT-OF-ANOTHER-PRACTICE"
    message = N_("These sheets are of kit %(sheets)s, which this practice did not make; its kit is %(current)s.")
    hint = N_("Look at the practice's name on the sheets.")
    kind = "conflict"


@dataclass(frozen=True)
class Opening:
    """What one target said: the newest set in it, or why it did not open."""

    target: str
    repository: str
    engine: str
    newest: datetime | None = None
    error: SocleError | None = None


def secret_of(first: Sheet, second: Sheet) -> KitSecret:
    """Return what two sheets say together; SheetTwice, SheetsMixed."""
    return KitSecret(words.combine(first, second))


def kit_of(session: Session, secret: KitSecret) -> RecoveryKit:
    """Return the practice's kit if the sheets are of it; NoKit, OldKit, ForeignKit."""
    kit = state.current(session)
    if kit is None:
        raise NoKit()
    if kit.number != secret.number:
        known = state.numbered(session, secret.number) is not None
        raise (OldKit if known else ForeignKit)(sheets=secret.number, current=kit.number)
    return kit


def contents_of(kit: RecoveryKit, secret: KitSecret, scanned: bytes | None = None) -> Contents:
    """Return what the envelope on paper holds, or the kept one when it was not scanned; EnvelopeBroken."""
    kept = grouped_text.decoded(kit.envelope)
    if kept is None:
        raise EnvelopeBroken()
    return envelope.unseal(scanned or kept, secret)


def open_all(contents: Contents, secret: KitSecret, engines: Engines, moment: datetime) -> list[Opening]:
    """Open every repository as a bare machine would, and see what is in it. Where the kit's key is missing, add it."""
    with reaching.at_hand(contents, secret, engines) as targets:
        done = reaching.within(SECONDS, {one.target.name: partial(_opened, one, secret, moment) for one in targets})
        return [_judged(one, done[one.target.name]) for one in targets]


def remember(session: Session, actor: Actor, secret: KitSecret, openings: Sequence[Opening]) -> None:
    """Write down which targets the sheets opened."""
    kit = kit_of(session, secret)
    good = [one.target for one in openings if one.error is None]
    moment = now(session)
    if good:
        kit.proven = {**kit.proven, **dict.fromkeys(good, moment.isoformat(timespec="seconds"))}
        kit.proven_at = moment
    action = "kit.proven" if len(good) == len(openings) else "kit.not_proven"
    trail.record(session, actor, action, "recovery_kit", kit.id, reason=f"{kit.number} {len(good)}/{len(openings)}")
    log.info("recovery_kit_proven", count=len(good))


def _opened(reached: Reached, secret: KitSecret, moment: datetime) -> datetime | None:
    engine = reached.opened()
    if engine is reached.by_machine:
        engine.add_password(secret.password)
        reached.by_kit.identity()
    return newest(reached.by_kit, moment)


def newest(engine: Engine, moment: datetime) -> datetime | None:
    """Return when the newest sealed set was sealed, its seal read; None without one."""
    manifest = sets.newest(engine, sets.stored_sets(engine.snapshots()), moment, threading.Event())
    return manifest.sealed_at if manifest else None


def _judged(one: Reached, answer: datetime | SocleError | None) -> Opening:
    target = one.target
    if isinstance(answer, SocleError):
        return Opening(target.name, target.shown, target.engine, error=answer)
    return Opening(target.name, target.shown, target.engine, newest=answer)
