"""Whether the recovery kit is good: made, proven with two sheets on every target there is, less than a year ago."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from socle.appliance.backups.recovery_kit import gathering
from socle.appliance.backups.recovery_kit.models import RecoveryKit
from socle.foundation.checks import Finding
from socle.foundation.database import now
from socle.foundation.errors import N_
from socle.foundation.home import Home
from socle.foundation.settings import Settings

PROVEN_FOR = timedelta(days=365)
CLOCK_SLACK = timedelta(minutes=10)
_WHY = N_("If this machine is lost, every backup is noise without its keys; two sheets of the kit replace them.")
_PROVE = N_("Scan or type two sheets back on the page of the recovery kit, or run “socle backup kit prove”.")
_MAKE = N_("Make a new kit on the page of the recovery kit (or “socle backup kit make”), and destroy the old sheets.")


@dataclass(frozen=True)
class Facts:
    """The newest kit: its number, what it covers (fingerprints by target), and when each target was opened with it."""

    number: str
    made_at: datetime
    covers: Mapping[str, str]
    proven: Mapping[str, datetime]


def current(session: Session) -> RecoveryKit | None:
    """Return the newest kit, the one that counts."""
    return session.scalars(select(RecoveryKit).order_by(RecoveryKit.id.desc()).limit(1)).first()


def numbered(session: Session, number: str) -> RecoveryKit | None:
    """Return the kit of that number, current or not."""
    return session.scalars(select(RecoveryKit).where(RecoveryKit.number == number)).first()


def facts(kit: RecoveryKit | None) -> Facts | None:
    """Return what is judged of a kit."""
    if kit is None:
        return None
    proven = {name: datetime.fromisoformat(moment) for name, moment in kit.proven.items()}
    return Facts(kit.number, kit.made_at, kit.covers, proven)


def read(session: Session, home: Home, settings: Settings) -> Finding:
    """Judge the newest kit against the targets there are now."""
    return judge(facts(current(session)), gathering.fingerprints(home, settings), now(session))


def judge(kit: Facts | None, wanted: Mapping[str, str], moment: datetime) -> Finding:
    """Return the one finding on the kit: green, or amber with what to do; pure.

    `wanted`: the fingerprint of each target as it is now.
    """
    if kit is None:
        text = N_("The recovery kit is due: nothing outside this machine opens the backups.")
        make = N_("Make and print it on the page of the recovery kit, or with “socle backup kit make”.")
        return Finding("RECOVERY-KIT-DUE", "amber", text, _WHY, make)
    details: dict[str, object] = {"kit": kit.number}
    changed = sorted(name for name in wanted if kit.covers.get(name) != wanted[name])
    unproven = sorted(wanted.keys() - kit.proven.keys())
    if changed:
        text = N_("Recovery kit %(kit)s is out of date: it was made before the backup target %(targets)s was as it is.")
        return Finding("RECOVERY-KIT-OLD", "amber", text, _WHY, _MAKE, {**details, "targets": _list(changed)})
    if not kit.proven:
        text = N_("Recovery kit %(kit)s was printed, and never proven with two of its sheets.")
        why = N_("A sheet that was printed badly, or never printed, is found out on the worst day.")
        return Finding("RECOVERY-KIT-UNPROVEN", "amber", text, why, _PROVE, details)
    if unproven:
        text = N_("Recovery kit %(kit)s has not opened the backup target %(targets)s yet.")
        return Finding("RECOVERY-KIT-UNPROVEN", "amber", text, _WHY, _PROVE, {**details, "targets": _list(unproven)})
    moments = [kit.proven[name] for name in wanted]
    oldest = min(moments)
    details |= {"at": oldest, "until": oldest + PROVEN_FOR}
    if moment - oldest > PROVEN_FOR or max(moments) > moment + CLOCK_SLACK:
        text = N_("Recovery kit %(kit)s was last proven more than a year ago, on %(at)s.")
        why = N_("Sheets are lost, holders leave: once a year somebody looks that two are still there and still open.")
        return Finding("RECOVERY-KIT-PROVE-AGAIN", "amber", text, why, _PROVE, details)
    text = N_("Recovery kit %(kit)s: proven on %(at)s; to be proven again by %(until)s.")
    return Finding("RECOVERY-KIT", "green", text, details=details)


def _list(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
