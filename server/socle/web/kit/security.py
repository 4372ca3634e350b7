"""Headers, and proof that a form was sent from our own page to the person it was made for."""

from typing import TypeVar

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as WerkzeugResponse

from socle.foundation.errors import N_, SocleError
from socle.web.kit import form_proof, permissions, viewer

CONTENT_SECURITY_POLICY = "; ".join(  # noqa: FLY002 - one rule a line reads better
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
Answer = TypeVar("Answer", bound=WerkzeugResponse)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


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


class FormOfAnotherPerson(SocleError):
    """Somebody typed the form before another person signed in with this browser; its text waits for its author."""

    code = "FORM-OF-ANOTHER-PERSON"
    message = N_("This form was opened by the person who was signed in here before you, so it was not saved.")
    hint = N_("Nothing was changed. What was typed is kept for that person for a day: it is on their account page.")
    kind = "refused"


def form_token() -> str:
    """Return the token for this viewer's forms (empty for a visitor: their forms lean on the origin check)."""
    who = viewer.current()
    if who is None:
        return ""
    owner, token = g.get("form_token", (None, ""))
    if owner != who.session_id:  # a page has many forms: the token is made once for each request
        token = form_proof.make(who.account_id, who.session_id)
        g.form_token = (who.session_id, token)
    return str(token)


def check_origin() -> None:
    """Refuse an unsafe request that another site's page sent (a hook before each request)."""
    if request.method in _SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    if site not in {"same-origin", "none"} or (origin is not None and origin.rpartition("//")[2] != request.host):
        raise SentFromElsewhere()


def check_form() -> ResponseReturnValue | None:
    """Refuse a signed-in person's unsafe request without this session's token; their own older form is kept."""
    who = viewer.current()
    if request.method in _SAFE or who is None or request.endpoint is None:
        return None
    if permissions.requirement(current_app, request.endpoint) == permissions.PUBLIC:
        return None  # signing in and out: a page that is older than the session must still be able to; origin checked
    owner = form_proof.sent()
    if owner is None:
        raise FormOfAnotherSession()
    if owner.account_id != who.account_id:
        raise FormOfAnotherPerson() if viewer.keep_form_for_its_author() else FormOfAnotherSession()
    return None if owner.session_id == who.session_id else viewer.keep_form_and_show_again()


def add_headers(response: Response) -> Response:
    """Set the headers every answer carries; nothing but static files (see assets) stays in a browser's cache."""
    headers = response.headers
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
    headers["Strict-Transport-Security"] = "max-age=31536000"
    headers.setdefault("Cache-Control", "no-store")
    return response


def forget_what_was_seen(answer: Answer) -> Answer:
    """Have the browser throw away what it holds of pages: somebody else may be next at this workstation.

    Pages are never stored (no-store); this also takes those that a browser keeps alive behind its back button.
    """
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def install(app: Flask) -> None:
    """Set the headers on every answer."""
    app.after_request(add_headers)
