"""Where to go back to after signing in: a page of this very server, or its home."""

import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from flask import request

HOME = "/"
_MOST = 1500
_ODD = re.compile(r"[\x00-\x20\\\x7f\ud800-\udfff]")
_NEVER = ("/sign-in", "/session/", "/static/")


def safe(path: str | None) -> str:
    """Return `path` if it is a page of this server (path and query only); its home page otherwise."""
    if not path or len(path) > _MOST or _ODD.search(path):
        return HOME
    parts = _split(path)
    own = not parts.scheme and not parts.netloc and path.startswith("/") and not path.startswith("//")
    return path if own and not parts.path.startswith(_NEVER) else HOME


def without_held(path: str) -> str:
    """Return the page's path without the number of a held form."""
    parts = _split(path)
    query = urlencode([pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "held"])
    return f"{parts.path}?{query}" if query else parts.path


def with_held(path: str, number: int) -> str:
    """Return the page's path with the number of a held form, so that the page fills it in again."""
    plain = without_held(path)
    return f"{plain}{'&' if '?' in plain else '?'}held={number}"


def page() -> str:
    """Return the page the person is on: the one navigated to, or the one whose script or form sent this request."""
    script = "HX-Request" in request.headers or request.headers.get("Sec-Fetch-Dest") == "empty"
    if request.method == "GET" and not script:
        return safe(without_held(request.full_path.rstrip("?")))
    sender = _split(request.headers.get("HX-Current-URL") or request.referrer or "")
    if sender.netloc != request.host:
        return HOME if script else safe(request.path)
    return safe(without_held(f"{sender.path}?{sender.query}" if sender.query else sender.path))


def _split(address: str) -> SplitResult:
    """Split an address; one that is none (`//[`) has no parts."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")
