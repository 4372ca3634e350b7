"""The one quiet line about the server at the top of every page: amber or red only when somebody must act."""

import time
from typing import Any

from flask import Flask, current_app
from flask_babel import gettext

from socle.appliance.backups import status
from socle.appliance.backups.runs import Backups
from socle.appliance.backups.status import Status
from socle.foundation.errors import SocleError
from socle.web.kit import navigation
from socle.web.kit.filters import ago, long_date
from socle.web.kit.navigation import HealthLine
from socle.web.kit.unit_of_work import reading, tool

_NAME = "socle-backup-status"
_KEPT_SECONDS = 60.0
"""How long one look serves every page of this process."""


def install(app: Flask) -> None:
    """Show the line on every page of the door."""
    navigation.show_health(app, line)


def line() -> HealthLine | None:
    """Say when the practice was backed up and proven, or what is wrong; nothing when that cannot be told."""
    found = _status()
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
    known: tuple[float, Status | None] | None = current_app.extensions.get(_NAME)
    if known is not None and time.monotonic() - known[0] < _KEPT_SECONDS:
        return known[1]
    try:
        with reading() as session:
            found: Status | None = status.read(session, tool(Backups), look=False)
    except (SocleError, KeyError, OSError):  # a line at the top must never take the page down with it
        found = None
    current_app.extensions[_NAME] = (time.monotonic(), found)
    return found
