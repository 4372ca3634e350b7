"""One's own second factors, at both doors: setting up, removing, recovery codes, remembered workstations.

Whatever changes what proves a person asks for their password once more (`account_proving`).
"""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer

from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import Settings
from socle.identity.people.models import Account
from socle.identity.sessions.factors import holdings, passkeys, recovery_codes, remembered, totp
from socle.identity.sessions.factors.holdings import NothingEnrolled
from socle.identity.sessions.factors.passkeys import PasskeyNeedsName, Site
from socle.identity.sessions.factors.pro_sante_connect import ProSanteConnect
from socle.identity.sessions.factors.steps import StepOver
from socle.identity.sessions.factors.totp import NothingToConfirm
from socle.web.kit import account_proving as proving
from socle.web.kit import doorway, error_pages, return_path, second_factor, sign_in, toasts, viewer
from socle.web.kit import sign_in_pro_sante_connect as psc
from socle.web.kit.account_proving import asked, me
from socle.web.kit.entering import Halfway
from socle.web.kit.language import gettext
from socle.web.kit.permissions import SIGNED_IN, allow
from socle.web.kit.sign_in_second import picture
from socle.web.kit.unit_of_work import reading, tool, writing

blueprint = Blueprint("account_factors", __name__, url_prefix="/account/factors")
_PROOF_SECONDS = 600
"""How long the proof of the password holds while a passkey is being made."""


@blueprint.get("")
@allow(*SIGNED_IN)
def show() -> ResponseReturnValue:
    """Show what proves it is me, beside the password."""
    person = me()
    policy = doorway.policy_of(person)
    with reading() as session:
        held = holdings.of(session, person.id)
        browsers = remembered.listed(session, person.id)
    return render_template(
        "kit/account_factors.html",
        held=held,
        browsers=browsers,
        policy=policy,
        host=_host(),
        psc_is_set_up=tool(ProSanteConnect).configured,
        number=person.rpps or person.adeli,
        emergency=person.break_glass_hash is not None,
        few=recovery_codes.FEW,
        all_codes=recovery_codes.COUNT,
    )


@blueprint.route("/totp/new", methods=["GET", "POST"])
@allow(*SIGNED_IN)
def begin() -> ResponseReturnValue:
    """Begin to set up a telephone."""

    def done(person: Account) -> ResponseReturnValue:
        doorway.policy_of(person).check("totp")
        with writing() as session:
            totp.begin(session, doorway.forms_key(), person.id)
        return redirect(url_for("account_factors.scan"), 303)

    return asked(proving.SET_UP, done)


@blueprint.route("/totp/scan", methods=["GET", "POST"])
@allow(*SIGNED_IN)
def scan() -> ResponseReturnValue:
    """Show the picture to scan, and take the first code."""
    person, key = me(), doorway.forms_key()
    error: SocleError | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                totp.confirm(session, key, viewer.actor(), person.id, request.form.get("code", "")[:100])
                codes = recovery_codes.make(session, key, viewer.actor(), person.id)
            return _codes_page(codes, is_new=True)
        except SocleError as met:
            error = met
    with reading() as session:
        secret = totp.pending(session, key, person.id)
    if secret is None:
        if request.method == "GET":
            return redirect(url_for("account_factors.begin"), 303)
        raise NothingToConfirm
    page = make_response(
        render_template("kit/account_scan.html", error=proving.words(error), **picture(secret, person.username))
    )
    page.status_code = error_pages.STATUS[error.kind] if error else 200
    return page


@blueprint.route("/totp/remove", methods=["GET", "POST"])
@allow(*SIGNED_IN)
def remove() -> ResponseReturnValue:
    """Remove one's telephone."""

    def done(person: Account) -> ResponseReturnValue:
        with writing() as session:
            holdings.remove_totp(session, viewer.actor(), doorway.policy_of(person), person.id)
        return _back(N_("The code on your telephone is removed."))

    return asked(proving.REMOVE, done)


@blueprint.route("/passkeys/new", methods=["GET", "POST"])
@allow(*SIGNED_IN)
def begin_passkey() -> ResponseReturnValue:
    """Begin to set up a passkey."""
    site = Site.of(request.host)

    def done(person: Account) -> ResponseReturnValue:
        doorway.policy_of(person).check("passkey")
        return _passkey_page(person, site)

    return asked(proving.NEW_PASSKEY, done)


@blueprint.post("/passkeys")
@allow(*SIGNED_IN)
def add_passkey() -> ResponseReturnValue:
    """Take the passkey that the browser has made."""
    person, actor, site = me(), viewer.actor(), Site.of(request.host)
    answer, name = request.form.get("_credential", ""), request.form.get("name", "")
    try:
        challenge = bytes.fromhex(
            _proofs().loads(request.form.get("_proof", ""), max_age=_PROOF_SECONDS)[str(person.id)]
        )
    except (BadData, KeyError, TypeError, ValueError):
        raise StepOver from None
    codes: list[str] = []
    with writing() as session:
        passkeys.add(session, actor, person.id, site, challenge, answer, name)
        if not holdings.of(session, person.id).recovery.count:
            codes = recovery_codes.make(session, doorway.forms_key(), actor, person.id)
    return _codes_page(codes, is_new=False) if codes else _back(N_("The passkey is set up."))


@blueprint.route("/passkeys/<int:number>/remove", methods=["GET", "POST"])
@allow(*SIGNED_IN)
def remove_passkey(number: int) -> ResponseReturnValue:
    """Remove one of one's passkeys."""

    def done(person: Account) -> ResponseReturnValue:
        with writing() as session:
            holdings.remove_passkey(session, viewer.actor(), doorway.policy_of(person), person.id, number)
        return _back(N_("The passkey is removed."))

    return asked(proving.REMOVE_PASSKEY, done)


@blueprint.route("/pro-sante-connect", methods=["GET", "POST"])
@allow(*SIGNED_IN)
def tie() -> ResponseReturnValue:
    """Begin to tie one's account to Pro Santé Connect; a link leads there, since a form must not leave this server."""

    def done(person: Account) -> ResponseReturnValue:
        doorway.policy_of(person).check("pro_sante_connect")
        _cookie, here = sign_in.asked_here()
        address, token = psc.set_out(here, person.id)
        page = make_response(render_template("kit/account_psc.html", address=address))
        sign_in.hand_out_step(page, Halfway(token, "psc"))
        return page

    return asked(proving.TIE, done)


def _passkey_page(person: Account, site: Site) -> Response:
    challenge, practice = passkeys.challenge(), tool(Settings).practice.name
    with reading() as session:
        question = passkeys.creation_options(session, doorway.forms_key(), person, site, challenge, practice)
    proof = _proofs().dumps({str(person.id): challenge.hex()})
    return make_response(render_template("kit/account_passkey.html", question=question, proof=proof, host=site.host))


def _host() -> str:
    """Return the server's name in this page's address; nothing when it is a number."""
    try:
        return Site.of(request.host).host
    except PasskeyNeedsName:
        return ""


def _proofs() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(doorway.forms_key(), salt="socle.passkey")


@blueprint.route("/recovery-codes", methods=["GET", "POST"])
@allow(*SIGNED_IN)
def new_codes() -> ResponseReturnValue:
    """Make new recovery codes."""

    def done(person: Account) -> ResponseReturnValue:
        with writing() as session:
            if not holdings.of(session, person.id).any:
                raise NothingEnrolled
            codes = recovery_codes.make(session, doorway.forms_key(), viewer.actor(), person.id)
        return _codes_page(codes, is_new=False)

    return asked(proving.NEW_CODES, done)


@blueprint.post("/browsers/<int:number>/forget")
@allow(*SIGNED_IN)
def forget_browser(number: int) -> ResponseReturnValue:
    """Forget a remembered workstation."""
    actor = viewer.actor()
    with writing() as session:
        remembered.forget(session, actor, actor.account_id or 0, number)
    return _back(N_("The workstation is forgotten: the second factor is asked there again."))


@blueprint.get("/told")
@allow(*SIGNED_IN)
def show_told() -> ResponseReturnValue:
    """Tell somebody whose card let them in that their second factor was removed: no step of a sign-in said so."""
    person, target = me(), return_path.safe(request.args.get("next"))
    told = second_factor.told(person.id)
    if told["removal"] is None:
        return redirect(target, 303)
    return render_template(
        "kit/sign_in_told.html",
        came_in=True,
        person=person,
        carried={"next": target},
        door_title=gettext(doorway.here().title),
        **told,
    )


@blueprint.post("/told")
@allow(*SIGNED_IN)
def have_read() -> ResponseReturnValue:
    """Go on after what was told, which is not told again."""
    with writing() as session:
        holdings.mark_told(session, me().id)
    return redirect(return_path.safe(request.form.get("next")), 303)


def _codes_page(codes: list[str], *, is_new: bool) -> Response:
    return make_response(render_template("kit/account_codes.html", codes=codes, is_new=is_new))


def _back(words: str) -> ResponseReturnValue:
    answer: ResponseReturnValue = toasts.then(redirect(url_for("account_factors.show"), 303), words)
    return answer
