"""Browsers that are remembered: in them a person is not asked for the second factor again for some days."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.sessions.factors.models import RememberedBrowser
from socle.identity.sessions.sessions import Place

MOST = 50
KEPT = timedelta(days=30)
"""How long one that is over stays, to say why the second factor is asked again."""


class NotRemembered(SocleError):
    """The workstation is not remembered (any more), or by somebody else."""

    code = "BROWSER-NOT-REMEMBERED"
    message = N_("This workstation is not remembered for you any more.")
    hint = N_("Open the page again: it shows those that are.")
    kind = "missing"


@dataclass(frozen=True)
class Line:
    """One remembered browser."""

    id: int
    browser: str
    address: str
    since: datetime
    until: datetime


def remember(session: Session, actor: Actor, account_id: int, place: Place, days: int) -> None:
    """Remember a browser for some days from now."""
    mine = RememberedBrowser.account_id == account_id, RememberedBrowser.browser_digest == place.browser_digest
    session.execute(delete(RememberedBrowser).where(*mine))
    moment = now(session)
    row = RememberedBrowser(
        account_id=account_id,
        browser_digest=place.browser_digest,
        browser=place.browser[:80],
        address=place.address[:64],
        since=moment,
        until=moment + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    trail.record(session, actor, "browser.remember", "account", account_id)


def until(session: Session, account_id: int, browser_digest: bytes) -> datetime | None:
    """Return until when a browser is, or was, remembered for a person; None if it never was."""
    mine = RememberedBrowser.account_id == account_id, RememberedBrowser.browser_digest == browser_digest
    return session.scalar(select(RememberedBrowser.until).where(*mine))


def listed(session: Session, account_id: int) -> list[Line]:
    """List a person's remembered browsers, newest first."""
    mine = RememberedBrowser.account_id == account_id, RememberedBrowser.until > now(session)
    rows = session.scalars(select(RememberedBrowser).where(*mine).order_by(RememberedBrowser.id.desc()).limit(MOST))
    return [Line(row.id, row.browser, row.address, row.since, row.until) for row in rows]


def forget(session: Session, actor: Actor, account_id: int, number: int) -> None:
    """Forget one of a person's browsers, or raise NotRemembered."""
    mine = RememberedBrowser.account_id == account_id, RememberedBrowser.id == number
    gone = session.execute(delete(RememberedBrowser).where(*mine).returning(RememberedBrowser.id)).first()
    if gone is None:
        raise NotRemembered
    trail.record(session, actor, "browser.forget", "account", account_id)


def forget_all(session: Session, account_id: int) -> None:
    """Forget all of a person's browsers; the caller writes down why."""
    session.execute(delete(RememberedBrowser).where(RememberedBrowser.account_id == account_id))


def forget_old(session: Session) -> None:
    """Remove what was over a month ago."""
    session.execute(delete(RememberedBrowser).where(RememberedBrowser.until < now(session) - KEPT))
