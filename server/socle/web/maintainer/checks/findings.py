"""Findings in the reader's words, and where they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from socle.appliance.maintenance import authority
from socle.appliance.supervision import health
from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation.checks import Finding, State
from socle.foundation.database import now
from socle.foundation.home import Home
from socle.identity.people.directory import Directory
from socle.web.kit.filters import long_date, number
from socle.web.kit.language import gettext
from socle.web.kit.unit_of_work import reading, tool


@dataclass(frozen=True)
class Words:
    """One finding as it is shown."""

    code: str
    state: State
    what: str
    why: str
    do: str


def examine(others: Sequence[Finding] = ()) -> list[Finding]:
    """Run every check now; `others` are findings the caller has already."""
    home = tool(Home)
    found = [*others, tool(Directory).probe()]
    with reading() as session:
        circumstances = Circumstances(session, home, now(session), authority.last_day(home.keys))
        return health.examine(circumstances, found)


def in_words(finding: Finding) -> Words:
    """Translate a finding and fill its places."""
    details = _readable(finding.details)
    what, why, do = (gettext(text) % details if text else "" for text in (finding.what, finding.why, finding.do))
    return Words(finding.code, finding.state, what, why, do)


def _readable(details: Mapping[str, object]) -> dict[str, object]:
    return {name: _written(value) for name, value in details.items()}


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return long_date(value)
    return number(value) if isinstance(value, float) else value
