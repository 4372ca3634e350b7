"""What an LDAP server's answers and entries mean: each state of an account has its own error."""

import re
import time

from socle.foundation import log
from socle.foundation.errors import SocleError
from socle.identity.people.directories.ldap_answers import Answer, Entry
from socle.identity.people.directory import (
    AccountDisabled,
    AccountExpired,
    AccountLocked,
    AccountRestricted,
    DirectoryMisconfigured,
    DirectoryRefusesChange,
    NameTaken,
    PasswordChangesElsewhere,
    PasswordExpired,
    PasswordMustChange,
    PasswordTooWeak,
    PersonUnknown,
    WrongCredentials,
)

LOCKED_FOR_EVER = "000001010000Z"
STATE = ("useraccountcontrol", "accountexpires", "pwdlastset", "nsaccountlock", "pwdaccountlockedtime", "pwdreset")
"""What says whether a person may come in; asked by name, for servers keep some of it back otherwise."""
_DISABLED_BIT = 2
_ACTIVE_DIRECTORY = re.compile(r"AcceptSecurityContext error, data ([0-9a-f]+)")
_TOLD: dict[str, type[SocleError]] = {
    "530": AccountRestricted,
    "531": AccountRestricted,
    "532": PasswordExpired,
    "533": AccountDisabled,
    "701": AccountExpired,
    "773": PasswordChangesElsewhere,
    "775": AccountLocked,
}
"""Windows' error numbers (in hexadecimal) in Active Directory's refusals; but for 775, only for the right password."""
_NEVER = {0, 2**63 - 1}
_EPOCH_OF_WINDOWS = 11_644_473_600
"""Seconds from 1 January 1601 to 1 January 1970; Active Directory counts tenths of microseconds from the former."""
_NOT_PROVED = frozenset({32, 34, 48, 49, 53})
"""No such entry, bad name, not allowed, wrong, unwilling."""


def judge(answer: Answer, entry: Entry | None = None) -> None:
    """Turn the answer to a bind into the right error; return when the person may come in."""
    if answer.policy_error in {0, 2}:  # expired, reset
        raise PasswordMustChange
    if answer.policy_error == 1:
        # Closed for good and locked for a while are one word for OpenLDAP, which did not look at the password: whoever
        # guesses names must not learn who left.
        raise WrongCredentials if entry is not None and is_disabled(entry) else AccountLocked
    told = _ACTIVE_DIRECTORY.search(answer.text)
    if told is not None and told[1] in _TOLD:
        raise _TOLD[told[1]]
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
    control, ends = entry.text("useraccountcontrol"), entry.text("accountexpires")
    return (
        (control.isdecimal() and bool(int(control) & _DISABLED_BIT))
        or (ends.isdecimal() and int(ends) not in _NEVER and int(ends) / 10_000_000 - _EPOCH_OF_WINDOWS < time.time())
        or entry.text("nsaccountlock").upper() == "TRUE"
        or entry.text("pwdaccountlockedtime") == LOCKED_FOR_EVER
    )


def must_change(entry: Entry) -> bool:
    """Tell whether the password was given by somebody else and is due to be changed."""
    return entry.text("pwdreset").upper() == "TRUE" or entry.text("pwdlastset") == "0"
