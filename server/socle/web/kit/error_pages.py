"""What a person sees when something went wrong: what happened, what was kept, what to do, a code; no stack trace."""

from typing import Any

from flask import Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound, RequestEntityTooLarge

from socle.foundation import log
from socle.foundation.errors import N_, Kind, SocleError
from socle.web.kit import uploads
from socle.web.kit.language import gettext

STATUS: dict[Kind, int] = {
    "invalid": 400,
    "refused": 403,
    "missing": 404,
    "conflict": 409,
    "too_many": 429,
    "unavailable": 503,
    "broken": 500,
}


class PageMissing(SocleError):
    """No such page."""

    code = "PAGE-MISSING"
    message = N_("There is no such page.")
    hint = N_("Check the address, or start again from the home page.")
    kind = "missing"


class TooLarge(SocleError):
    """More was sent than this page takes."""

    code = "REQUEST-TOO-LARGE"
    message = N_("What was sent is too large for this page.")
    hint = N_("Nothing was changed. Shorten the text or choose a smaller file, then send it again.")
    kind = "invalid"


class RequestWrong(SocleError):
    """A request no page of ours makes."""

    code = "REQUEST-WRONG"
    message = N_("The server did not understand this request.")
    hint = N_("Nothing was changed. Go back, open the page again and retry.")
    kind = "invalid"


class Broken(SocleError):
    """A fault of Socle's own."""

    code = "SERVER-FAULT"
    message = N_("Something in Socle broke while it was answering you.")
    hint = N_("What was saved before is safe. Try again; if it comes back, read this code to your maintainer.")
    kind = "broken"


def words(error: SocleError) -> dict[str, str]:
    """Return the error's message, hint and code in the reader's language."""
    details = {name: value if isinstance(value, (int, str)) else str(value) for name, value in error.details.items()}
    return {
        "message": gettext(error.message) % details if details else gettext(error.message),
        "hint": gettext(error.hint) % details if details else gettext(error.hint),
        "code": error.code,
    }


def noted(error: SocleError) -> dict[str, str]:
    """Return the error's words for a page that shows them beside its own form, and write the refusal down."""
    log.warning("request_refused", code=error.code, status=STATUS[error.kind], route=request.endpoint)
    return words(error)


def wants_json() -> bool:
    """Tell whether the caller is a script of ours rather than a person's navigation."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json" or request.is_json


def answer(error: SocleError, **extra: Any) -> ResponseReturnValue:
    """Answer with the error, as a page, a fragment or JSON."""
    status = STATUS[error.kind]
    log.warning("request_refused", code=error.code, status=status, route=request.endpoint, method=request.method)
    said = words(error)
    if wants_json():
        return jsonify({**said, **extra}), status
    fragment = request.headers.get("HX-Request") == "true"
    template = "kit/error_fragment.html" if fragment else "kit/error.html"
    return render_template(template, error=said, status=status, **extra), status


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is not None and error.code < 400:
        return error.get_response()
    if isinstance(error, InternalServerError):
        return _unexpected(error.original_exception or error)
    if isinstance(error, NotFound):
        return answer(PageMissing())
    if isinstance(error, RequestEntityTooLarge):
        uploads.read_on()
        return answer(TooLarge())
    return answer(RequestWrong())


def _unexpected(error: BaseException) -> ResponseReturnValue:
    log.error("request_failed", cause=error, code=Broken.code, route=request.endpoint, method=request.method)
    return answer(Broken())


def install(app: Flask) -> None:
    """Answer every failure in words."""
    app.register_error_handler(SocleError, answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
