"""The page of everybody's sessions: lock one, end one, end all."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from socle.foundation.database import now
from socle.foundation.errors import N_
from socle.identity.sessions import listing, sessions
from socle.identity.sessions.reasons import Why
from socle.web.kit import doorway, toasts, viewer
from socle.web.kit.permissions import MAINTAINERS, allow
from socle.web.kit.unit_of_work import reading, writing

blueprint = Blueprint("sessions", __name__, url_prefix="/sessions", template_folder="templates")


@blueprint.get("")
@allow(*MAINTAINERS)
def show() -> ResponseReturnValue:
    """Show who is signed in, where, since when, and how each session stands."""
    with reading() as session:
        lines = listing.live(session, doorway.limits(), now(session))
    return render_template("maintainer/sessions/sessions.html", lines=lines)


@blueprint.post("/<int:number>/lock")
@allow(*MAINTAINERS)
def lock(number: int) -> ResponseReturnValue:
    """Lock one session: its person signs in again and goes on where they were."""
    with writing() as session:
        sessions.lock(session, viewer.actor(), number, Why.LOCKED_BY_SOMEONE)
    return _done(N_("The session is locked: its person signs in again and goes on."))


@blueprint.post("/<int:number>/end")
@allow(*MAINTAINERS)
def end(number: int) -> ResponseReturnValue:
    """End one session; its person is told by whom."""
    with writing() as session:
        sessions.end(session, viewer.actor(), number, Why.REVOKED)
    return _done(N_("The session is ended; its page says that it was you."))


@blueprint.post("/end-all")
@allow(*MAINTAINERS)
def end_all() -> ResponseReturnValue:
    """End every session but one's own."""
    actor = viewer.actor()
    with writing() as session:
        sessions.end_all(session, actor, Why.REVOKED, but=actor.session_id)
    return _done(N_("All other sessions are ended."))


def _done(words: str) -> ResponseReturnValue:
    answer: ResponseReturnValue = toasts.then(redirect(url_for("sessions.show"), 303), words)
    return answer
