"""Who is looking: the signed-in person behind the request, found once per request by one query.

The kit calls `current()`, `ask_to_sign_in()`, `keep_form_and_show_again()`; apps call `install(app, door)`.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Flask, Response, g, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from socle.foundation.database import now
from socle.identity.actor import Actor, Role
from socle.identity.sessions import sessions, tokens
from socle.identity.sessions.doors import Door
from socle.identity.sessions.standing import Found, Standing, standing
from socle.web.kit import doorway, form_proof, held, return_path
from socle.web.kit.unit_of_work import noting, reading, writing

BACKGROUND = "X-Background"
"""Header of requests a page makes by itself: they are no sign that somebody is there."""
_BY_ITSELF = frozenset(
    {"session.state", "session.kept", "browser_reports.take", "browser_check.report", "browser_check.clock"}
)
"""Routes that only a page's script asks for, header or not."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person, as pages need them."""

    account_id: int
    session_id: int
    username: str
    display_name: str
    roles: frozenset[Role]
    workstation: str | None
    language: str

    def actor(self) -> Actor:
        """Return the author of what this request changes."""
        return Actor(self.account_id, self.display_name, self.roles, self.workstation, self.session_id)


@dataclass(frozen=True, slots=True)
class Presented:
    """The session whose cookie this request presents, however it stands."""

    found: Found
    stands: Standing
    seen_at: datetime


def current() -> Viewer | None:
    """Return the signed-in person of this request; None for a visitor, also while their session is locked."""
    who: Viewer | None = g.get("viewer")
    return who


def presented() -> Presented | None:
    """Return the session this browser presents, locked and ended ones included; None without a cookie we know."""
    shown: Presented | None = g.get("presented")
    return shown


def actor() -> Actor:
    """Return the author of what this request changes; only on routes that are not public."""
    who = current()
    if who is None:
        raise LookupError("this route is open to visitors: nobody acts here")
    return who.actor()


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a visitor to the sign-in page with the reason (a script gets 401 and the address), keeping a sent form."""
    owner = form_proof.sent() if request.method == "POST" else None
    number = held.keep_sent(owner.account_id) if owner else None
    page = return_path.page()
    address = url_for("sign_in.show", next=page if page != return_path.HOME else None, held=number)
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Redirect": address})
    if request.is_json or request.accept_mimetypes.best == "application/json":
        shown = presented()
        code = "SESSION-LOCKED" if shown and shown.stands.state == "locked" else "SESSION-ENDED"
        message = gettext("Your session is locked or over: sign in to go on.")
        return jsonify(code=code, message=message, sign_in=address), 401
    return redirect(address, 303)


def keep_form_and_show_again() -> ResponseReturnValue:
    """Hold the form just sent (made by this person in an older session) and show its page again with the values."""
    who = current()
    number = held.keep_sent(who.account_id) if who else None
    page = return_path.page()
    address = return_path.with_held(page, number) if number is not None else page
    if request.headers.get("HX-Request") == "true":
        return Response(status=409, headers={"HX-Redirect": address})
    return redirect(address, 303)


def keep_form_for_its_author() -> bool:
    """Hold a form that somebody else typed in this browser before; tell whether something of it was kept."""
    owner = form_proof.sent()
    return owner is not None and held.keep_sent(owner.account_id) is not None


def install(app: Flask, door: Door) -> None:
    """Find the viewer before each request."""
    doorway.install(app, door)
    app.before_request(_find)
    held.install(app)


def _find() -> None:
    if request.endpoint is None or request.endpoint == "static" or request.endpoint.endswith(".static"):
        return
    door = doorway.here()
    token = request.cookies.get(door.cookie)
    if not token or not tokens.made_here(doorway.forms_key(), token):
        return
    with reading() as session:
        moment = now(session)
        found = sessions.find(session, door.name, tokens.digest(token))
    if found is None:
        return
    stands = standing(found, moment, doorway.limits(), door)
    g.presented = Presented(found, stands, moment)
    if stands.state != "open":
        _write_down(found, stands)
        return
    g.viewer = Viewer(
        found.account_id,
        found.id,
        found.username,
        found.display_name,
        found.role_set,
        found.where,
        found.language,
    )
    if _somebody_is_there():
        note_input(found, moment)
    held.give_back(found.account_id)


def _somebody_is_there() -> bool:
    """Tell whether this request is a person's doing.

    What a page asks for by itself is not (its scripts tell of real keys and movements with `session.state`), nor a page
    that something reloads: browsers say which navigations a person set off (Fetch Metadata, `Sec-Fetch-User`).
    """
    if BACKGROUND in request.headers or request.endpoint in _BY_ITSELF:
        return False
    mode = request.headers.get("Sec-Fetch-Mode")
    return mode is None or (mode == "navigate" and "Sec-Fetch-User" in request.headers)


def note_input(found: Found, at: datetime) -> None:
    """Write down that somebody was really there at `at`; at most one write in 30 s for one session."""
    if at - found.last_input_at >= sessions.INPUT_GRAIN:
        with noting() as session:
            sessions.note_input(session, found.id, at)


def _write_down(found: Found, stands: Standing) -> None:
    unwritten = found.locked_at is None if stands.state == "locked" else found.ended_at is None
    if unwritten:
        with writing() as session:
            sessions.settle(session, found, stands)
