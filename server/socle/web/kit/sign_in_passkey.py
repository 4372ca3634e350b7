"""Signing in with a passkey and no password: the device proves that it is held, and by whom."""

from dataclasses import replace

from flask import Blueprint, make_response, request
from flask.typing import ResponseReturnValue

from socle.foundation.errors import SocleError
from socle.identity.people import accounts
from socle.identity.sessions import sign_in as rooms
from socle.identity.sessions import throttling, tokens
from socle.identity.sessions.factors import passkeys, steps
from socle.identity.sessions.factors.passkeys import PasskeyNotVerified, Site
from socle.identity.sessions.sign_in import Asked, TooManyCodes
from socle.identity.sessions.throttling import TooManyAttempts
from socle.web.kit import browser_place, doorway, entering, sign_in
from socle.web.kit.entering import Entered, Halfway
from socle.web.kit.permissions import public
from socle.web.kit.second_factor import GUESSES
from socle.web.kit.unit_of_work import reading, writing

blueprint = Blueprint("sign_in_passkey", __name__, url_prefix="/sign-in/passkey")


@blueprint.post("/question")
@public
def question() -> ResponseReturnValue:
    """Return what the browser asks the device (JSON), to be answered once, here, within ten minutes."""
    site = Site.of(request.host)
    cookie, asked = sign_in.asked_here()
    token, challenge = tokens.new(doorway.forms_key()), passkeys.challenge()
    with writing() as session:
        steps.forget_old(session)  # anybody may ask: what nobody answered does not pile up
        digest = tokens.digest(token)
        steps.begin(session, asked.door, None, asked.place.browser_digest, digest, "passkey", kept=challenge)
        answer = make_response(passkeys.request_options(session, site, challenge, None))
    answer.mimetype = "application/json"
    browser_place.remember(answer, cookie)
    sign_in.hand_out_step(answer, Halfway(token, "passkey"))
    return answer


@blueprint.post("")
@public
def enter() -> ResponseReturnValue:
    """Check the device's answer, and open the session of whose passkey it is."""
    cookie, asked = sign_in.asked_here()
    try:
        outcome = _entered(asked, request.form.get("_credential", ""))
    except SocleError as error:
        return sign_in.page(error)
    return sign_in.further(outcome, cookie)


def _entered(asked: Asked, answer: str) -> Entered | Halfway:
    site, key = Site.of(request.host), doorway.forms_key()
    step = entering.half_done(asked.door, asked.place.browser_digest, "passkey")
    name = throttling.name_key(key, f"\0passkey\0{passkeys.credential_of(answer)}")
    try:
        with writing() as session:
            attempt = throttling.begin(session, asked.door.name, name, asked.place.address, None)
    except TooManyAttempts as error:
        raise TooManyCodes(**error.details) from None
    try:
        _check_directory(site, answer)
        with writing() as session:
            number = passkeys.check(session, site, step.kept or b"", answer, None)
            account = accounts.get(session, number)
            doorway.policy_of(account).check("passkey")
            refusal = rooms.refusal(account, asked.door)
            if refusal is not None:
                raise refusal
            throttling.succeed(session, attempt)
            steps.finish(session, step)
            return entering.go_on(session, replace(asked, username=account.username), account, "passkey")
    except SocleError as error:
        with writing() as session:
            if isinstance(error, (*GUESSES, PasskeyNotVerified)):
                rooms.refuse(session, asked, attempt, error)
            else:
                throttling.withdraw(session, attempt)
        raise


def _check_directory(site: Site, answer: str) -> None:
    with reading() as session:
        number = passkeys.owner(session, site, answer)
        account = accounts.get(session, number) if number is not None else None
    if account is not None:
        entering.check_directory(account)
