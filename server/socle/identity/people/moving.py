"""Moving people from the embedded directory to LDAP: each account stays itself, with its history and its sessions.

Until the settings say `kind = "ldap"`, people go on signing in with the embedded directory, which is given the new keys
too; so a move can be looked at, done again and undone at leisure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from socle.foundation.database import Database, now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.people import passwords
from socle.identity.people.directory import DirectoryPerson
from socle.identity.people.models import Account, DirectoryMove


class Outcome(StrEnum):
    """What becomes of one person."""

    CREATE = "create"
    """Added to LDAP, with the password they have."""
    CREATE_ANEW = "create anew"
    """Added to LDAP with a password made here, for that server cannot check the one they have."""
    MATCH = "match"
    """In LDAP already under the same user name: tied to them, with the password they have there."""
    MOVED = "moved"
    """Moved before; brought up to date."""
    ABSENT = "absent"
    """Not in LDAP, and Socle may not add anybody there."""
    TAKEN = "taken"
    """The person of that name in LDAP belongs to another account."""


STAYING = frozenset({Outcome.ABSENT, Outcome.TAKEN})


@dataclass(frozen=True)
class Kept:
    """A person of the embedded directory with the hash of their password (argon2id, `$argon2id$…`)."""

    person: DirectoryPerson
    password_hash: str


@dataclass(frozen=True)
class Line:
    """One person's move. `roles_differ`: LDAP's groups give them other roles, which will hold."""

    kept: Kept
    outcome: Outcome
    there: DirectoryPerson | None = None
    roles_differ: bool = False
    password: str = ""
    """Made here for them, known only now."""


class Origin(Protocol):
    """The embedded directory."""

    def kept(self) -> Iterator[Kept]:
        """Yield everybody."""
        ...

    def rekey(self, session: Session, old: str, new: str) -> None:
        """Give a person another key."""
        ...


class Destination(Protocol):
    """The LDAP directory of the settings. Never called inside a transaction; may raise DirectoryUnreachable."""

    @property
    def manages_people(self) -> bool:
        """Whether Socle may add people there."""
        ...

    def find(self, username: str) -> DirectoryPerson | None:
        """Return the person of that user name."""
        ...

    def checks(self, password: str, password_hash: str) -> bool:
        """Try, with a person who lives for a moment, whether the server lets people in by such a hash."""
        ...

    def add(self, kept: Kept, password: str) -> DirectoryPerson:
        """Add somebody with the hash they have, or with `password` when it is not empty."""
        ...

    def refresh(self, key: str, kept: Kept) -> None:
        """Bring somebody added before up to date: the password's hash, roles, open or closed."""
        ...

    def remove(self, key: str) -> None:
        """Take somebody away who was added by a move; nothing when they are gone."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Roads(Protocol):
    """Opens both ends of a move."""

    def open(self) -> tuple[Origin, Destination]:
        """Return the embedded directory and the one of the settings; MoveImpossible without the latter."""
        ...


class MoveImpossible(SocleError):
    """The settings do not say where to."""

    code = "DIRECTORY-MOVE-IMPOSSIBLE"
    message = N_("There is no LDAP directory to move to, or people sign in there already.")
    hint = N_('In the settings, describe it under [directory.ldap] and leave kind = "embedded" until the move is done.')
    kind = "conflict"


def rehearse(database: Database, origin: Origin, destination: Destination) -> Sequence[Line]:
    """Say what would become of everybody; change nothing but for a trial entry that is taken away again."""
    secret = passwords.generate()
    carried = destination.manages_people and destination.checks(secret, passwords.Hasher().keep(secret))
    lines = []
    for kept in origin.kept():
        there = destination.find(kept.person.username)
        with database.reading() as session:
            lines.append(_judged(session, kept, there, destination.manages_people, carried))
    return lines


def move(database: Database, actor: Actor, origin: Origin, destination: Destination) -> Sequence[Line]:
    """Move everybody who can be; may be done again, and then brings people moved before up to date."""
    done = []
    for line in rehearse(database, origin, destination):
        key = line.kept.person.key
        if line.outcome in STAYING:
            done.append(line)
            continue
        if line.outcome is Outcome.MOVED:
            with database.reading() as session:
                added = session.scalars(_moves().where(DirectoryMove.new_key == key, DirectoryMove.created)).first()
            if added is not None:
                destination.refresh(key, line.kept)
            done.append(line)
            continue
        if line.there is None:
            password = passwords.generate() if line.outcome is Outcome.CREATE_ANEW else ""
            line = replace(line, there=destination.add(line.kept, password), password=password)  # noqa: PLW2901
        with database.writing() as session:
            _tie(session, actor, origin, line)
        done.append(line)
    return done


def undo(database: Database, actor: Actor, origin: Origin, destination: Destination) -> int:
    """Give everybody their former key back and take away whom the move added; return how many."""
    with database.reading() as session:
        rows = session.scalars(_moves().order_by(DirectoryMove.id.desc())).all()
    for row in rows:
        if row.created:
            destination.remove(row.new_key)
        with database.writing() as session:
            kept = session.get_one(DirectoryMove, row.id)
            kept.undone_at = now(session)
            _rekey(session, actor, origin, kept.new_key, kept.old_key)
    return len(rows)


def _judged(session: Session, kept: Kept, there: DirectoryPerson | None, managed: bool, carried: bool) -> Line:
    if there is None:
        if not managed:
            return Line(kept, Outcome.ABSENT)
        return Line(kept, Outcome.CREATE if carried else Outcome.CREATE_ANEW)
    differ = there.roles != kept.person.roles
    if there.key == kept.person.key:
        return Line(kept, Outcome.MOVED, there, differ)
    holder = session.scalars(select(Account).where(Account.directory_key == there.key)).one_or_none()
    return Line(kept, Outcome.TAKEN if holder is not None else Outcome.MATCH, there, differ)


def _tie(session: Session, actor: Actor, origin: Origin, line: Line) -> None:
    if line.there is None:
        raise MoveImpossible
    old, new = line.kept.person.key, line.there.key
    created = line.outcome in {Outcome.CREATE, Outcome.CREATE_ANEW}
    session.add(DirectoryMove(at=now(session), old_key=old, new_key=new, created=created))
    _rekey(session, actor, origin, old, new)


def _rekey(session: Session, actor: Actor, origin: Origin, old: str, new: str) -> None:
    account = session.scalars(select(Account).where(Account.directory_key == old)).one_or_none()
    if account is not None:
        account.directory_key = new
        trail.record(session, actor, "account.link", "account", account.id, ["directory_key"])
    origin.rekey(session, old, new)
    session.flush()


def _moves() -> Select[DirectoryMove]:
    return select(DirectoryMove).where(DirectoryMove.undone_at.is_(None))
