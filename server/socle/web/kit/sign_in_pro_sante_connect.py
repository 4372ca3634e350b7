"""Signing in through Pro Santé Connect, and tying one's account to it; nobody is sent to where nobody answers."""

from dataclasses import replace

import msgspec
from flask import Blueprint, Response, jsonify, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from socle.foundation import log
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.sessions import sign_in as rooms
from socle.identity.sessions import tokens
from socle.identity.sessions.factors import pro_sante_tokens, sealing, steps
from socle.identity.sessions.factors.pro_sante_connect import (
    Journey,
    ProSanteConnect,
    Proved,
    PscNotSetUp,
    PscUnreachable,
)
from socle.identity.sessions.factors.steps import Step, StepOver
from socle.identity.sessions.sign_in import Asked
from socle.web.kit import browser_place, doorway, entering, error_pages, sign_in, toasts, viewer
from socle.web.kit.entering import Entered, Halfway
from socle.web.kit.permissions import public
from socle.web.kit.unit_of_work import reading, tool, writing

blueprint = Blueprint("psc", __name__, url_prefix="/sign-in/pro-sante-connect")
_PURPOSE = "pro sante journey"


@blueprint.get("")
@public
def begin() -> ResponseReturnValue:
    """Lead to Pro Santé Connect, once it is known to answer; else say at once that it does not."""
    cookie, asked = sign_in.asked_here()
    try:
        address, token = set_out(asked, None)
    except SocleError as error:
        return sign_in.page(error)
    answer = make_response(redirect(address, 303))
    browser_place.remember(answer, cookie)
    sign_in.hand_out_step(answer, Halfway(token, "psc"))
    return answer


@blueprint.get("/state")
@public
def state() -> Response:
    """Tell a page whether Pro Santé Connect answers at the moment, and what to say if not."""
    link = tool(ProSanteConnect)
    up = link.configured and link.is_up()
    error: SocleError = PscUnreachable() if link.configured else PscNotSetUp()
    return jsonify(up=up, words=None if up else error_pages.words(error))


@blueprint.get("/back")
@public
def back() -> ResponseReturnValue:
    """Take Pro Santé Connect's answer: open the session of whose number it is, or tie the number to one's account."""
    cookie, asked = sign_in.asked_here()
    try:
        step = entering.half_done(asked.door, asked.place.browser_digest, "psc")
        journey = _journey(step)
        with writing() as session:
            steps.finish(session, step)  # one answer for one journey, whatever it says
        proved = tool(ProSanteConnect).finish(journey, request.args)
        if step.account_id is not None:
            return _tied(step, proved)
        outcome = _entered(asked, proved)
    except SocleError as error:
        _note(asked, error)
        return sign_in.page(error)
    return sign_in.further(outcome, cookie, journey.carried)


def set_out(asked: Asked, account_id: int | None) -> tuple[str, str]:
    """Begin a journey, to sign in or (with an account) to tie it; return the address and the step's token."""
    return_to = f"https://{request.host}{url_for('psc.back')}"
    address, journey = tool(ProSanteConnect).begin(return_to, sign_in.carried_on())
    token, key = tokens.new(doorway.forms_key()), doorway.forms_key()
    kept = sealing.seal(key, _PURPOSE, account_id or 0, msgspec.msgpack.encode(journey))
    with writing() as session:
        steps.forget_old(session)
        digest = asked.place.browser_digest
        steps.begin(session, asked.door, account_id, digest, tokens.digest(token), "psc", kept=kept)
    return address, token


def _entered(asked: Asked, proved: Proved) -> Entered | Halfway:
    try:
        with reading() as session:
            account = pro_sante_tokens.holder(session, proved.number)
        entering.check_directory(account)
        return _opened(asked, proved)
    except SocleError as error:
        who = Actor(None, rooms.VISITOR, workstation=asked.place.address)
        with writing() as session:
            trail.record(session, who, "session.refused", reason=f"{asked.door.name} {error.code}")
        raise


def _opened(asked: Asked, proved: Proved) -> Entered | Halfway:
    with writing() as session:
        account = pro_sante_tokens.holder(session, proved.number)
        doorway.policy_of(account).check("pro_sante_connect")
        refusal = rooms.refusal(account, asked.door)
        if refusal is not None:
            raise refusal
        outcome = entering.go_on(session, replace(asked, username=account.username), account, "psc")
        if isinstance(outcome, Entered):
            pro_sante_tokens.keep(session, doorway.forms_key(), outcome.session_id, proved.tokens)
    return outcome


def _tied(step: Step, proved: Proved) -> ResponseReturnValue:
    who = viewer.current()
    if who is None or who.account_id != step.account_id:
        raise StepOver
    with writing() as session:
        pro_sante_tokens.tie(session, viewer.actor(), who.account_id, proved.number)
    words = N_("Your account is tied to Pro Santé Connect: you can sign in with it.")
    answer: Response = toasts.then(redirect(url_for("account_factors.show"), 303), words)
    sign_in.drop_step(answer)
    return answer


def _journey(step: Step) -> Journey:
    clear = sealing.open_sealed(doorway.forms_key(), _PURPOSE, step.account_id or 0, step.kept or b"")
    return msgspec.msgpack.decode(clear, type=Journey)


def _note(asked: Asked, error: SocleError) -> None:
    log.warning("sign_in_refused", door=asked.door.name, code=error.code, address=asked.place.address)
