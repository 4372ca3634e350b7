"""Which browsers there are, and from when each had which version, of its own and of Socle."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from socle.appliance.supervision.browsers.models import BrowserFault, BrowserVersion, KnownBrowser
from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.sessions.models import Workstation

KEPT = timedelta(days=90)
HOUR = timedelta(hours=1)
MOST_IN_AN_HOUR = 60
"""Reports one browser may send in an hour; ours keep themselves to far fewer."""
NEW_IN_AN_HOUR, MOST = 20, 2000
"""Browsers that one address may bring in an hour, and all that are kept: nobody fills the disk by changing names."""
FRESH = timedelta(days=7)
"""An update counts as what came before a fault for so long."""
VERSIONS_KEPT = 50


class BrowserTalksTooMuch(SocleError):
    """A browser reports more than anybody reads."""

    code = "BROWSER-REPORTS-TOO-MANY"
    message = N_("This browser has sent too many reports within the hour.")
    hint = N_("The first ones are kept; the next are taken in an hour.")
    kind = "too_many"


class BrowserUnknown(SocleError):
    """No browser has that number."""

    code = "BROWSER-UNKNOWN"
    message = N_("This browser is not known any more.")
    hint = N_("Browsers that were silent for 90 days are forgotten. Go back to the list.")
    kind = "missing"


@dataclass(frozen=True)
class Speaker:
    """A browser as a report comes from it: `mark` tells it apart, `browser` and `socle` are the versions it has now."""

    mark: bytes
    address: str
    browser: str
    socle: str


@dataclass(frozen=True)
class Before:
    """What a browser had before its updates of the past week; None where nothing was updated."""

    browser: str | None = None
    socle: str | None = None


def heard(session: Session, speaker: Speaker) -> KnownBrowser:
    """Note that a browser is there, with its versions; BrowserTalksTooMuch."""
    moment = now(session)
    _one_at_a_time(session, speaker.mark)
    found = session.scalar(select(KnownBrowser).where(KnownBrowser.mark == speaker.mark))
    if found is None:
        found = _new(session, speaker, moment)
    if moment - found.hour_at >= HOUR:
        found.hour_at, found.hour_count = moment, 0
    if found.hour_count >= MOST_IN_AN_HOUR:
        raise BrowserTalksTooMuch()
    found.hour_count += 1
    if (found.browser, found.socle) != (speaker.browser, speaker.socle):
        _add_version(session, found.id, speaker, moment)
    found.browser, found.socle = speaker.browser, speaker.socle
    found.address, found.last_at = speaker.address, moment
    session.flush()
    return found


def before(session: Session, browser: KnownBrowser) -> Before:
    """Return what the browser had before this week's updates."""
    rows = versions(session, browser.id)
    older = next((row for row in rows if row.from_at < now(session) - FRESH), rows[-1])
    return Before(
        older.browser if older.browser != browser.browser else None,
        older.socle if older.socle != browser.socle else None,
    )


def versions(session: Session, browser_id: int) -> list[BrowserVersion]:
    """Return the versions a browser had, newest first."""
    own = select(BrowserVersion).where(BrowserVersion.browser_id == browser_id)
    return list(session.scalars(own.order_by(BrowserVersion.id.desc()).limit(VERSIONS_KEPT)))


def get(session: Session, browser_id: int) -> KnownBrowser:
    """Return a browser; BrowserUnknown."""
    found = session.get(KnownBrowser, browser_id)
    if found is None:
        raise BrowserUnknown()
    return found


def workstations(session: Session, browsers: Iterable[KnownBrowser]) -> dict[int, str]:
    """Return the names of the workstations whose agents open these browsers, by the browsers' numbers."""
    marks = {browser.mark: browser.id for browser in browsers}
    named = select(Workstation.browser_digest, Workstation.name).where(
        Workstation.browser_digest.in_(marks), Workstation.revoked_at.is_(None)
    )
    return {marks[digest]: name for digest, name in session.execute(named) if digest is not None}


def forget_old(session: Session) -> None:
    """Remove browsers that were silent for 90 days, with all that is known of them."""
    silent = select(KnownBrowser.id).where(KnownBrowser.last_at < now(session) - KEPT)
    session.execute(delete(BrowserFault).where(BrowserFault.browser_id.in_(silent)))
    session.execute(delete(BrowserVersion).where(BrowserVersion.browser_id.in_(silent)))
    session.execute(delete(KnownBrowser).where(KnownBrowser.last_at < now(session) - KEPT))


def _one_at_a_time(session: Session, mark: bytes) -> None:
    # The embedded database has one writer anyway; on PostgreSQL two first reports of one browser could make it twice.
    if session.get_bind().dialect.name == "postgresql":
        lock = int.from_bytes(mark[:8], "big", signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def _new(session: Session, speaker: Speaker, moment: datetime) -> KnownBrowser:
    count = select(func.count()).select_from(KnownBrowser)
    recent = count.where(KnownBrowser.address == speaker.address, KnownBrowser.first_at > moment - HOUR)
    if session.execute(recent).scalar_one() >= NEW_IN_AN_HOUR or session.execute(count).scalar_one() >= MOST:
        raise BrowserTalksTooMuch()
    made = KnownBrowser(
        mark=speaker.mark,
        address=speaker.address,
        browser=speaker.browser,
        socle=speaker.socle,
        first_at=moment,
        last_at=moment,
        hour_at=moment,
        hour_count=0,
    )
    session.add(made)
    session.flush()
    _add_version(session, made.id, speaker, moment)
    return made


def _add_version(session: Session, browser_id: int, speaker: Speaker, moment: datetime) -> None:
    made = BrowserVersion(browser_id=browser_id, browser=speaker.browser, socle=speaker.socle, from_at=moment)
    session.add(made)
    session.flush()
