"""The embedded directory: people kept in the practice database itself, for a trial or a practice without LDAP."""

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import Text, UniqueConstraint, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from socle.foundation import log
from socle.foundation.checks import Finding
from socle.foundation.columns import Identifier, JsonText, UtcDateTime
from socle.foundation.database import Base, Database, now
from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Role
from socle.identity.people import ldif
from socle.identity.people.directory import (
    AccountDisabled,
    Capability,
    DirectoryPerson,
    DirectoryReadOnly,
    NameTaken,
    PasswordMustChange,
    PersonUnknown,
    WrongCredentials,
    plain_username,
)
from socle.identity.people.passwords import LONGEST, Hasher

PAGE_SIZE = 500
LDIF_BASE = "dc=cabinet,dc=internal"


class EmbeddedPerson(Base):
    """A person of the embedded directory, with the hash of their password."""

    __tablename__ = "directory_person"
    __table_args__ = (UniqueConstraint("key"), UniqueConstraint("username"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    username: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    given_name: Mapped[str] = mapped_column(Text)
    family_name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(JsonText)
    active: Mapped[bool]
    password_hash: Mapped[str] = mapped_column(Text)
    must_change_password: Mapped[bool]
    password_changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def person(self) -> DirectoryPerson:
        """Return the person as every directory shows them."""
        return DirectoryPerson(
            key=self.key,
            username=self.username,
            display_name=self.display_name,
            given_name=self.given_name,
            family_name=self.family_name,
            email=self.email,
            roles=frozenset(Role(role) for role in self.roles),
            active=self.active,
            must_change_password=self.must_change_password,
        )


class EmbeddedDirectory:
    """People in the practice database."""

    kind = "embedded"
    capabilities = frozenset(Capability) - {Capability.WORKSTATIONS}

    def __init__(self, database: Database, hasher: Hasher | None = None) -> None:
        self._database = database
        self._hasher = hasher or Hasher()

    def authenticate(self, username: str, password: str) -> DirectoryPerson:
        """Compare with the kept hash, which is made again when the settings of argon2id have changed since."""
        with self._database.reading() as session:
            row = _by_name(session, username)
        self._prove(row, password)
        if row is None or not row.active:
            raise AccountDisabled
        if self._hasher.is_old(row.password_hash):
            self._keep_again(row, password)
        if row.must_change_password:
            raise PasswordMustChange
        return row.person()

    def find(self, username: str) -> DirectoryPerson | None:
        """Look the user name up."""
        with self._database.reading() as session:
            row = _by_name(session, username)
        return row.person() if row else None

    def people(self) -> Iterator[DirectoryPerson]:
        """Read page by page, in the order people were added."""
        for row in self.rows():
            yield row.person()

    def change_own_password(self, session: Session, username: str, password: str, new_password: str) -> None:
        """Compare with the kept hash, then keep the new one."""
        row = _by_name(session, username)
        self._prove(row, password)
        if row is None or not row.active:
            raise AccountDisabled
        self._keep(session, row, new_password, must_change=False)

    def create(self, session: Session, person: DirectoryPerson, password: str) -> DirectoryPerson:
        """Add a row with a key of its own; NameTaken even when the name is a former colleague's."""
        row = EmbeddedPerson(
            key=str(uuid.uuid4()),
            username=plain_username(person.username),
            display_name=person.display_name,
            given_name=person.given_name,
            family_name=person.family_name,
            email=person.email,
            roles=sorted(person.roles),
            active=person.active,
        )
        self._keep(session, row, password, must_change=person.must_change_password)
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            raise NameTaken(username=row.username) from None
        return row.person()

    def change(self, session: Session, key: str, *, roles: frozenset[Role], active: bool) -> DirectoryPerson:
        """Write roles and state."""
        row = _by_key(session, key)
        row.roles, row.active = sorted(roles), active
        session.flush()
        return row.person()

    def rename(self, session: Session, key: str, person: DirectoryPerson) -> DirectoryPerson:
        """Write the names; the row and its key stay."""
        row = _by_key(session, key)
        try:
            with session.begin_nested():
                row.username, row.display_name = plain_username(person.username), person.display_name
                row.given_name, row.family_name, row.email = person.given_name, person.family_name, person.email
        except IntegrityError:
            raise NameTaken(username=person.username) from None
        return row.person()

    def set_password(self, session: Session, key: str, password: str, *, must_change: bool) -> None:
        """Keep the hash of a new password."""
        self._keep(session, _by_key(session, key), password, must_change=must_change)
        session.flush()

    def keep_workstations(self, names: Collection[str]) -> int:
        """Refuse: no other program reads this directory."""
        raise DirectoryReadOnly

    def export_ldif(self) -> Iterator[bytes]:
        """Yield LDIF for `slapadd`: hashes as `{ARGON2}`, keys as entryUUID, so that accounts stay linked.

        A disabled person is written without a password, for slapd has no other way to shut them out by itself.
        """
        top = [("objectClass", "dcObject"), ("objectClass", "organization"), ("dc", "cabinet"), ("o", "Cabinet")]
        yield ldif.entry(LDIF_BASE, top)
        for unit in ("people", "groups"):
            yield ldif.entry(f"ou={unit},{LDIF_BASE}", [("objectClass", "organizationalUnit"), ("ou", unit)])
        members: dict[str, list[str]] = {role.value: [] for role in Role}
        for row in self.rows():
            dn = f"uid={ldif.escaped_name(row.username)},ou=people,{LDIF_BASE}"
            yield ldif.entry(dn, _attributes(row))
            for role in row.roles:
                members[role].append(dn)
        for role, names in members.items():
            if names:
                group = [("objectClass", "groupOfNames"), ("cn", role), *(("member", name) for name in names)]
                yield ldif.entry(f"cn={role},ou=groups,{LDIF_BASE}", group)

    def probe(self) -> Finding:
        """Read one row."""
        try:
            with self._database.reading() as session:
                session.execute(select(EmbeddedPerson.id).limit(1))
        except SocleError as error:
            return Finding(error.code, "red", error.message, N_("Nobody can sign in."), error.hint)
        return Finding("DIRECTORY-ANSWERS", "green", N_("The embedded directory answers."))

    def _prove(self, row: EmbeddedPerson | None, password: str) -> None:
        if not password or len(password) > LONGEST:
            raise WrongCredentials
        if not self._hasher.is_right(row.password_hash if row else None, password):
            raise WrongCredentials

    def _keep(self, session: Session, row: EmbeddedPerson, password: str, *, must_change: bool) -> None:
        row.password_hash = self._hasher.keep(password)
        row.password_changed_at = now(session)
        row.must_change_password = must_change

    def _keep_again(self, row: EmbeddedPerson, password: str) -> None:
        fresh = self._hasher.keep(password)
        # Not if it was changed meanwhile.
        same = update(EmbeddedPerson).where(
            EmbeddedPerson.id == row.id, EmbeddedPerson.password_hash == row.password_hash
        )
        try:
            with self._database.writing() as session:
                session.execute(same.values(password_hash=fresh))
        except SocleError as error:
            log.warning("password_hash_not_renewed", code=error.code)  # signing in matters more

    def rows(self) -> Iterator[EmbeddedPerson]:
        """Yield every row, page by page."""
        last = 0
        while True:
            with self._database.reading() as session:
                page = select(EmbeddedPerson).where(EmbeddedPerson.id > last).order_by(EmbeddedPerson.id)
                rows = session.scalars(page.limit(PAGE_SIZE)).all()
            yield from rows
            if len(rows) < PAGE_SIZE:
                return
            last = rows[-1].id


def _by_name(session: Session, username: str) -> EmbeddedPerson | None:
    name = plain_username(username)
    if not name or "\0" in name or not name.isprintable():
        return None
    return session.scalars(select(EmbeddedPerson).where(EmbeddedPerson.username == name)).one_or_none()


def _by_key(session: Session, key: str) -> EmbeddedPerson:
    row = session.scalars(select(EmbeddedPerson).where(EmbeddedPerson.key == key)).one_or_none()
    if row is None:
        raise PersonUnknown
    return row


def _attributes(row: EmbeddedPerson) -> list[tuple[str, str]]:
    written = {
        "uid": row.username,
        "cn": row.display_name,
        "sn": row.family_name or row.display_name,
        "givenName": row.given_name,
        "displayName": row.display_name,
        "mail": row.email,
        "entryUUID": row.key,
        "userPassword": f"{{ARGON2}}{row.password_hash}" if row.active else "",
    }
    return [("objectClass", "inetOrgPerson"), *((name, value) for name, value in written.items() if value)]
