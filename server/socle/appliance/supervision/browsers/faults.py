"""What breaks in a browser, grouped: one line for each kind of fault in each browser, since when and how often."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from socle.appliance.supervision.browsers import known, scrubbing
from socle.appliance.supervision.browsers.known import Speaker
from socle.appliance.supervision.browsers.models import BrowserFault, KnownBrowser
from socle.foundation.database import now
from socle.identity.actor import Actor
from socle.identity.audit import trail

LARGEST = 16_000
"""Bytes a report may have."""
MOST_OF_A_BROWSER = 100
"""Kinds of faults kept for one browser; more are the same trouble."""
QUIET = timedelta(days=14)
"""A fault that comes back after it begins anew: it had been mended."""
MOST_SHOWN = 200

Kind = Literal["script", "promise", "policy", "file", "request"]
Short = Annotated[str, msgspec.Meta(max_length=300)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault as a page's script says it. `name`: the error's class, the directive or the method."""

    kind: Kind
    name: Short = ""
    message: Short = ""
    file: Short = ""
    line: Count = 0
    column: Count = 0
    target: Short = ""
    status: Annotated[int, msgspec.Meta(ge=0, le=599)] = 0
    times: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page sends at once; without faults it only says which version the browser has."""

    page: Short = ""
    faults: Annotated[tuple[Said, ...], msgspec.Meta(max_length=10)] = ()


@dataclass(frozen=True)
class Fault:
    """A fault of which nothing but what may be kept is left. `route` and `target` are templates of our own routes."""

    kind: Kind
    route: str
    what: str
    place: str
    times: int

    @property
    def fingerprint(self) -> bytes:
        """What tells one kind of fault from another."""
        return hashlib.sha256(f"{self.kind}\0{self.what}\0{self.place}".encode()).digest()


def scrubbed(said: Said, route: str, target: str) -> Fault:
    """Leave of what a page said what may be kept."""
    place = scrubbing.file(said.file)
    if said.line and place not in {"", "elsewhere", "extension"}:
        place = f"{place}:{said.line}:{said.column}"
    if said.kind == "policy":
        what = f"{scrubbing.directive(said.name)}: {scrubbing.source(said.message)}"
    elif said.kind == "file":
        what, place = scrubbing.file(said.file), ""
    elif said.kind == "request":
        what, place = f"{scrubbing.method(said.name)} {target}: {said.status or 'no answer'}", ""
    else:
        what = f"{scrubbing.error_name(said.name)}: {scrubbing.message(said.message)}".strip()
    return Fault(said.kind, route[:120], what[:300], place[:120], said.times)


def note(session: Session, speaker: Speaker, door: str, faults: list[Fault]) -> None:
    """Count faults of a browser; a new kind is kept with the versions before and after. BrowserTalksTooMuch."""
    browser = known.heard(session, speaker)
    for fault in faults:
        _note(session, browser, door, fault)


def _note(session: Session, browser: KnownBrowser, door: str, fault: Fault) -> None:
    moment = now(session)
    own = select(BrowserFault).where(BrowserFault.browser_id == browser.id)
    found = session.scalar(own.where(BrowserFault.fingerprint == fault.fingerprint))
    if found is not None and moment - found.last_at <= QUIET:
        found.count, found.last_at = min(found.count + fault.times, 1_000_000), moment
        return
    if found is not None:
        session.delete(found)
        session.flush()
    count = select(func.count()).select_from(BrowserFault).where(BrowserFault.browser_id == browser.id)
    if session.execute(count).scalar_one() >= MOST_OF_A_BROWSER:
        return
    before = known.before(session, browser)
    made = BrowserFault(
        browser_id=browser.id,
        fingerprint=fault.fingerprint,
        kind=fault.kind,
        door=door,
        route=fault.route,
        what=fault.what,
        place=fault.place,
        first_at=moment,
        last_at=moment,
        count=fault.times,
        browser=browser.browser,
        socle=browser.socle,
        browser_before=before.browser,
        socle_before=before.socle,
    )
    session.add(made)
    session.flush()


@dataclass(frozen=True)
class Broken:
    """A browser with its faults, the newest first."""

    browser: KnownBrowser
    faults: list[BrowserFault]


def newest(session: Session) -> list[Broken]:
    """Return the browsers in which something broke, the latest first."""
    latest = select(BrowserFault).order_by(BrowserFault.last_at.desc()).limit(MOST_SHOWN)
    grouped: dict[int, list[BrowserFault]] = {}
    for fault in session.scalars(latest):
        grouped.setdefault(fault.browser_id, []).append(fault)
    browsers = {one.id: one for one in session.scalars(select(KnownBrowser).where(KnownBrowser.id.in_(grouped)))}
    return [Broken(browsers[number], faults) for number, faults in grouped.items()]


def of_browser(session: Session, browser_id: int) -> list[BrowserFault]:
    """Return the faults of one browser, the latest first."""
    own = select(BrowserFault).where(BrowserFault.browser_id == browser_id)
    return list(session.scalars(own.order_by(BrowserFault.last_at.desc()).limit(MOST_OF_A_BROWSER)))


def settle(session: Session, actor: Actor, browser_id: int) -> None:
    """Forget a browser's faults because somebody dealt with them: what comes again begins anew."""
    browser = known.get(session, browser_id)
    session.execute(delete(BrowserFault).where(BrowserFault.browser_id == browser.id))
    trail.record(session, actor, "browser.settle", "browser", browser.id)


def forget_old(session: Session) -> None:
    """Remove faults not seen for 90 days."""
    session.execute(delete(BrowserFault).where(BrowserFault.last_at < now(session) - known.KEPT))
