"""A browser in which pages have been breaking: its person may not have said so."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select

from socle.appliance.supervision.browsers import known
from socle.appliance.supervision.browsers.models import BrowserFault, KnownBrowser
from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation.checks import Finding
from socle.foundation.errors import N_

STILL = timedelta(hours=24)
"""A fault not seen for longer is no reason to call anybody."""
FEWEST = 3
_BREAKS = ("script", "promise", "file", "request")
_DO = N_("Open the page “Browsers”: it says what breaks, on which page, and since when.")
_SILENT = N_("Buttons may do nothing there, and what is typed may be lost; nobody may have told you.")
_BROWSER = N_("It began after the browser's update: %(before)s before, %(after)s now.")
_SOCLE = N_("It began after Socle's update: %(before)s before, %(after)s now.")


def check(circumstances: Circumstances) -> Finding:
    """Amber while something that breaks pages was seen three times, the last time within a day."""
    recent = BrowserFault.last_at > circumstances.moment - STILL
    wanted = (
        select(BrowserFault, KnownBrowser)
        .join(KnownBrowser, KnownBrowser.id == BrowserFault.browser_id)
        .where(recent, BrowserFault.kind.in_(_BREAKS), BrowserFault.count >= FEWEST)
        .order_by(BrowserFault.first_at)
        .limit(500)
    )
    found = circumstances.session.execute(wanted)
    rows = [(fault, browser) for fault, browser in found if not _elsewhere(fault)]
    return judged(rows, known.workstations(circumstances.session, [browser for _, browser in rows]))


def judged(rows: list[tuple[BrowserFault, KnownBrowser]], names: Mapping[int, str]) -> Finding:
    """Name the browser that has been broken for longest, and how many others are; pure."""
    if not rows:
        return Finding("BROWSERS", "green", N_("Browsers: none reports broken pages."))
    fault, browser = rows[0]
    others = len({each.id for _, each in rows}) - 1
    place = names.get(browser.id, browser.address)
    details: dict[str, object] = {"browser": browser.browser, "address": place, "at": fault.first_at}
    what = N_("%(browser)s at %(address)s: its pages have been breaking since %(at)s.")
    if others:
        what = N_("%(browser)s at %(address)s: its pages have been breaking since %(at)s; and %(others)s more.")
        details["others"] = others
    why = _SILENT
    if fault.browser_before:
        why, details["before"], details["after"] = _BROWSER, fault.browser_before, fault.browser
    elif fault.socle_before:
        why, details["before"], details["after"] = _SOCLE, fault.socle_before, fault.socle
    return Finding("BROWSER-BROKEN", "amber", what, why, _DO, details)


def _elsewhere(fault: BrowserFault) -> bool:
    """What an extension breaks is not Socle's, and a network that was away is no broken page."""
    return fault.place in {"extension", "elsewhere"} or fault.what.endswith("no answer")
