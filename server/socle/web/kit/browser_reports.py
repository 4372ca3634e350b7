"""Takes what breaks in the pages of any door, from signed-in people and visitors, and keeps nothing of a patient in it.

A page's address may name a patient, so its numbers are taken out before it is sent (static/js/reports.js) and only the
template of the route it leads to is kept.
"""

import hashlib
import re
from importlib import metadata

import msgspec
from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from socle.appliance.supervision.browsers import faults
from socle.appliance.supervision.browsers.faults import LARGEST, Report
from socle.appliance.supervision.browsers.known import BrowserTalksTooMuch, Speaker
from socle.foundation import log
from socle.foundation.errors import N_, SocleError
from socle.identity.sessions import tokens
from socle.identity.sessions.doors import BROWSER_COOKIE
from socle.web.kit import assets, browser_place, doorway
from socle.web.kit.permissions import public
from socle.web.kit.unit_of_work import writing

blueprint = Blueprint("browser_reports", __name__)
_LIMITS = re.compile(r"\(.*?\)")
"""What a route asks of a number: `<int(max=99):row>` reads `<int:row>`."""


class FaultReportWrong(SocleError):
    """What was sent is no report of our pages."""

    code = "BROWSER-REPORT-WRONG"
    message = N_("The server did not understand this report of a page.")
    hint = N_("Nothing was kept of it.")
    kind = "invalid"


@blueprint.post("/browser-reports")
@public
def take() -> ResponseReturnValue:
    """Count what a page says broke in it."""
    sent = _sent()
    found = [faults.scrubbed(one, template(sent.page), template(one.target)) for one in sent.faults]
    speaker = _speaker()
    try:
        with writing() as session:
            faults.note(session, speaker, doorway.here().name, found)
    except BrowserTalksTooMuch as error:
        log.warning("browser_reports_too_many", address=speaker.address, code=error.code)
        raise
    for one in found:
        log.warning("page_broke", kind=one.kind, route=one.route, name_of_part=one.place, count=one.times)
    return Response(status=204)


def template(path: str) -> str:
    """Return the template of the route that a path leads to ("/patients/<int:number>"); "?" for none of ours."""
    if not path.startswith("/"):
        return "?" if path else ""
    routes = current_app.url_map.bind("localhost")
    for method in ("GET", "POST"):
        try:
            rule, _ = routes.match(path[:300].partition("?")[0], method=method, return_rule=True)
        except HTTPException:
            continue
        return _LIMITS.sub("", rule.rule)
    return "?"


def version() -> str:
    """Return the version of Socle that pages show: two builds of one number are told apart by their files."""
    return f"{metadata.version('socle-clinic')} ({assets.version(current_app)[:6]})"


def _speaker() -> Speaker:
    said = browser_place.user_agent()
    browser = browser_place.described(said)
    cookie = request.cookies.get(BROWSER_COOKIE, "")
    if tokens.made_here(doorway.forms_key(), cookie):
        mark = tokens.digest(cookie)
    else:
        kind = browser.translate(str.maketrans("", "", "0123456789"))
        mark = hashlib.sha256(f"{browser_place.address()}\0{kind}".encode()).digest()
    return Speaker(mark, browser_place.address()[:64], browser[:80], version()[:40])


def _sent() -> Report:
    body = request.get_data()[: LARGEST + 1]
    try:
        if len(body) > LARGEST:
            raise FaultReportWrong()
        return msgspec.json.decode(body, type=Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise FaultReportWrong() from None
