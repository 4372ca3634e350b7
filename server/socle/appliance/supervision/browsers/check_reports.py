"""Reports of the browser check: kept for 90 days under a short code that can be read on the phone."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from socle.appliance.supervision.browsers import verdict
from socle.appliance.supervision.browsers.facts import Facts, Seen
from socle.appliance.supervision.browsers.minimums import listed
from socle.appliance.supervision.browsers.models import BrowserCheck
from socle.appliance.supervision.browsers.verdict import Line
from socle.foundation.clock import PARIS
from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError

KEPT = timedelta(days=90)
SAME_REPORT = timedelta(hours=1)
"""A browser that looks again within it keeps its code."""
MOST_OF_AN_ADDRESS, MOST_OF_ALL = 20, 200
"""New reports in an hour: a practice may share one address, a guessing machine may not fill the disk."""
MOST_SHOWN = 50
LETTERS = "ACFHJKLMRTUVXY"
"""Of letters that look alike, look like a digit (I, O, Q, S, Z), or sound alike on a French phone (B, D, E, G, P and T;
M and N), one at most."""
_DOOR_LOCK = 4_200_711


class TooManyReports(SocleError):
    """Browsers sent more reports within the hour than anybody reads."""

    code = "BROWSER-CHECK-TOO-MANY"
    message = N_("Too many checks were sent within the hour, so this one has no code.")
    hint = N_("What is shown here is right all the same. To get a code, try again in an hour.")
    kind = "too_many"


class ReportMissing(SocleError):
    """No report has that code."""

    code = "BROWSER-CHECK-UNKNOWN"
    message = N_("No check is kept under the code “%(code)s”.")
    hint = N_("Have it read again, letter by letter; checks are kept for 90 days.")
    kind = "missing"


class Kept(msgspec.Struct, frozen=True):
    """A report as the maintainer reads it."""

    code: str
    at: datetime
    door: str
    address: str
    seen: Seen
    facts: Facts
    lines: list[Line]
    state: str


def judged(session: Session, facts: Facts, seen: Seen) -> list[Line]:
    """Say what a browser's facts mean today."""
    return verdict.judge(facts, seen, listed(session), _paris(now(session)))


def keep(session: Session, facts: Facts, seen: Seen, mark: bytes, door: str, address: str) -> str:
    """Keep a report and return its code: the one the same browser got within the hour, or a new one; TooManyReports."""
    moment = now(session)
    _one_at_a_time(session)
    state = verdict.worst(judged(session, facts, seen))
    values: dict[str, Any] = {
        "at": moment,
        "door": door,
        "address": address[:64],
        "browser": seen.browser[:80],
        "state": state,
        "report": {"facts": msgspec.to_builtins(facts), "seen": msgspec.to_builtins(seen)},
    }
    earlier = select(BrowserCheck.id, BrowserCheck.code).where(
        BrowserCheck.mark == mark, BrowserCheck.at > moment - SAME_REPORT
    )
    mine = session.execute(earlier.order_by(BrowserCheck.id.desc()).limit(1)).first()
    if mine is not None:
        session.execute(update(BrowserCheck).where(BrowserCheck.id == mine.id).values(values))
        return str(mine.code)
    hour = BrowserCheck.at > moment - timedelta(hours=1)
    here = session.execute(select(func.count()).where(hour, BrowserCheck.address == address[:64])).scalar_one()
    everywhere = session.execute(select(func.count()).where(hour)).scalar_one()
    if here >= MOST_OF_AN_ADDRESS or everywhere >= MOST_OF_ALL:
        raise TooManyReports()
    code = _unused_code(session)
    session.add(BrowserCheck(code=code, mark=mark, **values))
    return code


def plain_code(typed: str) -> str:
    """Return a code as it is kept, however it was typed: "kx 4821" is KX-4821."""
    signs = "".join(sign for sign in typed.upper() if sign.isalnum())[:6]
    return f"{signs[:2]}-{signs[2:]}"


def by_code(session: Session, code: str) -> Kept:
    """Return the report with a code; ReportMissing."""
    found = session.scalar(select(BrowserCheck).where(BrowserCheck.code == plain_code(code)))
    if found is None:
        raise ReportMissing(code=code[:20])
    facts = msgspec.convert(found.report["facts"], Facts)
    seen = msgspec.convert(found.report["seen"], Seen)
    lines = verdict.judge(facts, seen, listed(session), _paris(found.at))
    return Kept(found.code, found.at, found.door, found.address, seen, facts, lines, verdict.worst(lines))


def recent(session: Session) -> list[BrowserCheck]:
    """Return the newest reports, newest first."""
    return list(session.scalars(select(BrowserCheck).order_by(BrowserCheck.at.desc()).limit(MOST_SHOWN)))


def forget_old(session: Session) -> None:
    """Remove reports older than 90 days."""
    session.execute(delete(BrowserCheck).where(BrowserCheck.at < now(session) - KEPT))


def _unused_code(session: Session) -> str:
    for _ in range(100):
        code = f"{secrets.choice(LETTERS)}{secrets.choice(LETTERS)}-{secrets.randbelow(10_000):04}"
        if session.execute(select(BrowserCheck.id).where(BrowserCheck.code == code)).first() is None:
            return code
    raise TooManyReports()


def _one_at_a_time(session: Session) -> None:
    # The embedded database has one writer anyway; on PostgreSQL two reports could both be the last one allowed.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _DOOR_LOCK})


def _paris(moment: datetime) -> int:
    offset = moment.astimezone(PARIS).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0
