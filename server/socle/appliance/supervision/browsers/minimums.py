"""The oldest version of each browser that the maintainer admits."""

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from socle.appliance.supervision.browsers.models import BrowserMinimum
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail

DEFAULTS: Mapping[str, int] = {"Chrome": 140, "Edge": 140, "Firefox": 140, "Safari": 18}
"""What Socle's tests and its own pages ask for; a maintainer may ask for more or for less."""
NEWEST = 9999


class VersionWrong(SocleError):
    """A minimum that is no version."""

    code = "BROWSER-VERSION-WRONG"
    message = N_("“%(version)s” is not a browser's version.")
    hint = N_("Write the number before the first dot, such as 140.")
    kind = "invalid"


def listed(session: Session) -> dict[str, int]:
    """Return the minimum of each browser."""
    own = session.execute(select(BrowserMinimum.name, BrowserMinimum.version).limit(20)).all()
    return {**DEFAULTS, **{row.name: row.version for row in own if row.name in DEFAULTS}}


def change(session: Session, actor: Actor, wanted: Mapping[str, str]) -> None:
    """Keep the maintainer's minimums; VersionWrong names the one that is none."""
    versions = {name: _version(wanted.get(name, "")) for name in DEFAULTS}
    before = listed(session)
    session.execute(delete(BrowserMinimum))
    session.add_all(BrowserMinimum(name=name, version=version) for name, version in versions.items())
    changed = [name.lower() for name, version in versions.items() if before[name] != version]
    trail.record(session, actor, "browser.minimums", "browser", None, changed)


def _version(text: str) -> int:
    if not text.strip().isdecimal() or not 0 < int(text.strip()[:9]) <= NEWEST:
        raise VersionWrong(version=text[:20])
    return int(text.strip())
