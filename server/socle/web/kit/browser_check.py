"""The browser check, open before sign-in at both doors: what this browser can do, and a code to read on the phone.

Without JavaScript the page says what the server sees by itself: the cookie (given, and asked back after a redirection),
the version and the encryption. Its script then adds what only the page can see, and the server judges the whole.
"""

import hashlib
import ssl
from datetime import timedelta
from functools import cache
from pathlib import Path

import msgspec
from flask import Blueprint, Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.appliance.supervision.browsers import check_reports, verdict
from socle.appliance.supervision.browsers.check_reports import TooManyReports
from socle.appliance.supervision.browsers.facts import LARGEST, Facts, Seen
from socle.appliance.supervision.browsers.verdict import Line
from socle.foundation.clock import Clock
from socle.foundation.errors import N_, SocleError
from socle.identity.sessions import tokens
from socle.web.kit import browser_place, doorway, error_pages
from socle.web.kit.permissions import public
from socle.web.kit.unit_of_work import reading, tool, writing

blueprint = Blueprint("browser_check", __name__, url_prefix="/browser-check")
COOKIE = "__Host-socle-check"
_HOUR = timedelta(hours=1)
_WHOLE = ("css/socle.css", "js/session.js", "vendor/htmx.min.js", "vendor/icons.svg")
"""Files of every page whose arrival the page checks, byte by byte."""


class ReportWrong(SocleError):
    """What was sent is no report of our page."""

    code = "BROWSER-CHECK-WRONG"
    message = N_("The server did not understand what this page found.")
    hint = N_("Reload the page; if it comes back, an extension or a proxy changes what the page sends.")
    kind = "invalid"


@blueprint.get("")
@public
def show() -> ResponseReturnValue:
    """Give a cookie and ask for it back; then show what the server sees."""
    if COOKIE in request.cookies or request.args.get("again"):
        return _page(_seen())
    answer = make_response(redirect(url_for("browser_check.show", again=1), 303))
    return _with_cookie(answer)


@blueprint.get("/clock")
@public
def clock() -> Response:
    """Tell the page what time the server has, in seconds since 1970."""
    return jsonify(now=tool(Clock).now().timestamp())


@blueprint.post("/report")
@public
def report() -> ResponseReturnValue:
    """Keep a report, from the page's script (JSON) or from the form of a page without one; answer with the verdict."""
    seen = _seen()
    facts = _facts()
    if not request.is_json:
        return _page(seen, *_kept(facts, seen))
    code, error = _kept(facts, seen)
    lines = _judged(facts, seen)
    shown = {"lines": lines, "state": verdict.worst(lines), "code": code, "error": _words(error)}
    return render_template("kit/browser_check_verdict.html", **shown)


def _kept(facts: Facts, seen: Seen) -> tuple[str, SocleError | None]:
    # Without the cookie that tells browsers apart, those of one address and kind are one: they share a code.
    own = request.cookies.get(COOKIE) or f"{browser_place.address()} {seen.user_agent}"
    try:
        with writing() as session:
            mark = hashlib.sha256(own[:400].encode()).digest()
            door = doorway.here().name
            return check_reports.keep(session, facts, seen, mark, door, browser_place.address()), None
    except TooManyReports as error:
        return "", error


def _judged(facts: Facts, seen: Seen) -> list[Line]:
    with reading() as session:
        return check_reports.judged(session, facts, seen)


def _page(seen: Seen, code: str = "", error: SocleError | None = None) -> Response:
    lines = _judged(Facts(), seen)
    shown = {
        "lines": lines,
        "state": verdict.worst(lines),
        "code": code,
        "error": _words(error),
        "files": {name: _digest(current_app.static_folder or "", name) for name in _WHOLE},
    }
    answer = make_response(render_template("kit/browser_check.html", **shown))
    return answer if COOKIE in request.cookies else _with_cookie(answer)


def _words(error: SocleError | None) -> dict[str, str] | None:
    return error_pages.words(error) if error else None


def _with_cookie(answer: Response) -> Response:
    value = tokens.new(doorway.forms_key())
    answer.set_cookie(COOKIE, value, max_age=_HOUR, path="/", secure=True, httponly=True, samesite="Lax")
    return answer


def _facts() -> Facts:
    if not request.is_json:
        return Facts()
    body = request.get_data()[: LARGEST + 1]
    try:
        if len(body) > LARGEST:
            raise ReportWrong()
        return msgspec.json.decode(body, type=Facts)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ReportWrong() from None


def _seen() -> Seen:
    said = browser_place.user_agent()
    name, version = browser_place.family(said)
    return Seen(
        cookie_came_back=COOKIE in request.cookies,
        browser=browser_place.described(said),
        family=name,
        version=version,
        tls=_tls(),
        user_agent=said,
    )


def _tls() -> str:
    """Return the version of TLS this request came with ("TLS 1.3"); "" behind a proxy that keeps it to itself."""
    link = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    return (link.version() or "").replace("TLSv", "TLS ") if isinstance(link, ssl.SSLSocket) else ""


@cache
def _digest(folder: str, name: str) -> str:
    path = Path(folder) / name
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
