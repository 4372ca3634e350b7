"""The sign-in page of both doors: why one is here on one half, how to get in on the other."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from socle.foundation.errors import SocleError
from socle.foundation.settings import Settings
from socle.foundation.wording import LOCALES
from socle.identity.people.directory import DirectoryUnreachable, PasswordMustChange, PasswordTooWeak
from socle.identity.sessions import doors, held_forms, sign_in, tokens
from socle.identity.sessions.factors import passkeys, steps
from socle.identity.sessions.factors.passkeys import PasskeyNeedsName, Site
from socle.identity.sessions.factors.pro_sante_connect import ProSanteConnect
from socle.identity.sessions.reasons import Reason
from socle.identity.sessions.sign_in import Asked, WrongDoor
from socle.identity.sessions.throttling import TooManyAttempts
from socle.web.kit import browser_place, doorway, error_pages, return_path, security, sign_in_reason, signing_in, viewer
from socle.web.kit.entering import Entered, Halfway
from socle.web.kit.filters import long_date
from socle.web.kit.language import gettext, language
from socle.web.kit.permissions import public
from socle.web.kit.unit_of_work import reading, tool

blueprint = Blueprint("sign_in", __name__)
_CARRIED = ("next", "held", "switch")
_PAGES = {
    "second": "sign_in_second.show",
    "enrol": "sign_in_second.show_set_up",
    "told": "sign_in_second.show_told",
}
"""The page of each step of a sign-in."""
_YEAR = timedelta(days=365)


@blueprint.get("/sign-in")
@public
def show() -> ResponseReturnValue:
    """Show why one has to sign in, and the form."""
    if viewer.current() is not None and not request.args.get("switch"):
        return redirect(return_path.safe(request.args.get("next")), 303)
    language = request.args.get("language")
    if language not in LOCALES:
        return page()
    kept = {name: request.args[name] for name in _CARRIED if name in request.args}
    answer = make_response(redirect(url_for("sign_in.show", **kept), 303))  # type: ignore[arg-type]
    answer.set_cookie("language", language, max_age=_YEAR, secure=True, httponly=True, samesite="Lax")
    return answer


@blueprint.post("/sign-in")
@public
def enter() -> ResponseReturnValue:
    """Check a name and a password, open a session with a new token, and go back to where one was."""
    cookie, asked = asked_here()
    try:
        entered = signing_in.enter(asked, request.form.get("password", ""))
    except SocleError as error:
        return page(error, choosing=isinstance(error, PasswordMustChange))
    return further(entered, cookie)


@blueprint.post("/sign-in/new-password")
@public
def change_password() -> ResponseReturnValue:
    """Change a password that has to be changed before anything else, and go in with the new one."""
    cookie, asked = asked_here()
    sent = [request.form.get(name, "") for name in ("password", "new_password", "new_password_again")]
    try:
        entered = signing_in.change_password_and_enter(asked, *sent)
    except SocleError as error:
        return page(error, choosing=not isinstance(error, TooManyAttempts | DirectoryUnreachable | WrongDoor))
    return further(entered, cookie)


def asked_here() -> tuple[str, Asked]:
    """Read the form; also return the browser's own cookie, a new one if it has none."""
    known = request.cookies.get(doors.BROWSER_COOKIE, "") if browser_place.known() is not None else ""
    cookie = known or tokens.new(doorway.forms_key())
    place = browser_place.place(tokens.digest(cookie))
    return cookie, Asked(doorway.here(), request.form.get("username", "").strip(), place, browser_is_new=not known)


def asked_by_viewer() -> Asked:
    """Return the try of somebody signed in who proves themselves once more, on their own account's page."""
    known = browser_place.known()
    who = viewer.current()
    username = who.username if who else ""
    return Asked(doorway.here(), username, browser_place.place(known or b""), browser_is_new=known is None)


def further(outcome: Entered | Halfway, browser_cookie: str, carried: Mapping[str, str] | None = None) -> Response:
    """Lead to the next step or in, and name the browser for a year."""
    if isinstance(outcome, Halfway):
        answer = to_next_step(outcome, carried)
    else:
        answer = to_the_page_asked_for(outcome, carried)
        drop_step(answer)
    browser_place.remember(answer, browser_cookie)
    return answer


def to_next_step(step: Halfway, carried: Mapping[str, str] | None = None) -> Response:
    """Hand out the cookie of a half-done sign-in and lead to its page."""
    carried = carried_on() if carried is None else carried
    answer = make_response(redirect(url_for(_PAGES[step.need], **carried), 303))  # type: ignore[arg-type]
    hand_out_step(answer, step)
    return answer


def hand_out_step(answer: Response, step: Halfway) -> None:
    """Give the browser the token of its half-done sign-in."""
    seconds = int(steps.ALIVE.total_seconds())
    cookie = doorway.here().step_cookie
    answer.set_cookie(cookie, step.token, max_age=seconds, path="/", secure=True, httponly=True, samesite="Lax")


def drop_step(answer: Response) -> None:
    """Take the token of a finished sign-in back."""
    cookie = doorway.here().step_cookie
    if cookie not in request.cookies:
        return
    answer.delete_cookie(cookie, path="/", secure=True, httponly=True, samesite="Lax")


def carried_on() -> dict[str, str]:
    """Return what each page of a sign-in hands to the next: where to go back to, a held text, a change of person."""
    return {name: request.values[name][:1500] for name in _CARRIED if request.values.get(name)}


def to_the_page_asked_for(entered: Entered, carried: Mapping[str, str] | None = None) -> Response:
    """Hand out the session's cookie and lead to the page one was on: one's own page, or home for another person."""
    carried = carried_on() if carried is None else carried
    door, held = doorway.here(), carried.get("held", "")
    number = int(held) if held.isdecimal() and len(held) < 19 else 0
    kept = None
    if number:
        with reading() as session:
            kept = held_forms.open_again(session, doorway.forms_key(), door.name, entered.account_id, number)
    before = sign_in_reason.find()
    if kept is not None:
        target = return_path.with_held(return_path.safe(kept.typed.page), number)
    elif before.account_id in {None, entered.account_id}:
        target = return_path.safe(carried.get("next"))
    else:
        target = return_path.HOME
    answer = make_response(redirect(target, 303))
    if before.account_id not in {None, entered.account_id}:
        security.forget_what_was_seen(answer)
    answer.set_cookie(door.cookie, entered.token, path="/", secure=True, httponly=True, samesite="Lax")
    return answer


def page(error: SocleError | None = None, *, choosing: bool = False) -> Response:
    """Return the sign-in page: why one is here, how to get in, and what went wrong at the last try."""
    met = sign_in_reason.find()
    carried = {name: request.values.get(name, "")[:1500] for name in _CARRIED}
    shown: dict[str, Any] = {
        "reason": _reason_words(met.reason),
        "why": met.reason.why.value,
        "met": met,
        "carried": carried,
        "username": request.form.get("username", met.username)[: sign_in.LONGEST_NAME],
        "text_is_kept": bool(carried["held"]),
        "error": error_pages.words(error) if error is not None and not isinstance(error, PasswordMustChange) else None,
        "missing": missing(error),
        "choosing": choosing,
        "directory_is_down": isinstance(error, DirectoryUnreachable),
        "other_door": _other_door() if isinstance(error, WrongDoor) else None,
        "passkeys": _passkeys_here(),
        "pro_sante_connect": tool(ProSanteConnect).configured,
        "door_title": gettext(doorway.here().title),
        "other_language": next(code for code in LOCALES if code != language()),
    }
    answer = make_response(render_template("kit/sign_in.html", **shown))
    if error is not None:
        answer.status_code = error_pages.STATUS[error.kind]
    if isinstance(error, TooManyAttempts):
        answer.headers["Retry-After"] = str(error.details["seconds"])
    return answer


def _passkeys_here() -> bool:
    """Tell whether anybody could sign in with a passkey on this page."""
    try:
        site = Site.of(request.host)
    except PasskeyNeedsName:
        return False
    with reading() as session:
        return passkeys.any_for(session, site.host)


def _reason_words(reason: Reason) -> Mapping[str, str]:
    words = reason.words
    details: dict[str, object] = {"at": long_date(reason.at), "by": reason.by, **reason.details}
    return {"title": gettext(words.title), "sentence": gettext(words.sentence) % details}


def missing(error: SocleError | None) -> list[str]:
    """Return what a refused password lacks, one sentence each."""
    if not isinstance(error, PasswordTooWeak):
        return []
    lacking: Any = error.details.get("missing", [])
    return [gettext(one.text) % one.details if one.details else gettext(one.text) for one in lacking]


def _other_door() -> Mapping[str, str]:
    other = next(door for door in doors.DOORS.values() if door is not doorway.here())
    web = tool(Settings).web
    port = web.staff_port if other is doors.STAFF else web.maintainer_port
    host = request.host.rpartition(":")[0] or request.host if ":" in request.host else request.host
    return {"title": gettext(other.title), "address": f"https://{host}:{port}/"}
