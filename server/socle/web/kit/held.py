"""Typed text across a sign-in: takes the sent form out of a request, and gives it back to the page later."""

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from socle.foundation import log
from socle.identity.sessions import held_forms
from socle.web.kit import doorway, return_path
from socle.web.kit.unit_of_work import reading, writing

_FIELD = "_held"
"""The field in which a form says which held one it was taken up from."""


def keep_sent(account_id: int) -> int | None:
    """Hold the form this request sends for the account that it was made for; None when nothing may be kept."""
    fields = tuple((name, value) for name, value in request.form.items(multi=True))
    return keep(account_id, held_forms.Typed(return_path.page(), request.path, fields), _sent())


def keep(account_id: int, typed: held_forms.Typed, instead_of: int | None = None) -> int | None:
    """Hold typed text for an account, in the place of the one it was taken up from; return its number."""
    with writing() as session:
        number = held_forms.hold(session, doorway.forms_key(), doorway.here().name, account_id, typed)
        if number is not None and instead_of is not None:
            held_forms.forget(session, account_id, instead_of)
    if number is not None:
        log.info("form_held", account=account_id, door=doorway.here().name)
    return number


def give_back(account_id: int) -> None:
    """Hand the page the held form that its address names, if it is this account's and of this page."""
    number = request.args.get("held", "")
    if request.method != "GET" or not number.isdecimal() or len(number) > 18:
        return
    with reading() as session:
        kept = held_forms.open_again(session, doorway.forms_key(), doorway.here().name, account_id, int(number))
    if kept is not None and kept.typed.page == return_path.page():
        g.held_fields = {
            "id": kept.id,
            "action": kept.typed.action,
            "at": kept.held_at.isoformat(),
            "fields": [list(pair) for pair in kept.typed.fields],
        }


def install(app: Flask) -> None:
    """Throw a held form away once it was sent and taken; a page that shows it again goes on knowing its number."""
    app.after_request(_forget_sent)
    app.context_processor(lambda: {"held_sent": _sent_by_viewer()})


def _forget_sent(response: Response) -> Response:
    number = _sent_by_viewer() if response.status_code < 400 else None
    if number is None:
        return response
    who, key, door = g.viewer, doorway.forms_key(), doorway.here().name
    with reading() as session:
        kept = held_forms.open_again(session, key, door, who.account_id, number)
    if kept is not None and kept.typed.action == request.path:
        with writing() as session:
            held_forms.forget(session, who.account_id, number)
    return response


def _sent_by_viewer() -> int | None:
    """Return the number in a signed-in person's form; a stranger's is not read, and a refused one has its own error."""
    if request.method != "POST" or g.get("viewer") is None:
        return None
    try:
        return _sent()
    except HTTPException:
        return None


def _sent() -> int | None:
    number = request.form.get(_FIELD, "")
    return int(number) if number.isdecimal() and len(number) < 19 else None
