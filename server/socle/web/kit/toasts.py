"""One quiet line on the next page that says what was done, with its undo: `return toasts.then(redirect(…), …)`.

It travels in a cookie that lives a minute, since the session's cookie is one opaque value. It holds no name and no
value of a patient: the sentence is a fixed one.
"""

from dataclasses import asdict, dataclass
from typing import Any

from flask import Flask, Response, g, request
from itsdangerous import BadData, URLSafeTimedSerializer

from socle.web.kit import doorway
from socle.web.kit.language import gettext

COOKIE = "__Host-socle-toast"
_SECONDS = 60


@dataclass(frozen=True)
class Toast:
    """What to say (in the reader's language), "red" if it failed, and the address to post to that undoes it."""

    text: str
    state: str = ""
    undo: str = ""


def then(response: Any, text: str, *, undo: str = "", state: str = "") -> Any:
    """Make the page that follows `response` (a redirection) say `text`, an English msgid."""
    toast = Toast(gettext(text), state, undo)
    response.set_cookie(
        COOKIE, _signer().dumps(asdict(toast)), max_age=_SECONDS, path="/", secure=True, httponly=True, samesite="Lax"
    )
    return response


def install(app: Flask) -> None:
    """Hand the toast to the page, once."""

    def waiting() -> dict[str, Any]:
        cookie = request.cookies.get(COOKIE)
        if not cookie or request.headers.get("HX-Request") == "true":
            return {"toasts": []}
        g.toast_was_shown = True
        try:
            return {"toasts": [Toast(**_signer().loads(cookie, max_age=_SECONDS))]}
        except (BadData, TypeError):
            return {"toasts": []}

    def forget(response: Response) -> Response:
        if g.pop("toast_was_shown", False):
            response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        return response

    app.context_processor(waiting)
    app.after_request(forget)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(doorway.forms_key(), salt="socle.toast")
