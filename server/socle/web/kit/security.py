"""Headers, and proof that a form was sent from our own page to the person it was made for."""

import hmac
from typing import Literal

from flask import Flask, Response, request
from itsdangerous import BadData, URLSafeSerializer

from socle.foundation.errors import N_, SocleError
from socle.foundation.secrets import Keys
from socle.web.kit import viewer
from socle.web.kit.unit_of_work import tool

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD = "_csrf"
HEADER = "X-CSRF-Token"
Owner = Literal["this session", "another session", "nobody"]


class SentFromElsewhere(SocleError):
    """Another site's page tried to send a form here."""

    code = "FORM-FROM-ELSEWHERE"
    message = N_("This request did not come from one of Socle's own pages.")
    hint = N_("Nothing was changed. Go back to Socle and do it from there.")
    kind = "refused"


class FormOfAnotherSession(SocleError):
    """The form was made for somebody else, or its proof is missing."""

    code = "FORM-OF-ANOTHER-SESSION"
    message = N_("This form was opened in another session, so it was not saved.")
    hint = N_("Nothing was changed. Open the page again and send it from there.")
    kind = "refused"


def _serializer() -> URLSafeSerializer:
    key = hmac.digest(tool(Keys).read("forms"), b"form owner", "sha256")
    return URLSafeSerializer(key, salt="socle.form")


def form_token() -> str:
    """Return the token for this viewer's forms (empty for a visitor: their forms lean on the origin check)."""
    who = viewer.current()
    return _serializer().dumps([who.account_id, who.session_id]) if who else ""


def form_account() -> int | None:
    """Return the account for whom the sent form was made, whatever its session; None if its proof is not ours."""
    token = request.headers.get(HEADER) or request.form.get(FIELD, "")
    try:
        account, _session = _serializer().loads(token)
    except (BadData, ValueError, TypeError):
        return None
    return account if isinstance(account, int) else None


def _owner() -> Owner:
    who = viewer.current()
    token = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if who is not None and hmac.compare_digest(token.encode(), form_token().encode()):
        return "this session"
    return "another session" if who is not None and form_account() == who.account_id else "nobody"


def check_origin() -> None:
    """Refuse an unsafe request that another site's page sent (a hook before each request)."""
    if request.method in _SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    if site not in {"same-origin", "none"} or (origin is not None and origin.rpartition("//")[2] != request.host):
        raise SentFromElsewhere()


def check_form() -> object:
    """Refuse a signed-in person's unsafe request without this session's token; their own older form is kept."""
    if request.method in _SAFE or viewer.current() is None:
        return None
    owner = _owner()
    if owner == "another session":
        return viewer.keep_form_and_show_again()
    if owner == "nobody":
        raise FormOfAnotherSession()
    return None


def add_headers(response: Response) -> Response:
    """Set the headers every answer carries; nothing signed-in people see stays in a browser's cache."""
    headers = response.headers
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
    headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint and (request.endpoint == "static" or request.endpoint.endswith(".static")):
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        headers.setdefault("Cache-Control", "no-store")
    return response


def install(app: Flask) -> None:
    """Set the headers on every answer."""
    app.after_request(add_headers)
