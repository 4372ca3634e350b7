"""The port to the directory of people: who they are, whether their password is right, which roles they hold.

Methods without a `session` are never called while a writing transaction is open on the practice database: a directory
may be on the network and slow, and the embedded one opens sessions of its own. Methods with one get the caller's open
transaction: a directory kept in the practice database writes in it, any other ignores it. So record the audit entry
first, and call the directory last.
"""

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from sqlalchemy.orm import Session

from socle.foundation.checks import Finding
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Role


class Capability(StrEnum):
    """What Socle may change in a directory."""

    PEOPLE = "people"
    """Add, rename and disable people, give them roles: `create`, `rename`, `change`."""
    RESET = "reset"
    """Give anybody a new password: `set_password`."""
    OWN_PASSWORD = "own_password"  # noqa: S105 - the capability's name
    """Let people change their own password: `change_own_password`."""
    WORKSTATIONS = "workstations"
    """Hold the practice's workstations for other programs: `keep_workstations`."""


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """A person as the directory knows them.

    `key` never changes and is never given again (`username` and names may change); `roles` come from groups.
    """

    key: str
    username: str
    display_name: str
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    roles: frozenset[Role] = field(default_factory=frozenset)
    active: bool = True
    must_change_password: bool = False


def plain_username(typed: str) -> str:
    """Return the one spelling of a user name: no capitals, no outer spaces, composed accents."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


class Directory(Protocol):
    """A directory of people. One file per kind in `directories/`; every method may raise DirectoryUnreachable."""

    kind: str
    capabilities: frozenset[Capability]

    def authenticate(self, username: str, password: str) -> DirectoryPerson:
        """Return the person whose name and password these are.

        WrongCredentials says never which half is wrong, and takes as long for an unknown name; AccountDisabled,
        AccountLocked and PasswordMustChange are raised only once the password is known to be right, or when the
        directory itself refuses to look at it.
        """
        ...

    def find(self, username: str) -> DirectoryPerson | None:
        """Return the person of that user name, without any password; None when there is none."""
        ...

    def people(self) -> Iterator[DirectoryPerson]:
        """Yield everybody, page by page, ordered by nothing in particular."""
        ...

    def change_own_password(self, session: Session, username: str, password: str, new_password: str) -> None:
        """Change a password with the old one as proof: WrongCredentials, PasswordTooWeak or DirectoryReadOnly.

        Works for someone whose password has expired or was reset (PasswordMustChange).
        """
        ...

    def create(self, session: Session, person: DirectoryPerson, password: str) -> DirectoryPerson:
        """Add somebody (the given `key` is ignored); return them with their key: NameTaken or DirectoryReadOnly.

        With `person.must_change_password`, the first sign-in asks for a new password.
        """
        ...

    def change(self, session: Session, key: str, *, roles: frozenset[Role], active: bool) -> DirectoryPerson:
        """Give somebody these roles and no others, and let them in or not: PersonUnknown, DirectoryReadOnly."""
        ...

    def rename(self, session: Session, key: str, person: DirectoryPerson) -> DirectoryPerson:
        """Give somebody the user name, names and e-mail of `person`; the key stays: PersonUnknown, NameTaken."""
        ...

    def set_password(self, session: Session, key: str, password: str, *, must_change: bool) -> None:
        """Give somebody a new password: PersonUnknown, PasswordTooWeak or DirectoryReadOnly."""
        ...

    def keep_workstations(self, names: Collection[str]) -> int:
        """Hold the workstations of these names and no others of Socle's; return how many changes: DirectoryReadOnly."""
        ...

    def export_ldif(self) -> Iterator[bytes]:
        """Yield people and groups as LDIF (RFC 2849), for backups and for moving to another directory."""
        ...

    def probe(self) -> Finding:
        """Tell whether the directory answers; never raises."""
        ...


class DirectoryUnreachable(SocleError):
    """No server of the directory answers in time."""

    code = "DIRECTORY-UNREACHABLE"
    message = N_("The practice's directory of accounts does not answer.")
    hint = N_("Your password is not in question. Tell your maintainer; the emergency administrator can still sign in.")
    kind = "unavailable"


class CertificateRefused(DirectoryUnreachable):
    """The directory's server showed a certificate that is not trusted, or of another host."""

    code = "DIRECTORY-CERTIFICATE-REFUSED"
    message = N_("The directory's server is not the one expected: its certificate was refused.")
    hint = N_(
        "No password was sent. Your maintainer checks the certificate file, the host name and the end date "
        "with “socle directory check”."
    )


class DirectoryMisconfigured(DirectoryUnreachable):
    """The directory answers, but refuses Socle itself: service account, search base or filter."""

    code = "DIRECTORY-MISCONFIGURED"
    message = N_("The directory of accounts refuses to be read by Socle.")
    hint = N_("Your maintainer checks the service account and the search bases with “socle directory check”.")


class WrongCredentials(SocleError):
    """The name or the password is wrong; nothing says which."""

    code = "SIGN-IN-WRONG"
    message = N_("This user name and password do not go together.")
    hint = N_("Check the capital letters and the keyboard, then try again.")
    kind = "refused"


class AccountDisabled(SocleError):
    """The account was closed, here or in the directory."""

    code = "ACCOUNT-DISABLED"
    message = N_("This account is disabled.")
    hint = N_("Ask the practice's administrator to enable it again.")
    kind = "refused"


class AccountLocked(SocleError):
    """The directory itself locked the account, after too many wrong passwords."""

    code = "ACCOUNT-LOCKED"
    message = N_("The directory has locked this account after too many wrong passwords.")
    hint = N_("Wait a quarter of an hour, or ask the practice's administrator to unlock it.")
    kind = "refused"


class PasswordMustChange(SocleError):
    """The password is right but was reset or has expired: a new one is due before anything else."""

    code = "PASSWORD-MUST-CHANGE"
    message = N_("Your password has to be changed before you go on.")
    hint = N_("Choose a new password: the present one was given to you by somebody else, or has expired.")
    kind = "refused"


class PasswordChangesElsewhere(SocleError):
    """The password is right but has to be changed, where Socle cannot: in Active Directory."""

    code = "PASSWORD-MUST-CHANGE-ELSEWHERE"
    message = N_("Your password is right, but has to be changed before you go on.")
    hint = N_("Change it on a Windows computer of the practice (Ctrl+Alt+Del), then sign in here with the new one.")
    kind = "refused"


class PasswordExpired(SocleError):
    """The password is right but too old for the directory's rule, and Socle cannot change it."""

    code = "PASSWORD-EXPIRED"
    message = N_("Your password is right, but has expired.")
    hint = N_("Change it on a Windows computer of the practice (Ctrl+Alt+Del), then sign in here with the new one.")
    kind = "refused"


class AccountExpired(SocleError):
    """The account had an end date in the directory."""

    code = "ACCOUNT-EXPIRED"
    message = N_("This account has passed the end date that the directory gives it.")
    hint = N_("If you still work here, ask whoever manages the directory to move that date.")
    kind = "refused"


class AccountRestricted(SocleError):
    """The directory does not let this account in at this hour, or from here."""

    code = "ACCOUNT-RESTRICTED"
    message = N_("The directory does not let this account sign in now, or from this server.")
    hint = N_("Ask whoever manages the directory about this account's hours and workstations.")
    kind = "refused"


class PasswordTooWeak(SocleError):
    """The new password is refused; `missing` says what to add, one sentence each (msgids with details)."""

    code = "PASSWORD-TOO-WEAK"
    message = N_("This password is too easy to guess.")
    hint = N_("Use at least 12 characters with capitals, small letters, digits and signs, or 7 words.")
    kind = "invalid"


class DirectoryReadOnly(SocleError):
    """The directory is managed elsewhere."""

    code = "DIRECTORY-READ-ONLY"
    message = N_("This directory is managed outside Socle.")
    hint = N_("Make the change with the directory's own tools; Socle sees it at the next sign-in.")
    kind = "refused"


class DirectoryRefusesChange(SocleError):
    """The directory does not let Socle's service account make a change that the settings say it may make."""

    code = "DIRECTORY-REFUSES-CHANGE"
    message = N_("The directory of accounts refused the change (its answer: %(answer)s).")
    hint = N_("Nothing was changed in Socle. Your maintainer checks the rights of Socle's account in the directory.")
    kind = "unavailable"


class RoleWithoutGroup(SocleError):
    """No group of the directory stands for a role."""

    code = "DIRECTORY-ROLE-WITHOUT-GROUP"
    message = N_("No group of the directory gives the role “%(role)s”.")
    hint = N_("Name one in the settings, under directory.ldap.role_groups; “socle directory init” makes them all.")
    kind = "conflict"


class RoleHeldElsewhere(SocleError):
    """A group that Socle does not manage gives the person other roles than those asked for."""

    code = "DIRECTORY-ROLE-HELD-ELSEWHERE"
    message = N_("Another group of the directory gives or takes one of these roles.")
    hint = N_("Look with the directory's own tools at the groups that this person's groups are members of.")
    kind = "conflict"


class NameTaken(SocleError):
    """The user name is in use already."""

    code = "ACCOUNT-NAME-TAKEN"
    message = N_("The user name “%(username)s” is taken.")
    hint = N_("Choose another one; names of former colleagues are never given again.")
    kind = "conflict"


class PersonUnknown(SocleError):
    """Nobody has that key in the directory."""

    code = "ACCOUNT-UNKNOWN"
    message = N_("There is no such account.")
    hint = N_("Look at the list of accounts: the user name may be spelt another way.")
    kind = "missing"
