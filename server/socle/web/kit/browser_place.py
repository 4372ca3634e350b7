"""Where a request comes from: its address, its browser, and the cookie that names the browser for a year."""

import re
from datetime import timedelta

from flask import Response, request

from socle.identity.sessions import tokens
from socle.identity.sessions.doors import BROWSER_COOKIE
from socle.identity.sessions.sessions import Place

_YEAR = timedelta(days=365)
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def address() -> str:
    """Return the caller's network address."""
    return request.remote_addr or "?"


def described(user_agent: str) -> str:
    """Return a browser in a few words ("Firefox 140 · Windows"), as its user agent says."""
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    name, version = family(user_agent)
    return " · ".join(filter(None, (f"{name} {version}" if version else name, system))) or "?"


def family(user_agent: str) -> tuple[str, int]:
    """Return a browser's name and the number of its version; "" and 0 for what the user agent does not say."""
    for mark, name in _BROWSERS:
        if mark in user_agent:
            version = re.search(rf"{re.escape('Version/' if name == 'Safari' else mark)}(\d{{1,4}})", user_agent)
            return name, int(version[1]) if version else 0
    return "", 0


def user_agent() -> str:
    """Return what the browser says it is, not more than a few words of it."""
    return request.user_agent.string[:400]


def known() -> bytes | None:
    """Return the digest of the browser's own cookie; None if it has none yet."""
    cookie = request.cookies.get(BROWSER_COOKIE, "")
    return tokens.digest(cookie) if 40 <= len(cookie) <= 80 else None


def place(browser_digest: bytes) -> Place:
    """Return where this request comes from, for a browser of that digest."""
    return Place(browser_digest, described(user_agent()), address())


def remember(response: Response, cookie: str) -> None:
    """Name the browser for a year."""
    response.set_cookie(BROWSER_COOKIE, cookie, max_age=_YEAR, path="/", secure=True, httponly=True, samesite="Lax")
