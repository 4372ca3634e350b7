"""The password once more, before anything changes what proves a person: what each page says of it, and the asking.

A passer-by at an open session must not set up their own telephone there, nor remove the one that is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from socle.foundation.errors import N_, SocleError
from socle.identity.people import accounts
from socle.identity.people.directory import WrongCredentials
from socle.identity.people.models import Account
from socle.web.kit import error_pages, sign_in, signing_in, viewer
from socle.web.kit.language import gettext
from socle.web.kit.unit_of_work import reading


class NotForEmergency(SocleError):
    """The emergency administrator has no second factor: it has to open on the worst day."""

    code = "FACTOR-NOT-FOR-EMERGENCY"
    message = N_("The emergency administrator has no second factor.")
    hint = N_("It works only while the directory does not answer, and every use is written in the trail.")
    kind = "refused"


class OwnPasswordWrong(SocleError):
    """The password of whoever is signed in was mistyped: nothing else was asked."""

    code = "SIGN-IN-WRONG"
    message = N_("This is not your password.")
    hint = N_("Check the capital letters and the keyboard, then try again.")
    kind = "refused"


@dataclass(frozen=True)
class Ask:
    """What a page that asks for the password once more says."""

    title: str
    text: str
    verb: str
    step: int = 0
    danger: bool = False


SET_UP = Ask(
    N_("Set up a code on your telephone"),
    N_(
        "An application on your telephone makes a new code of six digits every half minute, without the Internet. "
        "Install one first if you have none: FreeOTP, Aegis, 2FAS, or the one your telephone came with. Your password "
        "first, so that nobody sets up their own telephone at your open session."
    ),
    N_("Go on"),
    step=1,
)
REMOVE = Ask(
    N_("Remove the code on your telephone"),
    N_(
        "Your password alone will be asked from now on. Your recovery codes become worthless, and remembered "
        "workstations are forgotten."
    ),
    N_("Remove the code"),
    danger=True,
)
NEW_PASSKEY = Ask(
    N_("Set up a passkey"),
    N_(
        "Your computer, your telephone or a security key keeps a key that works for this server only, and opens it "
        "with your finger, your face or its own code. Your password first, so that nobody sets up their own at your "
        "open session."
    ),
    N_("Go on"),
)
REMOVE_PASSKEY = Ask(
    N_("Remove a passkey"),
    N_("This passkey opens nothing any more. The key on your device stays there until you delete it there."),
    N_("Remove the passkey"),
    danger=True,
)
TIE = Ask(
    N_("Tie Pro Santé Connect to my account"),
    N_(
        "Pro Santé Connect vouches for your RPPS number, and this account is tied to it: afterwards your e-CPS signs "
        "you in. Your password first, so that nobody ties their own to your account."
    ),
    N_("Go on"),
)
NEW_CODES = Ask(
    N_("Make new recovery codes"),
    N_("Ten new codes are made and shown once. Those you have now become worthless."),
    N_("Make new codes"),
)


def asked(ask: Ask, done: Callable[[Account], ResponseReturnValue]) -> ResponseReturnValue:
    """Ask for the password once more, then do it."""
    person = me()
    if person.break_glass_hash is not None:
        raise NotForEmergency
    error: SocleError | None = None
    if request.method == "POST":
        try:
            signing_in.prove(sign_in.asked_by_viewer(), request.form.get("password", ""))
            return done(person)
        except WrongCredentials:
            error = OwnPasswordWrong()
        except SocleError as met:
            error = met
    shown: dict[str, Any] = {"title": gettext(ask.title), "text": gettext(ask.text), "verb": gettext(ask.verb)}
    page = make_response(
        render_template("kit/account_prove.html", **shown, step=ask.step, danger=ask.danger, error=words(error))
    )
    page.status_code = error_pages.STATUS[error.kind] if error else 200
    return page


def me() -> Account:
    """Return the account of whoever is signed in."""
    with reading() as session:
        return accounts.get(session, viewer.actor().account_id or 0)


def words(error: SocleError | None) -> dict[str, str] | None:
    """Return what a page says of an error, if there is one."""
    return error_pages.words(error) if error is not None else None
