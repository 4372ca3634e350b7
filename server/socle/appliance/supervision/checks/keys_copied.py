"""Keys that exist once are lost with the machine, and every backup with them."""

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select

from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation.checks import Finding
from socle.foundation.errors import N_
from socle.foundation.secrets import RAW_KEYS, RESTIC_PASSWORD, Keys
from socle.identity.audit.models import AuditEntry

ACTION, SUBJECT = "keys.copied", "keys"
GOOD_FOR = timedelta(days=365)


def fingerprint(keys: Keys) -> str:
    """Return a short name for this very set of keys, which says nothing about them."""
    together = sha256()
    for name in sorted((*RAW_KEYS, RESTIC_PASSWORD)):
        together.update(sha256(name.encode() + b"\0" + keys.read(name)).digest())
    return sha256(b"socle keys\0" + together.digest()).hexdigest()[:16]


def check(circumstances: Circumstances) -> Finding:
    """Amber until somebody has confirmed a copy of these very keys, and again a year later."""
    newest = (
        select(AuditEntry.at)
        .where(AuditEntry.subject_type == SUBJECT, AuditEntry.subject_id.is_(None))  # a range of the trail's index
        .where(AuditEntry.action == ACTION, AuditEntry.reason == fingerprint(circumstances.home.keys))
        .order_by(AuditEntry.at.desc())
        .limit(1)
    )
    return judged(circumstances.moment, circumstances.session.execute(newest).scalar(), circumstances.home.keys)


def judged(moment: datetime, copied_at: datetime | None, keys: Keys) -> Finding:
    """Judge the age of the confirmation; pure."""
    if copied_at is not None and moment - copied_at < GOOD_FOR:
        text = N_("Copy of the keys: confirmed on %(at)s.")
        return Finding("KEYS-COPY", "green", text, details={"at": copied_at})
    return Finding(
        "RECOVERY-KIT-DUE",
        "amber",
        N_("The recovery kit is due: no copy of the keys outside this machine is confirmed."),
        N_("If this machine is lost, every backup is noise without its keys."),
        N_("Copy the folder %(folder)s to two USB keys kept in two places, then run “socle check keys-copied”."),
        {"folder": keys.folder},
    )
