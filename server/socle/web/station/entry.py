"""The browser that an agent opened: it comes in with a ticket, or waits on its sign-in page for the next card."""

from flask import Response, jsonify, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.identity.sessions import doors, held_forms, sessions, tickets, tokens
from socle.identity.sessions.factors import holdings
from socle.identity.sessions.sessions import Place
from socle.web.kit import browser_place, doorway, return_path, sign_in_reason, viewer
from socle.web.kit.permissions import public
from socle.web.kit.unit_of_work import noting, reading, writing
from socle.web.station.agent import blueprint


@blueprint.get("/enter")
@public
def enter() -> str:
    """Show the page that turns a ticket into a session; the ticket is in the address's fragment, so in no log."""
    return render_template("station/enter.html")


@blueprint.post("/hand-over")
@public
def hand_over() -> ResponseReturnValue:
    """Let this browser in when a ticket was sent or waits for it; otherwise say that it has to go on waiting."""
    ticket = request.form.get("ticket", "")[:100] or None
    known = browser_place.known()
    key = doorway.forms_key()
    cookie = request.cookies[doors.BROWSER_COOKIE] if known is not None else tokens.new(key)
    place = browser_place.place(tokens.digest(cookie))
    if ticket is None:
        if viewer.current() is not None:
            return jsonify(go=return_path.safe(request.form.get("next")))
        if not _waits(place):
            return jsonify(waiting=True)
    before, token = sign_in_reason.find(), tokens.new(key)
    with writing() as session:
        account, _number = tickets.let_in(session, ticket, place, tokens.digest(token), doorway.limits())
        shown = viewer.presented()
        if shown is not None and shown.found.account_id != account.id and shown.stands.state == "open":
            sessions.lock(session, shown.found.actor, shown.found.id)
        untold = holdings.untold(session, account.id) is not None
    go = _target(account.id, before.account_id)
    answer = make_response(jsonify(go=url_for("account_factors.show_told", next=go) if untold else go))
    _set(answer, token, cookie)
    return answer


def _waits(place: Place) -> bool:
    """Tell whether a ticket waits for this browser; if it lost its session's cookie, have the agent open it again."""
    with reading() as session:
        if tickets.waiting(session, place.browser_digest) is not None:
            return True
    if viewer.presented() is None:
        with noting() as session:
            tickets.ask_to_reopen(session, place)
    return False


def _target(account_id: int, account_before: int | None) -> str:
    """Return where the person was: the page of their text, or the one asked for; home for somebody else."""
    held = request.form.get("held", "")
    if held.isdecimal() and len(held) < 19:
        with reading() as session:
            kept = held_forms.open_again(session, doorway.forms_key(), doorway.here().name, account_id, int(held))
        if kept is not None:
            return return_path.with_held(return_path.safe(kept.typed.page), int(held))
    same = account_before in {None, account_id}
    return return_path.safe(request.form.get("next")) if same else return_path.HOME


def _set(answer: Response, token: str, browser_cookie: str) -> None:
    answer.set_cookie(doors.STAFF.cookie, token, path="/", secure=True, httponly=True, samesite="Lax")
    browser_place.remember(answer, browser_cookie)
