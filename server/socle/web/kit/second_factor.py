"""Takes a half-done sign-in one step further: checks the second factor, sets one up, takes note of what was told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import Settings
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.people import accounts
from socle.identity.people.models import Account
from socle.identity.sessions import sign_in, throttling
from socle.identity.sessions.factors import holdings, passkeys, recovery_codes, remembered, steps, totp
from socle.identity.sessions.factors.holdings import REMOVAL_REASONS, Removal
from socle.identity.sessions.factors.steps import Need, Step, StepOver
from socle.identity.sessions.sessions import Factor
from socle.identity.sessions.sign_in import Asked
from socle.web.kit import browser_place, doorway, entering
from socle.web.kit.entering import Entered, Halfway
from socle.web.kit.language import gettext
from socle.web.kit.unit_of_work import reading, tool, writing

Check = Callable[[Session], Factor]
"""Checks a proof, or raises; returns what the sign-in counts as."""
GUESSES = (
    totp.CodeWrong,
    totp.CodeUsed,
    totp.CodeOfAnotherTime,
    recovery_codes.RecoveryCodeWrong,
    recovery_codes.RecoveryCodeUsed,
    passkeys.PasskeyUnknown,
    passkeys.PasskeyRefused,
    passkeys.PasskeyCopied,
)


@dataclass(frozen=True)
class Standing:
    """A half-done sign-in, with the account it is about."""

    step: Step
    account: Account
    asked: Asked

    @property
    def actor(self) -> Actor:
        """Whoever has proved their password so far."""
        account = self.account
        return Actor(account.id, account.display_name, account.role_set(), workstation=self.asked.place.address)


def standing(*needs: Need) -> Standing:
    """Return this browser's half-done sign-in if it is at one of these steps; StepOver otherwise."""
    door, browser = doorway.here(), browser_place.known()
    if browser is None:
        raise StepOver
    step = entering.half_done(door, browser, *needs)
    if step.account_id is None:
        raise StepOver
    with reading() as session:
        account = accounts.get(session, step.account_id)
    refusal = sign_in.refusal(account, door)
    if refusal is not None:
        raise refusal
    asked = Asked(door, account.username, browser_place.place(browser), browser_is_new=False)
    return Standing(step, account, asked)


def take_code(at: Standing, code: str, *, remember: bool) -> Entered | Halfway:
    """Take the six digits of the person's telephone and go on."""

    def check(session: Session) -> Factor:
        doorway.policy_of(at.account).check("totp")
        totp.check(session, doorway.forms_key(), at.account.id, code)
        return "password+totp"

    return take(at, check, remember=remember)


def take_recovery_code(at: Standing, code: str) -> Entered | Halfway:
    """Use one of the person's recovery codes up and go on."""

    def check(session: Session) -> Factor:
        recovery_codes.use(session, doorway.forms_key(), at.account.id, code)
        trail.record(session, at.actor, "recovery_code.use", "account", at.account.id)
        return "recovery_code"

    return take(at, check, remember=False)


def take_passkey(at: Standing, answer: str, *, remember: bool) -> Entered | Halfway:
    """Take a passkey's answer to the challenge that the page of this step held, and go on."""

    def check(session: Session) -> Factor:
        doorway.policy_of(at.account).check("passkey")
        site, asked = passkeys.Site.of(request.host), at.step.kept or b""
        passkeys.check(session, site, asked, answer, at.account.id)
        return "password+passkey"

    return take(at, check, remember=remember)


def passkey_question(at: Standing) -> str | None:
    """Return what the browser asks the person's device, if they have a passkey for this server's name."""
    if "passkey" not in doorway.policy_of(at.account).factors:
        return None
    try:
        site = passkeys.Site.of(request.host)
    except passkeys.PasskeyNeedsName:
        return None
    with reading() as session:
        if all(line.host != site.host for line in passkeys.listed(session, at.account.id)):
            return None
    asked = passkeys.challenge()
    with writing() as session:
        steps.keep(session, at.step, asked)
        return passkeys.request_options(session, site, asked, at.account.id)


def passkey_to_make(at: Standing) -> str:
    """Return what the browser needs to make a passkey in the middle of a sign-in."""
    site, asked = passkeys.Site.of(request.host), passkeys.challenge()
    practice = tool(Settings).practice.name
    with writing() as session:
        steps.keep(session, at.step, asked)
        return passkeys.creation_options(session, doorway.forms_key(), at.account, site, asked, practice)


def set_up_passkey(at: Standing, answer: str, name: str) -> tuple[list[str], Halfway]:
    """Take a passkey made in the middle of a sign-in; return the recovery codes, to be shown."""
    key, asked = doorway.forms_key(), at.step.kept or b""
    with writing() as session:
        doorway.policy_of(at.account).check("passkey")
        passkeys.add(session, at.actor, at.account.id, passkeys.Site.of(request.host), asked, answer, name)
        codes = recovery_codes.make(session, key, at.actor, at.account.id)
        steps.finish(session, at.step)
        return codes, entering.halfway(session, at.asked, at.account.id, "codes", proved="password+passkey")


def take(at: Standing, check: Check, *, remember: bool) -> Entered | Halfway:
    """Count a try, check the proof, and go on when it is right."""
    with writing() as session:
        attempt = sign_in.start_second(session, doorway.forms_key(), at.asked)
    try:
        with writing() as session:
            factor = check(session)
            throttling.succeed(session, attempt)
            steps.finish(session, at.step)
            policy = doorway.policy_of(at.account)
            if remember and policy.may_remember:
                remembered.remember(session, at.actor, at.account.id, at.asked.place, policy.remember_days)
            return entering.go_on(session, at.asked, at.account, factor)
    except SocleError as error:
        with writing() as session:
            if isinstance(error, GUESSES):
                sign_in.refuse_second(session, at.asked, attempt, error, at.account)
            else:
                throttling.withdraw(session, attempt)
        raise


def picture_of_code(at: Standing) -> str:
    """Return the secret that the person's telephone should hold, made now if none waits."""
    key = doorway.forms_key()
    with reading() as session:
        waiting = totp.pending(session, key, at.account.id)
    if waiting is not None:
        return waiting
    with writing() as session:
        return totp.begin(session, key, at.account.id)


def set_up(at: Standing, code: str) -> tuple[list[str], Halfway]:
    """Take the first code of a telephone set up in the middle of a sign-in; return its recovery codes, to be shown."""
    key = doorway.forms_key()
    with writing() as session:
        doorway.policy_of(at.account).check("totp")
        totp.confirm(session, key, at.actor, at.account.id, code)
        codes = recovery_codes.make(session, key, at.actor, at.account.id)
        steps.finish(session, at.step)
        return codes, entering.halfway(session, at.asked, at.account.id, "codes", proved="password+totp")


def told(account_id: int) -> dict[str, Any]:
    """Return what a page tells of the removal that the person has to be told of; an empty one if there is none."""
    with reading() as session:
        removal = holdings.untold(session, account_id)
    if removal is None:
        return {"removal": None}
    reason = gettext(REMOVAL_REASONS[removal.reason])
    return {"removal": removal, "removal_by": who_removed(removal), "removal_reason": reason}


def who_removed(removal: Removal) -> str:
    """Return who removed a second factor: a person's name, or the server's command line in words."""
    return gettext(N_("the command line")) if removal.by == "command line" else removal.by


def acknowledge(at: Standing) -> Entered | Halfway:
    """Go on after what was told, or after the recovery codes were kept."""
    with writing() as session:
        steps.finish(session, at.step)
        if at.step.need == "told":
            holdings.mark_told(session, at.account.id)
        return entering.go_on(session, at.asked, at.account, at.step.proved)
