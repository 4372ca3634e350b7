"""Signs somebody in: counts the try, asks the directory with no transaction open, opens the session."""

from sqlalchemy.orm import Session

from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import Settings
from socle.identity.actor import Actor
from socle.identity.people import accounts
from socle.identity.people.directory import (
    AccountExpired,
    Directory,
    DirectoryReadOnly,
    DirectoryUnreachable,
    NameTaken,
    PasswordChangesElsewhere,
    PasswordExpired,
    PasswordMustChange,
    PasswordTooWeak,
)
from socle.identity.sessions import sessions, sign_in, throttling
from socle.identity.sessions.factors import remembered
from socle.identity.sessions.reasons import Why
from socle.identity.sessions.sign_in import Asked
from socle.identity.sessions.throttling import Attempt
from socle.web.kit import doorway, entering, viewer
from socle.web.kit.entering import Entered, Halfway
from socle.web.kit.unit_of_work import noting, reading, tool, writing

_RIGHT_ALL_THE_SAME = (
    PasswordMustChange,
    PasswordTooWeak,
    DirectoryReadOnly,
    PasswordChangesElsewhere,
    PasswordExpired,
    AccountExpired,
)
"""Failures that come only after the present password was found right: no guesses."""


class NewPasswordsDiffer(SocleError):
    """The new password was not typed twice the same."""

    code = "PASSWORD-TYPED-DIFFERENTLY"
    message = N_("The two new passwords are not the same.")
    hint = N_("Nothing was changed. Type the new password twice, slowly.")
    kind = "invalid"


def enter(asked: Asked, password: str) -> Entered | Halfway:
    """Open a session for whose name and password these are, or say that something more is asked."""
    sign_in.checked(asked.username, password)
    attempt = _started(asked)
    try:
        person = tool(Directory).authenticate(asked.username, password)
    except DirectoryUnreachable as down:
        return _in_emergency(asked, attempt, password, down)
    except SocleError as error:
        _failed(asked, attempt, error)
        raise
    entered: Entered | Halfway | None = None
    try:
        with noting() as session:
            account = accounts.seen(session, person)
            refusal = sign_in.refusal(account, asked.door)
            if refusal is None:
                throttling.succeed(session, attempt)
                entered = entering.go_on(session, asked, account, "password")
            else:
                sign_in.refuse(session, asked, attempt, refusal, account)
    except NameTaken as error:
        with writing() as session:
            sign_in.refuse(session, asked, attempt, error)
            throttling.succeed(session, attempt)  # the password was right: no guess
        raise
    if refusal is not None:
        raise refusal
    assert entered is not None
    return entered


def change_password_and_enter(asked: Asked, old: str, new: str, again: str) -> Entered | Halfway:
    """Change a password with the old one as proof, and sign in with the new one."""
    change_password(asked, old, new, again)
    return enter(asked, new)


def prove(asked: Asked, password: str) -> None:
    """Check somebody's password once more, before a change that a passer-by at an open session must not make.

    Throttled and written down like a sign-in.
    """
    sign_in.checked(asked.username, password)
    attempt = _started(asked)
    try:
        tool(Directory).authenticate(asked.username, password)
    except SocleError as error:
        _failed(asked, attempt, error)
        raise
    with writing() as session:
        throttling.succeed(session, attempt)


def change_password(asked: Asked, old: str, new: str, again: str) -> None:
    """Change a password with the old one as proof, and end every other session of the same person, or neither.

    Throttled and written down like a sign-in.
    """
    sign_in.checked(asked.username, old)
    if new != again:
        raise NewPasswordsDiffer()
    attempt = _started(asked)
    try:
        accounts.check_new_password(tool(Directory), asked.username, old, new, tool(Settings).practice.name)
        with writing() as session:
            _end_others(session, asked.username)
            # Last: a directory elsewhere cannot be rolled back.
            accounts.change_own_password(session, tool(Directory), asked.username, old, new)
    except SocleError as error:
        _failed(asked, attempt, error)
        raise
    with writing() as session:
        throttling.succeed(session, attempt)


def _started(asked: Asked) -> Attempt:
    with noting() as session:
        return sign_in.start(session, doorway.forms_key(), asked)


def _failed(asked: Asked, attempt: Attempt, error: SocleError) -> None:
    with writing() as session:
        if isinstance(error, DirectoryUnreachable):
            throttling.withdraw(session, attempt)
        elif isinstance(error, _RIGHT_ALL_THE_SAME):
            throttling.succeed(session, attempt)
        else:
            sign_in.refuse(session, asked, attempt, error)


def _end_others(session: Session, username: str) -> None:
    """End every session of somebody whose password changes, but the one of whoever changes it."""
    account = accounts.find(session, username)
    if account is not None:
        who = viewer.current()
        own = who.session_id if who and who.account_id == account.id else None
        actor = Actor(account.id, account.display_name, account.role_set(), session_id=own)
        sessions.end_of_account(session, actor, account.id, Why.PASSWORD_CHANGED, but=own)
        remembered.forget_all(session, account.id)  # whoever changes it may have a reason to


def _in_emergency(asked: Asked, attempt: Attempt, password: str, down: DirectoryUnreachable) -> Entered:
    """Open a session for the local break-glass administrator, the directory being out of reach."""
    with reading() as session:
        account = accounts.check_break_glass(session, asked.username, password)
    if account is None:
        # A guess at the emergency password is a guess; anybody else's password was not even looked at.
        with writing() as session:
            if accounts.is_break_glass(session, asked.username):
                sign_in.refuse(session, asked, attempt, down)
            else:
                throttling.withdraw(session, attempt)
        raise down
    with writing() as session:
        throttling.succeed(session, attempt)
        return entering.admit(session, asked, account, "break_glass")
