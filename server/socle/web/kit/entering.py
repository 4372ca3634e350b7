"""What follows a proof, whichever it was: a second factor, word of a removal, setting one up, or the open session."""

from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from socle.foundation import log
from socle.identity.people.directory import AccountDisabled, Directory, DirectoryUnreachable
from socle.identity.people.models import Account
from socle.identity.sessions import sessions, sign_in, tokens
from socle.identity.sessions.doors import Door
from socle.identity.sessions.factors import holdings, steps
from socle.identity.sessions.factors.policy import Asking
from socle.identity.sessions.factors.steps import Need, Step, StepOver
from socle.identity.sessions.sessions import Factor
from socle.identity.sessions.sign_in import Asked
from socle.web.kit import doorway, viewer
from socle.web.kit.unit_of_work import reading, tool


@dataclass(frozen=True)
class Entered:
    """An open session: its token, which only the browser keeps, and whose it is."""

    token: str
    account_id: int
    session_id: int


@dataclass(frozen=True)
class Halfway:
    """A sign-in that asks for more: the token of its step, which only the browser keeps, and what is asked."""

    token: str
    need: Need


def go_on(session: Session, asked: Asked, account: Account, proved: Factor) -> Entered | Halfway:
    """Open the session of somebody who has proved `proved`, or begin the next step of their sign-in."""
    why, counts_as = None, proved
    glance = holdings.at_a_glance(session, account.id)
    if proved == "password":
        here = asked.door, asked.place, doorway.limits()
        why, counts_as = holdings.asked_after_password(session, doorway.policy_of(account), glance, account, *here)
    if why is not None and why is not Asking.NOT_ENROLLED:
        return halfway(session, asked, account.id, "second", why.value)
    if glance.untold:
        return halfway(session, asked, account.id, "told", proved=proved)
    if why is Asking.NOT_ENROLLED:
        return halfway(session, asked, account.id, "enrol", why.value)
    return admit(session, asked, account, counts_as)


def check_directory(account: Account) -> None:
    """Raise AccountDisabled for somebody who left the directory since it was last compared with the accounts.

    For proofs that the directory has no part in; where it does not answer they hold, for care goes on. Never called
    inside a transaction: the directory may be far away.
    """
    try:
        person = tool(Directory).find(account.username)
    except DirectoryUnreachable:
        log.warning("sign_in_without_directory", account=account.id)
        return
    if person is None or person.key != account.directory_key or not person.active:
        raise AccountDisabled


def halfway(
    session: Session, asked: Asked, account_id: int, need: Need, why: str = "", proved: Factor = "password"
) -> Halfway:
    """Begin a step of a sign-in."""
    token = tokens.new(doorway.forms_key())
    digest = tokens.digest(token)
    steps.begin(session, asked.door, account_id, asked.place.browser_digest, digest, need, why=why, proved=proved)
    return Halfway(token, need)


def half_done(door: Door, browser_digest: bytes, *needs: Need) -> Step:
    """Return this browser's half-done sign-in if it is at one of these steps; StepOver otherwise."""
    token = request.cookies.get(door.step_cookie, "")
    if not tokens.made_here(doorway.forms_key(), token):
        raise StepOver
    with reading() as session:
        step = steps.find(session, door, tokens.digest(token), browser_digest)
    if step is None or step.need not in needs:
        raise StepOver
    return step


def admit(session: Session, asked: Asked, account: Account, factor: Factor) -> Entered:
    """Open the session, and lock another person's that is open in this browser: its cookie is about to be replaced."""
    shown = viewer.presented()
    if shown is not None and shown.found.account_id != account.id and shown.stands.state == "open":
        sessions.lock(session, shown.found.actor, shown.found.id)
    token = tokens.new(doorway.forms_key())
    number = sign_in.admit(session, asked, account, tokens.digest(token), doorway.limits(), factor)
    return Entered(token, account.id, number)
