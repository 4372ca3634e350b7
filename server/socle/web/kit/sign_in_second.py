"""The pages between the password and the session: a second factor, setting one up, word of what somebody removed."""

from typing import Any

import segno
from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import Settings
from socle.identity.sessions.factors import holdings, totp
from socle.identity.sessions.factors.policy import Asking
from socle.identity.sessions.factors.steps import StepOver
from socle.identity.sessions.throttling import TooManyAttempts
from socle.web.kit import doorway, error_pages, return_path, second_factor, sign_in, toasts, viewer
from socle.web.kit.entering import Entered, Halfway
from socle.web.kit.language import gettext
from socle.web.kit.permissions import public
from socle.web.kit.second_factor import Standing
from socle.web.kit.unit_of_work import reading, tool

blueprint = Blueprint("sign_in_second", __name__, url_prefix="/sign-in")
WHY = {
    Asking.ALWAYS: N_("The practice asks for a second proof at every sign-in of your role."),
    Asking.NEW_BROWSER: N_(
        "This browser is not remembered for you: besides your password, it needs a second proof that it is you."
    ),
    Asking.REMEMBERED_OVER: N_("This workstation was remembered for you; that time is over, or was ended."),
    Asking.NOT_ENROLLED: N_("The practice requires a second proof for your role, and you have none yet."),
}


@blueprint.get("/second")
@public
def show() -> ResponseReturnValue:
    """Ask for the second factor, and say why."""
    try:
        return _second_page(second_factor.standing("second"))
    except SocleError as error:
        return _over(error)


@blueprint.post("/second")
@public
def check() -> ResponseReturnValue:
    """Check the second factor and go on."""
    way = request.form.get("with")
    try:
        at = second_factor.standing("second")
    except SocleError as error:
        return _over(error)
    code, remember = request.form.get("code", "")[:100], bool(request.form.get("remember"))
    try:
        if way == "recovery":
            words = N_("You came in with a recovery code. Telephone or key lost? Set another up under “My account”.")
            answer: Response = toasts.then(further(second_factor.take_recovery_code(at, code)), words)
            return answer
        if way == "passkey":
            credential = request.form.get("_credential", "")
            return further(second_factor.take_passkey(at, credential, remember=remember))
        return further(second_factor.take_code(at, code, remember=remember))
    except SocleError as error:
        return _over(error) if isinstance(error, StepOver) else _second_page(at, error)


@blueprint.get("/set-up")
@public
def show_set_up() -> ResponseReturnValue:
    """Have somebody set up the second factor that their role requires."""
    try:
        return _set_up_page(second_factor.standing("enrol"))
    except SocleError as error:
        return _over(error)


@blueprint.post("/set-up")
@public
def set_up() -> ResponseReturnValue:
    """Take the first code, and show the recovery codes."""
    try:
        at = second_factor.standing("enrol")
    except SocleError as error:
        return _over(error)
    try:
        if request.form.get("with") == "passkey":
            answer, name = request.form.get("_credential", ""), request.form.get("name", "")
            codes, next_step = second_factor.set_up_passkey(at, answer, name)
        else:
            codes, next_step = second_factor.set_up(at, request.form.get("code", "")[:100])
    except SocleError as error:
        return _over(error) if isinstance(error, StepOver) else _set_up_page(at, error)
    page = _page("kit/sign_in_codes.html", at, codes=codes)
    sign_in.hand_out_step(page, next_step)
    return page


@blueprint.get("/told")
@public
def show_told() -> ResponseReturnValue:
    """Tell somebody that their second factor was removed, by whom and why."""
    try:
        at = second_factor.standing("told")
    except SocleError as error:
        return _over(error)
    return _page("kit/sign_in_told.html", at, **second_factor.told(at.account.id))


@blueprint.post("/go-on")
@public
def go_on() -> ResponseReturnValue:
    """Go on after what was told, or once the recovery codes are kept."""
    try:
        return further(second_factor.acknowledge(second_factor.standing("told", "codes")))
    except SocleError as error:
        return _over(error)


def further(outcome: Entered | Halfway) -> Response:
    """Lead to the next step, or in."""
    if isinstance(outcome, Halfway):
        return sign_in.to_next_step(outcome)
    answer = sign_in.to_the_page_asked_for(outcome)
    sign_in.drop_step(answer)
    return answer


def _over(error: SocleError) -> Response:
    """Show the sign-in page, which says what happened; somebody who came in meanwhile goes where they wanted."""
    if viewer.current() is not None:
        return make_response(redirect(return_path.safe(request.values.get("next")), 303))
    return sign_in.page(error)


def _second_page(at: Standing, error: SocleError | None = None) -> Response:
    with reading() as session:
        held = holdings.of(session, at.account.id)
        used_last = holdings.used_last(session, at.account.id, at.asked.place.browser_digest, held)
    policy = doorway.policy_of(at.account)
    return _page(
        "kit/sign_in_second.html",
        at,
        error,
        sentence=gettext(WHY[Asking(at.step.why)]),
        with_recovery=request.values.get("with") == "recovery",
        has_totp=held.totp_since is not None and "totp" in policy.factors,
        question=second_factor.passkey_question(at),
        code_first=used_last == "totp" or _just_typed_a_code(),
        hosts=sorted({line.host for line in held.passkeys}) if "passkey" in policy.factors else [],
        recovery_left=held.recovery.count,
        remember_days=policy.remember_days if policy.may_remember else 0,
    )


def _just_typed_a_code() -> bool:
    """Tell whether the page answers a code that was wrong: the field to type it again comes first then."""
    return request.method == "POST" and request.form.get("with") != "passkey"


def _set_up_page(at: Standing, error: SocleError | None = None) -> Response:
    factors = doorway.policy_of(at.account).factors
    with_passkey = request.values.get("with") == "passkey" or "totp" not in factors
    shown: dict[str, Any] = {"sentence": gettext(WHY[Asking.NOT_ENROLLED]), "factors": factors}
    if with_passkey:
        try:
            shown["question"] = second_factor.passkey_to_make(at)
        except SocleError as met:
            error = error or met
    else:
        shown |= picture(second_factor.picture_of_code(at), at.account.username)
    return _page("kit/sign_in_set_up.html", at, error, with_passkey=with_passkey, **shown)


def picture(secret: str, username: str) -> dict[str, Any]:
    """Return what a page shows for a telephone to take: the picture, and the same in letters."""
    address = totp.address(secret, username, tool(Settings).practice.name)
    drawn = segno.make_qr(address, error="m").svg_inline(border=3, omitsize=True)
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return {"picture": Markup(drawn), "secret": groups, "otpauth": address}  # noqa: S704 - segno's own drawing


def _page(template: str, at: Standing, error: SocleError | None = None, **shown: Any) -> Response:
    shown |= {
        "carried": sign_in.carried_on(),
        "person": at.account,
        "error": error_pages.words(error) if error is not None else None,
        "door_title": gettext(doorway.here().title),
    }
    answer = make_response(render_template(template, **shown))
    if error is not None:
        answer.status_code = error_pages.STATUS[error.kind]
    if isinstance(error, TooManyAttempts):
        answer.headers["Retry-After"] = str(error.details["seconds"])
    return answer
