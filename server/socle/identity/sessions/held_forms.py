"""Keeps typed text across a sign-in: sealed, for the account that typed it, for a day, at the door it was typed at."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.identity.sessions.doors import DoorName
from socle.identity.sessions.models import HeldForm

KEPT = timedelta(hours=24)
MOST_PER_ACCOUNT = 20
MOST_FIELDS = 500
MOST_CHARACTERS = 400_000
_NONCE_BYTES = 12
_NEVER_KEPT = re.compile(r"pass|secret|csrf|token|otp|\bpin\b|^_", re.IGNORECASE)
"""Names of fields that are never kept: whatever looks like a secret, and the kit's own hidden fields."""

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Typed:
    """What someone typed: the page that shows the form, where the form is sent, and its fields in order."""

    page: str
    action: str
    fields: Fields


@dataclass(frozen=True)
class Kept:
    """A held form, opened again."""

    id: int
    held_at: datetime
    typed: Typed


@dataclass(frozen=True)
class Waiting:
    """A held form that has not been given back yet, as a list shows it."""

    id: int
    page: str
    held_at: datetime


class _Content(msgspec.Struct, array_like=True):
    page: str
    action: str
    fields: list[tuple[str, str]]


def keepable(fields: Iterable[tuple[str, str]]) -> Fields:
    """Return the fields that may be kept: nothing secret, and as many as fit, from the first.

    Empty ones too: somebody may have emptied them, and the third telephone must not come back as the second.
    """
    kept: list[tuple[str, str]] = []
    room = MOST_CHARACTERS
    for name, value in fields:
        if _NEVER_KEPT.search(name):
            continue
        room -= len(name) + len(value)
        if room < 0 or len(kept) == MOST_FIELDS:
            break
        kept.append((name, value))
    return tuple(kept)


def hold(session: Session, key: bytes, door: DoorName, account_id: int, typed: Typed) -> int | None:
    """Seal and keep what was typed; return its number, or None when nothing of it may be kept.

    `key` is the home's key for forms. Only the newest 20 of an account are kept. The page is sealed with the text: its
    address may hold the name of a patient somebody looked for.
    """
    fields = keepable(typed.fields)
    if not any(value for _name, value in fields):
        return None
    content = msgspec.msgpack.encode(_Content(typed.page[:2000], typed.action[:2000], list(fields)))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + _cipher(key, door).encrypt(nonce, content, _bound_to(account_id))
    row = HeldForm(account_id=account_id, door=door, held_at=now(session), sealed=sealed)
    session.add(row)
    session.flush()
    of_account = select(HeldForm.id).where(HeldForm.account_id == account_id).order_by(HeldForm.id.desc())
    too_many = session.scalars(of_account.offset(MOST_PER_ACCOUNT)).all()
    if too_many:
        session.execute(delete(HeldForm).where(HeldForm.id.in_(too_many)))
    return row.id


def open_again(session: Session, key: bytes, door: DoorName, account_id: int, held_id: int) -> Kept | None:
    """Return what this account typed; None if it is not theirs, too old, gone, or of another door."""
    mine = _mine(session, door, account_id).where(HeldForm.id == held_id)
    row = session.scalars(mine).one_or_none()
    return _opened(key, row) if row is not None else None


def waiting(session: Session, key: bytes, door: DoorName, account_id: int) -> list[Waiting]:
    """List what is held for an account at a door, newest first."""
    mine = _mine(session, door, account_id).order_by(HeldForm.id.desc()).limit(MOST_PER_ACCOUNT)
    opened = [_opened(key, row) for row in session.scalars(mine)]
    return [Waiting(kept.id, kept.typed.page, kept.held_at) for kept in opened if kept is not None]


def newest_of_page(session: Session, key: bytes, door: DoorName, account_id: int, page: str) -> int | None:
    """Return the number of what this account typed last in a page and never sent, if there is any."""
    return next((one.id for one in waiting(session, key, door, account_id) if one.page == page), None)


def forget(session: Session, account_id: int, held_id: int) -> None:
    """Drop a held form, because it was sent or is not wanted any more."""
    session.execute(delete(HeldForm).where(HeldForm.id == held_id, HeldForm.account_id == account_id))


def forget_old(session: Session) -> None:
    """Drop every form held for more than a day."""
    session.execute(delete(HeldForm).where(HeldForm.held_at < now(session) - KEPT))


def _mine(session: Session, door: DoorName, account_id: int) -> Select[HeldForm]:
    return select(HeldForm).where(
        HeldForm.account_id == account_id, HeldForm.door == door, HeldForm.held_at > now(session) - KEPT
    )


def _opened(key: bytes, row: HeldForm) -> Kept | None:
    nonce, sealed = row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:]
    try:
        clear = _cipher(key, row.door).decrypt(nonce, sealed, _bound_to(row.account_id))
    except InvalidTag:
        return None
    content = msgspec.msgpack.decode(clear, type=_Content)
    return Kept(row.id, row.held_at, Typed(content.page, content.action, tuple(content.fields)))


def _cipher(key: bytes, door: str) -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"socle held form\0" + door.encode()).derive(key)
    return AESGCM(derived)


def _bound_to(account_id: int) -> bytes:
    return str(account_id).encode()
