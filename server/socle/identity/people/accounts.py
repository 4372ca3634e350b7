"""Accounts: what Socle keeps of each person, brought up to date from the directory, and changed through it."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor, Role, machine
from socle.identity.audit import trail
from socle.identity.people import passwords
from socle.identity.people.directory import (
    Capability,
    Directory,
    DirectoryPerson,
    DirectoryReadOnly,
    NameTaken,
    PasswordMustChange,
    PasswordTooWeak,
    PersonUnknown,
    plain_username,
)
from socle.identity.people.models import Account

DIRECTORY = machine("directory")
BREAK_GLASS = "secours"
"""The emergency administrator's user name ("help" in French, as printed on the practice's sheet)."""
BREAK_GLASS_NAME = "Administrateur de secours"
_HASHER = passwords.Hasher()
MOST_LISTED = 500
HANDED_OUT_BY_MAINTAINERS = frozenset({Role.MAINTAINER})
"""A maintainer never sees a patient; so they may not give anybody, themselves included, the means to."""


class NotYoursToGive(SocleError):
    """Someone without the role of administrator would open the clinic to somebody, or take their place."""

    code = "ACCOUNT-ADMINISTRATOR-NEEDED"
    message = N_("Only the practice's administrator may do this for people who work with patients' files.")
    hint = N_("Ask an administrator of the practice: a maintainer may add and reset other maintainers only.")
    kind = "refused"


class LastAdministrator(SocleError):
    """Nobody could manage the accounts any more."""

    code = "ACCOUNT-LAST-ADMINISTRATOR"
    message = N_("This is the practice's last administrator.")
    hint = N_("Make somebody else an administrator first.")
    kind = "conflict"


class IncompletePerson(SocleError):
    """A new account without what it needs."""

    code = "ACCOUNT-INCOMPLETE"
    message = N_("A new account needs a user name, a name and at least one role.")
    hint = N_("A user name has 2 to 64 letters, digits, dots, hyphens or underscores, and starts with a letter.")
    kind = "invalid"


_by_key = select(Account).where(Account.directory_key == bindparam("key"))

# Looking up


def find(session: Session, username: str) -> Account | None:
    """Return the account with that user name."""
    return session.scalars(select(Account).where(Account.username == plain_username(username))).one_or_none()


def get(session: Session, account_id: int) -> Account:
    """Return an account by its number, or raise PersonUnknown."""
    account = session.get(Account, account_id) if account_id < 2**63 else None
    if account is None:
        raise PersonUnknown
    return account


def listed(session: Session, after: str = "", most: int = MOST_LISTED) -> list[Account]:
    """Return accounts in the order of user names, from the one after `after`."""
    rows = select(Account).where(Account.username > after).order_by(Account.username)
    return list(session.scalars(rows.limit(min(most, MOST_LISTED))))


# Keeping up with the directory


def seen(session: Session, person: DirectoryPerson) -> Account:
    """Return the account of somebody whom the directory let in: made at the first sign-in, else brought up to date.

    One that was closed because its person had left the directory opens again; one that somebody closed stays closed.
    NameTaken when the user name belongs to an account with another key (a former colleague's, or the emergency
    administrator's).
    """
    account = session.scalars(_by_key, {"key": person.key}).one_or_none()
    if account is None:
        return _add(session, DIRECTORY, person)
    if account.left_directory_at is not None and person.active:
        account.active, account.left_directory_at = True, None
        trail.record(session, DIRECTORY, "account.return", "account", account.id, ["active"])
    fresh = _kept_of(person)
    changed = differs(account, person)
    if changed:
        try:
            with session.begin_nested():
                for name in changed:
                    setattr(account, name, fresh[name])
        except IntegrityError:
            raise NameTaken(username=person.username) from None
        trail.record(session, DIRECTORY, "account.update", "account", account.id, changed)
    return account


def differs(account: Account, person: DirectoryPerson) -> list[str]:
    """Return the names of what the directory knows otherwise than the account."""
    return [name for name, value in _kept_of(person).items() if getattr(account, name) != value]


def link(session: Session, actor: Actor, account_id: int, person: DirectoryPerson) -> Account:
    """Tie an account to a person of the present directory who has its user name (after a change of directory)."""
    account = get(session, account_id)
    if person.username != account.username or account.directory_key is None:
        raise PersonUnknown
    account.directory_key = person.key
    trail.record(session, actor, "account.link", "account", account.id, ["directory_key"])
    session.flush()
    return account


# Changing, through the directory


def create(session: Session, actor: Actor, directory: Directory, person: DirectoryPerson, password: str) -> Account:
    """Add somebody to the directory and give them an account.

    IncompletePerson, NameTaken, PasswordTooWeak, NotYoursToGive or DirectoryReadOnly.
    """
    person = replace(person, username=plain_username(person.username), display_name=person.display_name.strip())
    _needs(directory, Capability.PEOPLE)
    if not _is_username(person.username) or not person.display_name or not person.roles:
        raise IncompletePerson
    check_may_hand_out(actor, person.roles)
    passwords.check(password, username=person.username, names=(person.given_name, person.family_name))
    if find(session, person.username) is not None:
        raise NameTaken(username=person.username)
    return _add(session, actor, directory.create(session, person, password))


def disable(session: Session, actor: Actor, directory: Directory, account_id: int) -> Account:
    """Close an account; the door ends its sessions. In a directory managed elsewhere the person stays as they are.

    NotYoursToGive as for `enable`: whoever closes an account must be able to open it again.
    """
    account = get(session, account_id)
    check_may_hand_out(actor, account.role_set())
    if account.active:
        _leave_an_administrator(session, account, frozenset())
        account.active = False
        trail.record(session, actor, "account.disable", "account", account.id, ["active"])
        session.flush()
        _tell(session, directory, account)
    return account


def enable(session: Session, actor: Actor, directory: Directory, account_id: int) -> Account:
    """Open a closed account again: NotYoursToGive for the account of somebody who works with patients' files."""
    account = get(session, account_id)
    check_may_hand_out(actor, account.role_set())
    if not account.active:
        account.active, account.left_directory_at = True, None
        trail.record(session, actor, "account.enable", "account", account.id, ["active"])
        session.flush()
        _tell(session, directory, account)
    return account


def set_roles(session: Session, actor: Actor, directory: Directory, account_id: int, roles: Iterable[Role]) -> Account:
    """Give an account these roles and no others: NotYoursToGive, LastAdministrator or DirectoryReadOnly."""
    account, wanted = get(session, account_id), frozenset(roles)
    if not wanted:
        raise IncompletePerson
    if wanted == account.role_set():
        return account
    check_may_hand_out(actor, wanted | account.role_set())
    _leave_an_administrator(session, account, wanted)
    _needs(directory, Capability.PEOPLE)
    if account.directory_key is None:
        raise DirectoryReadOnly
    account.roles = sorted(wanted)
    trail.record(session, actor, "account.roles", "account", account.id, ["roles"])
    session.flush()
    _tell(session, directory, account)
    return account


def rename(session: Session, actor: Actor, directory: Directory, account_id: int, person: DirectoryPerson) -> Account:
    """Give somebody the user name, names and e-mail of `person`: the account, its key and its history stay.

    IncompletePerson, NameTaken, NotYoursToGive or DirectoryReadOnly.
    """
    account = get(session, account_id)
    person = replace(person, username=plain_username(person.username), display_name=person.display_name.strip())
    check_may_hand_out(actor, account.role_set())
    _needs(directory, Capability.PEOPLE)
    if account.directory_key is None:
        raise DirectoryReadOnly
    if not _is_username(person.username) or not person.display_name:
        raise IncompletePerson
    namesake = find(session, person.username)
    if namesake is not None and namesake.id != account.id:
        raise NameTaken(username=person.username)
    wanted = {"username": person.username, "display_name": person.display_name, "email": person.email}
    changed = [name for name, value in wanted.items() if getattr(account, name) != value]
    for name in changed:
        setattr(account, name, wanted[name])
    trail.record(session, actor, "account.rename", "account", account.id, changed)
    session.flush()
    directory.rename(session, account.directory_key, person)
    return account


def reset_password(session: Session, actor: Actor, directory: Directory, account_id: int) -> str:
    """Give an account a password made here, to be changed at the next sign-in, and return it.

    NotYoursToGive, PersonUnknown or DirectoryReadOnly; the door ends the account's sessions.
    """
    account = get(session, account_id)
    check_may_hand_out(actor, account.role_set())
    _needs(directory, Capability.RESET)
    if account.directory_key is None:
        raise DirectoryReadOnly
    password = passwords.generate()
    trail.record(session, actor, "account.password_reset", "account", account.id, ["password"])
    directory.set_password(session, account.directory_key, password, must_change=True)
    return password


def check_new_password(directory: Directory, username: str, password: str, new: str, practice: str = "") -> None:
    """Prove the present password, then judge the new one: WrongCredentials first, PasswordTooWeak only after.

    `practice` is the practice's name, which anybody can read on the door.
    Called before `change_own_password`, with no transaction open.
    """
    try:
        person = directory.authenticate(username, password)
        names = [person.given_name, person.family_name]
    except PasswordMustChange:
        names = []
    passwords.check(new, username=plain_username(username), names=[*names, *passwords.words_of(practice)])
    if new == password:
        raise PasswordTooWeak(missing=[passwords.Missing(N_("It must not be the present one."), {})])


def change_own_password(session: Session, directory: Directory, username: str, password: str, new: str) -> None:
    """Change a password that `check_new_password` has accepted, with the old one as proof once more."""
    account = find(session, username)
    if account is not None:
        actor = Actor(account.id, account.display_name, account.role_set())
        trail.record(session, actor, "account.password_change", "account", account.id, ["password"])
    directory.change_own_password(session, username, password, new)


# The emergency administrator, for a day when the directory does not answer


def make_break_glass(session: Session, actor: Actor, *, renew: bool = False) -> str | None:
    """Make the local emergency administrator and return the password, shown once; None if there is one already.

    With `renew`, give the one there is a new password.
    """
    account = find(session, BREAK_GLASS)
    if account is not None and not renew:
        return None
    password = passwords.generate()
    if account is None:
        account = Account(
            username=BREAK_GLASS,
            display_name=BREAK_GLASS_NAME,
            roles=sorted({Role.ADMINISTRATOR, Role.MAINTAINER}),
            created_at=now(session),
        )
        session.add(account)
    account.break_glass_hash = _HASHER.keep(password)
    session.flush()
    trail.record(session, actor, "break_glass.password", "account", account.id, ["password"])
    return password


def is_break_glass(session: Session, username: str) -> bool:
    """Tell whether this is the emergency administrator's user name."""
    account = find(session, username)
    return account is not None and account.break_glass_hash is not None


def check_break_glass(session: Session, username: str, password: str) -> Account | None:
    """Return the emergency administrator's account if these are its name and password; takes as long if not."""
    account = find(session, username)
    kept = account.break_glass_hash if account is not None else None
    proved = 0 < len(password) <= passwords.LONGEST and _HASHER.is_right(kept, password)
    return account if proved and account is not None and account.active else None


def _add(session: Session, actor: Actor, person: DirectoryPerson) -> Account:
    account = Account(directory_key=person.key, active=person.active, created_at=now(session), **_kept_of(person))
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError:
        already = session.scalars(select(Account).where(Account.directory_key == person.key)).one_or_none()
        if already is not None:
            return already  # two first sign-ins at once
        raise NameTaken(username=person.username) from None
    trail.record(session, actor, "account.create", "account", account.id)
    return account


def _kept_of(person: DirectoryPerson) -> dict[str, object]:
    return {
        "username": person.username,
        "display_name": person.display_name,
        "email": person.email,
        "roles": sorted(person.roles),
    }


def _tell(session: Session, directory: Directory, account: Account) -> None:
    """Write an account's state to a directory that Socle manages."""
    if Capability.PEOPLE in directory.capabilities and account.directory_key is not None:
        directory.change(session, account.directory_key, roles=account.role_set(), active=account.active)


def _needs(directory: Directory, capability: Capability) -> None:
    if capability not in directory.capabilities:
        raise DirectoryReadOnly


def check_may_hand_out(actor: Actor, roles: frozenset[Role]) -> None:
    """Refuse with NotYoursToGive what concerns people who work with patients' files, unless by an administrator."""
    if actor.account_id is None or actor.has(Role.ADMINISTRATOR):
        return  # the machine's own command line is root's
    if not roles <= HANDED_OUT_BY_MAINTAINERS:
        raise NotYoursToGive


def _leave_an_administrator(session: Session, account: Account, roles: frozenset[Role]) -> None:
    if Role.ADMINISTRATOR not in account.role_set() or Role.ADMINISTRATOR in roles:
        return
    others = select(Account.roles).where(Account.active, Account.id != account.id, Account.directory_key.is_not(None))
    if not any(Role.ADMINISTRATOR in held for held in session.scalars(others)):
        raise LastAdministrator


def _is_username(username: str) -> bool:
    plain = all(sign.isalnum() or sign in "._-" for sign in username)
    return 2 <= len(username) <= 64 and plain and username[0].isalpha()
