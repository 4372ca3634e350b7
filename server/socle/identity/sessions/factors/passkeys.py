"""Passkeys (WebAuthn): a key pair in a person's device or security key, for this server's name and no other.

After the password, holding the device is enough. In its place, the device must also have checked who holds it (a
finger, a face, its own code): that is two factors at once.
"""

import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Select, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.identity.people.models import Account
from socle.identity.sessions.factors import sealing
from socle.identity.sessions.factors.models import Passkey

if TYPE_CHECKING:
    from socle.identity.sessions.factors.passkey_protocol import Used

LONGEST_NAME = 60
LONGEST_CREDENTIAL = 20_000
MOST = 20
_CHALLENGE_BYTES = 32


class PasskeyNeedsName(SocleError):
    """The page was opened by an address in numbers: browsers tie passkeys to names."""

    code = "PASSKEY-NEEDS-NAME"
    message = N_("Passkeys do not work when the server is opened by its number (%(host)s).")
    hint = N_("Open it by its name, such as https://socle.local with the same port: browsers tie a passkey to a name.")
    kind = "conflict"


class PasskeyUnknown(SocleError):
    """The device shows a passkey that is not, or no longer, enrolled for this person here."""

    code = "PASSKEY-UNKNOWN"
    message = N_("This passkey is not known here: it was removed, or belongs to another account.")
    hint = N_("Choose another one on your device, or sign in with your password.")
    kind = "refused"


class PasskeyRefused(SocleError):
    """The device's answer does not hold: signature, server's name, page's address or challenge."""

    code = "PASSKEY-REFUSED"
    message = N_("What your device answered does not prove who you are.")
    hint = N_("Try once more. If it comes back, sign in with your password and set the passkey up anew.")
    kind = "refused"


class PasskeyNotVerified(SocleError):
    """Without a password, the device has to check its holder, and did not."""

    code = "PASSKEY-NOT-VERIFIED"
    message = N_("Your device did not check that it is you (finger, face or its code).")
    hint = N_("Set up a screen lock on it, or sign in with your password first: then holding the key is enough.")
    kind = "refused"


class PasskeyCopied(SocleError):
    """The key's counter went back: there are two of it."""

    code = "PASSKEY-COPIED"
    message = N_("This security key answered with a counter that was seen before: it may have been copied.")
    hint = N_("Sign in another way, remove this passkey under “My account”, and tell your maintainer.")
    kind = "refused"


class PasskeyKnown(SocleError):
    """The device's key is enrolled already."""

    code = "PASSKEY-KNOWN"
    message = N_("This passkey is set up already.")
    hint = N_("Nothing was changed.")
    kind = "conflict"


class TooManyPasskeys(SocleError):
    """More passkeys than anybody needs."""

    code = "PASSKEY-TOO-MANY"
    message = N_("An account has %(most)s passkeys at most.")
    hint = N_("Remove one that you do not use any more.")
    kind = "conflict"


@dataclass(frozen=True)
class Line:
    """One passkey, as lists show it."""

    id: int
    name: str
    host: str
    made_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Site:
    """Where the page stands: the server's name, and the page's whole origin (`https://name:port`)."""

    host: str
    origin: str

    @classmethod
    def of(cls, host_and_port: str) -> "Site":
        """Read what the browser's address line says; PasskeyNeedsName for a number."""
        host = host_and_port.rpartition(":")[0] if not host_and_port.endswith("]") else host_and_port
        host = host or host_and_port
        try:
            ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return cls(host.casefold(), f"https://{host_and_port}")
        raise PasskeyNeedsName(host=host)


def challenge() -> bytes:
    """Return a new challenge, to be answered once."""
    return secrets.token_bytes(_CHALLENGE_BYTES)


def creation_options(
    session: Session, key: bytes, account: Account, site: Site, challenge: bytes, practice: str
) -> str:
    """Return what a browser needs to make a passkey (JSON); TooManyPasskeys."""
    from socle.identity.sessions.factors import passkey_protocol as protocol  # noqa: PLC0415 - 5 MB in every process, else

    known = session.scalars(select(Passkey).where(Passkey.account_id == account.id)).all()
    if len(known) >= MOST:
        raise TooManyPasskeys(most=MOST)
    # The same for all of a person's passkeys and unreadable outside: devices keep it.
    handle = hmac.digest(sealing.derived(key, "passkey holder"), str(account.id).encode(), "sha256")
    names = f"Socle {practice}", account.username, account.display_name
    return protocol.question_for_new(site.host, *names, handle, challenge, [row.credential_id for row in known])


def add(session: Session, actor: Actor, account_id: int, site: Site, challenge: bytes, answer: str, name: str) -> None:
    """Take a passkey that a browser has made; PasskeyRefused or PasskeyKnown."""
    from socle.identity.sessions.factors import passkey_protocol as protocol  # noqa: PLC0415 - as above

    try:
        made = protocol.made(site.host, site.origin, challenge, answer[:LONGEST_CREDENTIAL])
    except protocol.MALFORMED:
        raise PasskeyRefused from None
    row = Passkey(
        account_id=account_id,
        credential_id=made.number,
        public_key=made.public_key,
        sign_count=made.count,
        host=site.host[:255],
        name=_plain(name) or site.host[:LONGEST_NAME],
        made_at=now(session),
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise PasskeyKnown from None
    trail.record(session, actor, "factor.add", "account", account_id, reason="passkey")


def request_options(session: Session, site: Site, challenge: bytes, account_id: int | None) -> str:
    """Return what a browser needs to use a passkey (JSON): one of this person's, or any it has for this server."""
    from socle.identity.sessions.factors import passkey_protocol as protocol  # noqa: PLC0415 - as above

    rows = session.scalars(_mine(account_id, site)).all() if account_id is not None else []
    allowed = [row.credential_id for row in rows]
    return protocol.question(site.host, challenge, allowed, verified=account_id is None)


def check(session: Session, site: Site, challenge: bytes, answer: str, account_id: int | None) -> int:
    """Check a browser's answer and return whose passkey it is.

    With `account_id`, it has to be this person's and holding it is enough; without, the device must have checked its
    holder. PasskeyUnknown, PasskeyRefused, PasskeyNotVerified or PasskeyCopied.
    """
    row = _shown(session, site, answer)
    if row is None or (account_id is not None and row.account_id != account_id):
        raise PasskeyUnknown
    proved = _verified(row, site, challenge, answer)
    if account_id is None and not proved.verified:
        raise PasskeyNotVerified
    used = update(Passkey).where(Passkey.id == row.id, Passkey.sign_count == row.sign_count)
    if row.sign_count and proved.count <= row.sign_count:
        raise PasskeyCopied
    used = used.values(sign_count=proved.count, last_used_at=now(session)).returning(Passkey.id)
    if session.execute(used).first() is None:
        raise PasskeyCopied
    return row.account_id


def owner(session: Session, site: Site, answer: str) -> int | None:
    """Return whose passkey an answer claims to be, without any proof yet."""
    row = _shown(session, site, answer)
    return row.account_id if row is not None else None


def credential_of(answer: str) -> str:
    """Return the number of the passkey in a browser's answer, for counting tries; PasskeyRefused for nonsense."""
    return _number_in(answer).hex()


def listed(session: Session, account_id: int) -> list[Line]:
    """List a person's passkeys, in the order they were set up."""
    rows = session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id))
    return [Line(row.id, row.name, row.host, row.made_at, row.last_used_at) for row in rows]


def any_for(session: Session, host: str) -> bool:
    """Tell whether anybody has a passkey for this server's name."""
    return session.execute(select(Passkey.id).where(Passkey.host == host).limit(1)).first() is not None


def remove(session: Session, account_id: int, number: int | None = None) -> bool:
    """Forget one of a person's passkeys, or all; tell whether there was any. The caller writes it down."""
    mine = delete(Passkey).where(Passkey.account_id == account_id)
    if number is not None:
        mine = mine.where(Passkey.id == number)
    return bool(session.execute(mine.returning(Passkey.id)).all())


def _shown(session: Session, site: Site, answer: str) -> Passkey | None:
    shown = Passkey.credential_id == _number_in(answer), Passkey.host == site.host
    return session.scalars(select(Passkey).where(*shown)).one_or_none()


def _number_in(answer: str) -> bytes:
    from socle.identity.sessions.factors import passkey_protocol as protocol  # noqa: PLC0415 - as above

    try:
        return protocol.number_in(answer[:LONGEST_CREDENTIAL])[:1023]
    except protocol.MALFORMED:
        raise PasskeyRefused from None


def _verified(row: Passkey, site: Site, challenge: bytes, answer: str) -> "Used":
    from socle.identity.sessions.factors import passkey_protocol as protocol  # noqa: PLC0415 - as above

    try:
        return protocol.used(site.host, site.origin, challenge, answer, row.public_key)
    except protocol.MALFORMED:
        raise PasskeyRefused from None


def _mine(account_id: int, site: Site) -> Select[Passkey]:
    return select(Passkey).where(Passkey.account_id == account_id, Passkey.host == site.host)


def _plain(name: str) -> str:
    return " ".join("".join(sign for sign in name if sign.isprintable()).split())[:LONGEST_NAME]
