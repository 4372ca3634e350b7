"""What an LDAP server's answers and entries mean: each state of an account has its own error."""

from socle.foundation import log
from socle.identity.people.directories.ldap_link import Answer, Entry
from socle.identity.people.directory import (
    AccountDisabled,
    AccountLocked,
    DirectoryMisconfigured,
    DirectoryRefusesChange,
    NameTaken,
    PasswordMustChange,
    PasswordTooWeak,
    PersonUnknown,
    WrongCredentials,
)

LOCKED_FOR_EVER = "000001010000Z"
STATE = ("useraccountcontrol", "nsaccountlock", "pwdaccountlockedtime", "pwdreset")
"""What says whether a person may come in; asked by name, for servers keep some of it back otherwise."""
_DISABLED_BIT = 2
_NOT_PROVED = frozenset({32, 34, 48, 49, 53})
"""No such entry, bad name, not allowed, wrong, unwilling."""


def judge(answer: Answer, entry: Entry | None = None) -> None:
    """Turn the answer to a bind into the right error; return when the person may come in."""
    if answer.policy_error in {0, 2} or "data 532" in answer.text or "data 773" in answer.text:
        raise PasswordMustChange  # expired, reset; 532 and 773 are Active Directory's words for them
    if answer.policy_error == 1 or "data 775" in answer.text:
        # Closed for good and locked for a while are one word for OpenLDAP, which did not look at the password: whoever
        # guesses names must not learn who left.
        raise WrongCredentials if entry is not None and is_disabled(entry) else AccountLocked
    if "data 533" in answer.text or "data 701" in answer.text:
        raise AccountDisabled
    if answer.code in _NOT_PROVED:
        raise WrongCredentials
    if answer.code != 0:
        log.error("directory_refuses_binds", code=answer.code)
        raise DirectoryMisconfigured


def judge_change(answer: Answer, username: str = "") -> None:
    """Turn the answer to a change into the right error; return when it was made."""
    if answer.code == 0:
        return
    if answer.code == 19:  # constraint violation: the server's password policy, or its rule that names are unique
        raise NameTaken(username=username) if username else PasswordTooWeak(missing=[])
    if answer.code == 32:
        raise PersonUnknown
    if answer.code == 68:
        raise NameTaken(username=username)
    log.warning("directory_refuses_change", code=answer.code)
    raise DirectoryRefusesChange(answer=answer.code)


def is_disabled(entry: Entry) -> bool:
    """Tell whether an entry's person is closed for good, whatever the server's kind."""
    control = entry.text("useraccountcontrol")
    return (
        (control.isdecimal() and bool(int(control) & _DISABLED_BIT))
        or entry.text("nsaccountlock").upper() == "TRUE"
        or entry.text("pwdaccountlockedtime") == LOCKED_FOR_EVER
    )
