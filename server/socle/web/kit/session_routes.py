"""What pages ask about their session by themselves: how it stands, hold what is typed, lock, sign out."""

from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from socle.foundation.errors import N_, SocleError
from socle.identity.sessions import held_forms, sessions
from socle.identity.sessions.reasons import Why
from socle.identity.sessions.standing import card_counts_until
from socle.web.kit import doorway, form_proof, held, return_path, security, viewer
from socle.web.kit.permissions import SIGNED_IN, allow, public
from socle.web.kit.unit_of_work import reading, writing

AT_STATION_MS = 250
"""How often a page at a workstation with a card asks: taking the card out locks the screen within a second."""
ASK_AGAIN_MS = 500
"""How often a page that is looked at asks: a session ended elsewhere leaves the screen within a second."""
blueprint = Blueprint("session", __name__, url_prefix="/session")
SECONDS_SINCE_INPUT = "X-Seconds-Since-Input"
_LONGEST_SECONDS = 7 * 24 * 3600


class NothingToHold(SocleError):
    """A page sent something that cannot be held."""

    code = "FORM-NOT-HELD"
    message = N_("What was typed could not be kept on the server.")
    hint = N_("Copy the text before you leave this page.")
    kind = "invalid"


@blueprint.get("/state")
@public
def state() -> Response:
    """Tell a page how its session stands, and take note of the last real input it saw."""
    shown, owner = viewer.presented(), form_proof.sent()
    if shown is None:
        return jsonify(state="ended", sign_in=url_for("sign_in.show"))
    if owner is not None and owner.account_id != shown.found.account_id:
        return jsonify(state="ended", reason=Why.ANOTHER_PERSON.value, sign_in=url_for("sign_in.show"))
    if shown.stands.state != "open":
        reason = shown.stands.reason.why.value if shown.stands.reason else None
        return jsonify(state=shown.stands.state, reason=reason, sign_in=url_for("sign_in.show"))
    last_input = shown.found.last_input_at
    since = request.headers.get(SECONDS_SINCE_INPUT, "")
    if since.isdecimal() and len(since) < 8 and int(since) < _LONGEST_SECONDS:
        seen = shown.seen_at - timedelta(seconds=int(since))
        viewer.note_input(shown.found, seen)
        last_input = max(last_input, seen)
    limits = doorway.limits()
    idle_left = last_input + limits.idle - shown.seen_at
    absolute_left = shown.found.signed_in_at + limits.absolute - shown.seen_at
    silent_at = card_counts_until(shown.found)
    return jsonify(
        state="open",
        idle_seconds=int(limits.idle.total_seconds()),
        idle_seconds_left=int(idle_left.total_seconds()),
        absolute_seconds_left=int(absolute_left.total_seconds()),
        card_seconds_left=None if silent_at is None else int((silent_at - shown.seen_at).total_seconds()),
        ask_again_ms=AT_STATION_MS if shown.found.workstation_id is not None else ASK_AGAIN_MS,
    )


@blueprint.post("/hold")
@public
def hold() -> ResponseReturnValue:
    """Hold what is typed in a page whose session has just been locked or ended, for the account the page was made for.

    Also what is typed in a page that its person leaves. Takes JSON: `page`, `action`, `fields` (pairs of name and
    value), and in `held` the number of the held form that it was taken up from. The form's token proves whose it is.
    """
    owner, sent = form_proof.sent(), _json()
    typed = _typed(sent)
    if owner is None or typed is None:
        raise NothingToHold()
    number = held.keep(owner.account_id, typed, _number(sent))
    return jsonify(held=number, sign_in=url_for("sign_in.show", next=typed.page, held=number))


@blueprint.post("/kept")
@allow(*SIGNED_IN)
def kept() -> Response:
    """Tell a page where the text goes on that its person typed in it and never sent. Takes JSON: `page`."""
    who, sent = viewer.current(), _json()
    page = sent.get("page") if isinstance(sent, dict) else None
    if who is None or not isinstance(page, str):
        return jsonify(go=None)
    asked = return_path.safe(return_path.without_held(page))
    with reading() as session:
        number = held_forms.newest_of_page(session, doorway.forms_key(), doorway.here().name, who.account_id, asked)
    return jsonify(go=None if number is None else return_path.with_held(asked, number))


@blueprint.post("/lock")
@public
def lock() -> ResponseReturnValue:
    """Lock this browser's session, and show the sign-in page of the same page."""
    shown = viewer.presented()
    if shown is not None and shown.stands.state == "open":
        with writing() as session:
            sessions.lock(session, shown.found.actor, shown.found.id)
    sent = _json() if request.is_json else request.form
    switch = "1" if isinstance(sent, Mapping) and sent.get("switch") else None
    page = return_path.page() if switch is None else None
    address = url_for("sign_in.show", next=page if page != return_path.HOME else None, switch=switch)
    if request.is_json:
        said = jsonify(state="locked", sign_in=address)
        return security.forget_what_was_seen(said) if switch else said
    answer = redirect(address, 303)
    return security.forget_what_was_seen(answer) if switch else answer


@blueprint.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End this browser's session; the cookie stays until the next sign-in, to say so."""
    shown = viewer.presented()
    if shown is not None and shown.stands.state != "ended":
        with writing() as session:
            sessions.end(session, shown.found.actor, shown.found.id, Why.SIGNED_OUT)
    return security.forget_what_was_seen(redirect(url_for("sign_in.show"), 303))


def _json() -> object:
    """Return the JSON sent; None if it is none, or is nested beyond all measure."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None


def _typed(sent: object) -> held_forms.Typed | None:
    if not isinstance(sent, dict):
        return None
    page, action, fields = sent.get("page"), sent.get("action"), sent.get("fields")
    if not isinstance(page, str) or not isinstance(action, str) or not isinstance(fields, list):
        return None
    pairs = tuple(
        (_storable(pair[0]), _storable(pair[1]))
        for pair in fields
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
    )
    safe = return_path.safe(return_path.without_held(page))
    return held_forms.Typed(safe, _storable(action), pairs)


def _number(sent: object) -> int | None:
    number = sent.get("held") if isinstance(sent, dict) else None
    return number if type(number) is int and 0 < number < 2**63 else None


def _storable(text: str) -> str:
    r"""Return the text without the halves of characters that JSON can spell (`\ud800`) and UTF-8 cannot."""
    return text.encode(errors="replace").decode()
