"""Whether this browser is one that a workstation's agent opened: its sign-in page then waits for the next card."""

from flask import Flask

from socle.identity.sessions import doors, sessions, workstations
from socle.web.kit import browser_place, doorway
from socle.web.kit.unit_of_work import reading


def install(app: Flask) -> None:
    """Let the sign-in page ask."""
    app.jinja_env.globals["station_here"] = name_here


def name_here() -> str | None:
    """Return the name of the workstation whose agent opened this browser.

    A browser that lost even the cookie that names it is taken for the one last seen open at its address: it may wait.
    """
    if doorway.here() is not doors.STAFF:
        return None
    known = browser_place.known()
    with reading() as session:
        if known is not None:
            station = workstations.of_browser(session, known)
            return station.name if station is not None else None
        last = sessions.last_live_at(session, doors.STAFF.name, browser_place.place(b""))
    return last.station_name if last is not None and last.factor == "card" else None
