"""The one quiet line about the server at the top of every page: amber or red only when somebody must act."""

import time
from dataclasses import dataclass
from typing import Any

from flask import current_app

from socle.appliance.backups import status
from socle.appliance.backups.runs import Backups
from socle.appliance.backups.status import Status
from socle.foundation.errors import SocleError
from socle.web.kit.filters import ago, long_date
from socle.web.kit.language import gettext, language
from socle.web.kit.unit_of_work import reading, tool

_NAME = "socle-health-line"
_KEPT_SECONDS = 60.0
"""How long one look serves every page of this process."""


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One quiet line about the server, in plain words."""

    state: str
    text: str


def line() -> HealthLine | None:
    """Say when the practice was backed up and proven, or what is wrong; nothing when that cannot be told."""
    kept: dict[str, tuple[float, HealthLine | None]] = current_app.extensions.setdefault(_NAME, {})
    known = kept.get(language())
    if known is None or time.monotonic() - known[0] > _KEPT_SECONDS:
        known = kept[language()] = (time.monotonic(), _written(_status()))
    return known[1]


def _written(found: Status | None) -> HealthLine | None:
    if found is None:
        return None
    if found.state != "green":
        worst = next(one for one in found.findings if one.state == found.state)
        details: dict[str, Any] = dict(worst.details)
        return HealthLine(found.state, gettext(worst.what) % details)
    sealed = min(one.sealed_at for one in found.targets if one.sealed_at)
    drilled = min(one.drilled_at for one in found.targets if one.drilled_at)
    return HealthLine(
        "green",
        gettext("Backed up %(when)s · restoration proven %(proven)s", when=long_date(sealed), proven=ago(drilled)),
    )


def _status() -> Status | None:
    try:
        with reading() as session:
            return status.read(session, tool(Backups), look=False)
    except (SocleError, KeyError, OSError):  # a line at the top must never take the page down with it
        return None
