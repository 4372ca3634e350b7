"""One's own account, at both doors: where one is signed in, one's password, one's language, texts that wait."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import update
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.foundation.wording import LOCALES
from socle.identity.audit import trail
from socle.identity.people.directory import Capability, Directory
from socle.identity.people.models import Account
from socle.identity.sessions import held_forms, listing, sessions
from socle.identity.sessions.reasons import Why
from socle.web.kit import doorway, error_pages, return_path, sign_in, signing_in, toasts, viewer
from socle.web.kit.permissions import SIGNED_IN, allow
from socle.web.kit.unit_of_work import reading, tool, writing

blueprint = Blueprint("account", __name__, url_prefix="/account")


class NotYourSession(SocleError):
    """The session belongs to somebody else, or has ended."""

    code = "SESSION-NOT-YOURS"
    message = N_("This session is not one of yours, or it has ended already.")
    hint = N_("Open your account's page again: it shows your present sessions.")
    kind = "missing"


@blueprint.get("")
@allow(*SIGNED_IN)
def show() -> ResponseReturnValue:
    """Show the account of whoever is signed in."""
    return _page()


def _page(error: SocleError | None = None) -> ResponseReturnValue:
    actor = viewer.actor()
    with reading() as session:
        lines = listing.live(session, doorway.limits(), now(session), actor.account_id)
        kept = held_forms.waiting(session, doorway.forms_key(), doorway.here().name, actor.account_id or 0)
    page = render_template(
        "kit/account.html",
        lines=lines,
        kept=[(one, return_path.with_held(return_path.safe(one.page), one.id)) for one in kept],
        can_change=Capability.OWN_PASSWORD in tool(Directory).capabilities,
        error=error_pages.words(error) if error else None,
        missing=sign_in.missing(error),
        languages={"fr": "Français", "en": "English"},
    )
    return page, error_pages.STATUS[error.kind] if error else 200


@blueprint.post("/password")
@allow(*SIGNED_IN)
def change_password() -> ResponseReturnValue:
    """Change one's password, with the present one as proof; one's other sessions end."""
    sent = [request.form.get(name, "") for name in ("password", "new_password", "new_password_again")]
    try:
        signing_in.change_password(sign_in.asked_by_viewer(), *sent)
    except SocleError as error:
        return _page(error)
    return _done(N_("Your password is changed. Your other sessions were ended."))


@blueprint.post("/language")
@allow(*SIGNED_IN)
def change_language() -> ResponseReturnValue:
    """Change the language of one's pages."""
    language, actor = request.form.get("language"), viewer.actor()
    if language in LOCALES:
        with writing() as session:
            trail.record(session, actor, "account.update", "account", actor.account_id, ["language"])
            session.execute(update(Account).where(Account.id == actor.account_id).values(language=language))
    return _done(N_("The language is changed."))


@blueprint.post("/sessions/<int:number>/lock")
@allow(*SIGNED_IN)
def lock_session(number: int) -> ResponseReturnValue:
    """Lock another session of one's own, left open elsewhere."""
    with writing() as session:
        _own(session, number)
        sessions.lock(session, viewer.actor(), number)
    return _done(N_("The session is locked: sign in there to go on."))


@blueprint.post("/sessions/<int:number>/end")
@allow(*SIGNED_IN)
def end_session(number: int) -> ResponseReturnValue:
    """End another session of one's own."""
    with writing() as session:
        _own(session, number)
        if not sessions.end(session, viewer.actor(), number, Why.REVOKED_BY_SELF):
            raise NotYourSession()
    return _done(N_("The session is ended."))


@blueprint.post("/sessions/end-others")
@allow(*SIGNED_IN)
def end_others() -> ResponseReturnValue:
    """End every session of one's own but this one."""
    actor = viewer.actor()
    with writing() as session:
        sessions.end_of_account(session, actor, actor.account_id or 0, Why.REVOKED_BY_SELF, but=actor.session_id)
    return _done(N_("Your other sessions are ended."))


def _own(session: Session, number: int) -> None:
    found = sessions.get(session, number)
    if found is None or found.account_id != viewer.actor().account_id:
        raise NotYourSession()


@blueprint.post("/kept/<int:number>/forget")
@allow(*SIGNED_IN)
def forget_kept(number: int) -> ResponseReturnValue:
    """Throw away a text that waits."""
    with writing() as session:
        held_forms.forget(session, viewer.actor().account_id or 0, number)
    return _done(N_("The kept text is thrown away."))


def _done(words: str) -> ResponseReturnValue:
    answer: ResponseReturnValue = toasts.then(redirect(url_for("account.show"), 303), words)
    return answer
