"""Comparing accounts with the directory: who changed, who came back, who left.

A directory that answers with an empty or much shorter list has probably lost its way, not its people: then nobody is
closed until a person has looked, for the practice must go on.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from socle.foundation import log
from socle.foundation.database import now
from socle.identity.actor import Actor, Role
from socle.identity.audit import trail
from socle.identity.people import accounts
from socle.identity.people.directory import DirectoryPerson, NameTaken
from socle.identity.people.models import Account, DirectorySync

ONE_IN = 5
"""At most one account in five, and at least one account, is closed within a day without a person's word."""
A_DAY = timedelta(days=1)
"""A directory that loses its people little by little must not empty the practice by small steps."""
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Compared:
    """What a comparison did, or would do: accounts closed, held back for a person to look at, opened again, changed."""

    listed: int
    closed: list[Account] = field(default_factory=list)
    held: list[Account] = field(default_factory=list)
    returned: list[Account] = field(default_factory=list)
    changed: list[Account] = field(default_factory=list)


def most_closed(active: int) -> int:
    """Return how many of `active` accounts may be closed at once without a person's word."""
    return max(1, active // ONE_IN)


def compare(
    session: Session, people: Iterable[DirectoryPerson], began: datetime, confirmed: Collection[int] = ()
) -> Compared:
    """Compare the accounts with all `people` of the directory, whose listing began at `began`; change nothing.

    `confirmed`: numbers of accounts that a person agreed to close.
    """
    found = {person.key: person for person in people}
    tied = session.scalars(select(Account).where(Account.directory_key.is_not(None)).order_by(Account.id)).all()
    active = [account for account in tied if account.active]
    gone = [account for account in active if _is_gone(account, found, began)]
    stripped = [one for one in active if one not in gone and one.roles and not _roles(one, found)]
    agreed = [account for account in gone if account.id in confirmed]
    rest = [account for account in gone if account.id not in confirmed]
    lately = [one for one in tied if one.left_directory_at is not None and one.left_directory_at > now(session) - A_DAY]
    within = len(rest) + len(stripped) + len(lately) <= most_closed(len(active) + len(lately))
    closed = agreed + rest if within else agreed
    if not _leaves_an_administrator(active, closed):
        closed = [account for account in closed if Role.ADMINISTRATOR not in account.role_set()]
    returned = [one for one in tied if one.left_directory_at is not None and _is_active(one, found)]
    changed = [] if stripped and not within else [one for one in (*active, *returned) if _is_changed(one, found)]
    held = [account for account in gone if account not in closed]
    return Compared(len(found), closed, held if within else [*held, *stripped], returned, changed)


def apply(
    session: Session,
    actor: Actor,
    people: Collection[DirectoryPerson],
    began: datetime,
    confirmed: Collection[int] = (),
) -> Compared:
    """Compare, then close, open again and bring up to date; remember the outcome. The door ends the sessions."""
    compared = compare(session, people, began, confirmed)
    by_key = {person.key: person for person in people}
    for account in compared.closed:
        account.active, account.left_directory_at = False, now(session)
        trail.record(session, actor, "account.leave", "account", account.id, ["active"])
    for account in {one.id: one for one in (*compared.returned, *compared.changed)}.values():
        if account not in compared.closed:
            _bring_up_to_date(session, by_key[account.directory_key or ""])
    remember(session, "held" if compared.held else "done", compared)
    return compared


def remember(session: Session, outcome: str, compared: Compared | None = None) -> None:
    """Write down how a comparison ended: "done", "held" or "unreachable"."""
    session.execute(delete(DirectorySync).where(DirectorySync.at < now(session) - KEPT))
    row = DirectorySync(
        at=now(session),
        outcome=outcome,
        listed=compared.listed if compared else 0,
        closed=len(compared.closed) if compared else 0,
        held=[account.id for account in compared.held] if compared else [],
    )
    session.add(row)
    session.flush()


def last_answer(session: Session) -> DirectorySync | None:
    """Return the newest comparison to which the directory answered."""
    answered = select(DirectorySync).where(DirectorySync.outcome != "unreachable")
    return session.scalars(answered.order_by(DirectorySync.id.desc()).limit(1)).one_or_none()


def held_back(session: Session) -> list[Account]:
    """Return the accounts that wait for a person's word, in the order of user names."""
    last = last_answer(session)
    numbers = last.held if last is not None else []
    waiting = select(Account).where(Account.id.in_(numbers), Account.active).order_by(Account.username)
    return list(session.scalars(waiting.limit(accounts.MOST_LISTED)))


def _bring_up_to_date(session: Session, person: DirectoryPerson) -> None:
    try:
        accounts.seen(session, person)
    except NameTaken as error:
        log.warning("directory_person_not_updated", code=error.code)


def _is_gone(account: Account, found: dict[str, DirectoryPerson], began: datetime) -> bool:
    # Somebody added, or let in, since the listing began was no part of it.
    latest = max(account.created_at, account.last_sign_in_at or account.created_at)
    return latest < began and not _is_active(account, found)


def _is_active(account: Account, found: dict[str, DirectoryPerson]) -> bool:
    person = found.get(account.directory_key or "")
    return person is not None and person.active


def _roles(account: Account, found: dict[str, DirectoryPerson]) -> frozenset[Role]:
    person = found.get(account.directory_key or "")
    return person.roles if person is not None else account.role_set()


def _is_changed(account: Account, found: dict[str, DirectoryPerson]) -> bool:
    person = found.get(account.directory_key or "")
    return person is not None and bool(accounts.differs(account, person))


def _leaves_an_administrator(active: list[Account], closed: list[Account]) -> bool:
    administrators = [account for account in active if Role.ADMINISTRATOR in account.role_set()]
    return not administrators or any(account not in closed for account in administrators)
