"""The practice's LDAP directory: search, then bind; groups inside groups; roles by group.

Reads OpenLDAP, Active Directory and other RFC 4511 servers. Where the settings say that Socle's account may, people are
also managed from here (`ldap_writing`); elsewhere with the directory's own tools.
"""

import time
import unicodedata
import uuid
from collections.abc import Collection, Iterator

from sqlalchemy.orm import Session

from socle.foundation import log
from socle.foundation.checks import Finding
from socle.foundation.errors import N_
from socle.foundation.settings import LdapSettings
from socle.identity.actor import Role
from socle.identity.people import ldif
from socle.identity.people.directories import active_directory, ldap_workstations
from socle.identity.people.directories.active_directory_groups import ActiveDirectoryGroups
from socle.identity.people.directories.ldap_answers import Entry
from socle.identity.people.directories.ldap_groups import LdapGroups
from socle.identity.people.directories.ldap_judging import STATE, is_disabled, judge, judge_change, must_change
from socle.identity.people.directories.ldap_link import LdapLink, escaped
from socle.identity.people.directories.ldap_writing import LdapWriter
from socle.identity.people.directory import (
    AccountDisabled,
    Capability,
    DirectoryMisconfigured,
    DirectoryPerson,
    DirectoryReadOnly,
    NameTaken,
    PersonUnknown,
    RoleHeldElsewhere,
    WrongCredentials,
    plain_username,
)
from socle.identity.people.passwords import LONGEST, prepared
from socle.identity.people.roles import RoleMap, same_name

LONGEST_NAME = 128
LONGEST_PAUSE = 0.25


class LdapDirectory:
    """People of an LDAP directory. One object serves all threads of a process."""

    kind = "ldap"

    def __init__(self, settings: LdapSettings, bind_password: bytes = b"") -> None:
        if settings.active_directory:
            settings = active_directory.completed(settings)
        self.settings = settings
        self.link = LdapLink(settings, bind_password.rstrip(b"\r\n"))  # editors end a file with one
        groups = settings.role_groups
        role_map = RoleMap({role: getattr(groups, role.value) for role in Role})
        self._attributes = [
            *{settings.key_attribute, settings.username_attribute, settings.name_attribute},
            *("cn", "givenName", "sn", "mail", *STATE),
            *(active_directory.GROUPING if settings.active_directory else ()),
        ]
        self._seconds_of_a_refusal = 0.02
        groups_of = ActiveDirectoryGroups if settings.active_directory else LdapGroups
        self._groups = groups_of(self.link, settings, role_map)
        self.writer = LdapWriter(self.link, settings, role_map)
        managed = {Capability.PEOPLE, Capability.RESET} if settings.manage_people else set()
        reset = {Capability.RESET} if settings.reset_passwords else set()
        if settings.manage_people and settings.workstations_base:
            managed.add(Capability.WORKSTATIONS)
        allowed = frozenset({Capability.OWN_PASSWORD, *reset, *managed})
        self.capabilities = frozenset() if settings.active_directory else allowed

    def authenticate(self, username: str, password: str) -> DirectoryPerson:
        """Search the person, bind with their password, then read their groups."""
        dn, entry, secret = self._looked_up(username, password)
        started = time.monotonic()
        answer = self.link.check_password(dn, secret)
        if answer.code == 49:
            self._seconds_of_a_refusal = time.monotonic() - started
        judge(answer, entry)
        person = self._person(entry, self._groups.roles_of(entry))
        if not person.active:
            raise AccountDisabled
        return person

    def find(self, username: str) -> DirectoryPerson | None:
        """Search the person by user name."""
        entry = self._entry(username)
        return None if entry is None else self._person(entry, self._groups.roles_of(entry))

    def people(self) -> Iterator[DirectoryPerson]:
        """Read all groups once, then everybody, page by page."""
        roles_of = self._groups.roles_of_all()
        for page in self.link.pages(self.settings.people_base, self.settings.person_filter, self._attributes):
            for entry in page:
                yield self._person(entry, roles_of(entry))

    def change_own_password(self, session: Session, username: str, password: str, new_password: str) -> None:
        """Bind as the person, then ask for the change (RFC 3062): the server's own policy has the last word."""
        self._needs(Capability.OWN_PASSWORD)
        dn, entry, secret = self._looked_up(username, password)
        bound, changed = self.link.change_password(dn, secret, prepared(new_password))
        if changed is None:
            judge(bound, entry)
        else:
            judge_change(changed)

    def create(self, session: Session, person: DirectoryPerson, password: str) -> DirectoryPerson:
        """Add the entry, its groups and its password; NameTaken even for a name below another branch."""
        self._needs(Capability.PEOPLE)
        if self._entry(person.username) is not None:
            raise NameTaken(username=person.username)
        self.writer.create(person, prepared(password))
        return self.again(person.username)

    def change(self, session: Session, key: str, *, roles: frozenset[Role], active: bool) -> DirectoryPerson:
        """Move the person from group to group, and lock or open the entry."""
        self._needs(Capability.PEOPLE)
        entry = self.entry_of(key)
        self.writer.let_in(entry, active=active)
        self.writer.give_roles(entry.dn, roles)
        person = self.again(entry.text(self.settings.username_attribute))
        if person.roles != roles:
            raise RoleHeldElsewhere
        return person

    def rename(self, session: Session, key: str, person: DirectoryPerson) -> DirectoryPerson:
        """Give the entry its new names; groups follow."""
        self._needs(Capability.PEOPLE)
        entry, namesake = self.entry_of(key), self._entry(person.username)
        if namesake is not None and namesake.dn != entry.dn:
            raise NameTaken(username=person.username)
        self.writer.rename(entry, person)
        return self.again(person.username)

    def set_password(self, session: Session, key: str, password: str, *, must_change: bool) -> None:
        """Give a new password with the service account's rights, if the settings say it has them."""
        self._needs(Capability.RESET)
        self.writer.give_password(self.entry_of(key), prepared(password), must_change=must_change)

    def keep_workstations(self, names: Collection[str]) -> int:
        """Add, remove and list them in their group."""
        self._needs(Capability.WORKSTATIONS)
        return ldap_workstations.keep(self.link, self.settings, names)

    def export_ldif(self) -> Iterator[bytes]:
        """Yield all that the service account may read below the two bases."""
        bases = {self.settings.people_base, self.settings.groups_base}
        for base in sorted(bases):
            if any(base != other and same_name(base).endswith(f",{same_name(other)}") for other in bases):
                continue  # it comes with the other
            for page in self.link.pages(
                base, "(objectClass=*)", ["*", "entryUUID", "pwdReset", "pwdAccountLockedTime"]
            ):
                for entry in page:
                    yield ldif.entry(entry.dn, ((name, value) for name, all_ in entry.values.items() for value in all_))

    def probe(self) -> Finding:
        """Try every server: red when none answers, amber when one of several does not."""
        found = self.link.check_servers()
        silent = {url: error for url, error in found.items() if error is not None}
        if not silent:
            return Finding("DIRECTORY-ANSWERS", "green", N_("Every server of the directory answers."))
        alone = len(silent) < len(found)
        worst = next(iter(silent.values()))
        return Finding(
            worst.code,
            "amber" if alone else "red",
            N_("%(servers)s: no good answer (%(code)s)."),
            N_("If the other server stops too, nobody but the emergency administrator can sign in.")
            if alone
            else N_("Nobody but the emergency administrator can sign in."),
            N_("Look at that server, then at its address, certificate and service account in the settings."),
            {"servers": ", ".join(silent), "code": worst.code},
        )

    def close(self) -> None:
        """Close the connections kept open."""
        self.link.close()

    def _needs(self, capability: Capability) -> None:
        if capability not in self.capabilities:
            raise DirectoryReadOnly

    def entry_of(self, key: str) -> Entry:
        """Return the entry with that key, or raise PersonUnknown."""
        query = f"(&{self.settings.person_filter}({self.settings.key_attribute}={escaped(key)}))"
        found = self.link.search(self.settings.people_base, query, self._attributes, limit=2)
        if len(found) != 1:
            raise PersonUnknown
        return found[0]

    def again(self, username: str) -> DirectoryPerson:
        """Read somebody anew, or raise PersonUnknown."""
        person = self.find(username)
        if person is None:
            raise PersonUnknown
        return person

    def _looked_up(self, username: str, password: str) -> tuple[str, Entry, bytes]:
        """Return the entry to bind as, and the password's bytes; WrongCredentials after a likely pause if none."""
        try:
            secret = prepared(password)
        except UnicodeEncodeError:
            raise WrongCredentials from None
        if not secret or len(password) > LONGEST:
            raise WrongCredentials
        entry = self._entry(username)
        if entry is None:
            # As long as the server took for the last wrong password: the time must not tell that nobody is called so.
            time.sleep(min(self._seconds_of_a_refusal, LONGEST_PAUSE))
            raise WrongCredentials
        return entry.dn, entry, secret

    def _entry(self, username: str) -> Entry | None:
        name = plain_username(username)
        if not name or len(name) > LONGEST_NAME or any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in name):
            return None
        called = f"({self.settings.username_attribute}={escaped(name)})"
        if self.settings.active_directory:
            called = active_directory.named(self.settings, name)
        query = f"(&{self.settings.person_filter}{called})"
        found = self.link.search(self.settings.people_base, query, self._attributes, limit=2)
        if len(found) > 1:
            log.error("directory_name_not_unique", count=len(found))
            raise DirectoryMisconfigured
        return found[0] if found else None

    def _person(self, entry: Entry, roles: frozenset[Role]) -> DirectoryPerson:
        username = entry.text(self.settings.username_attribute)
        key = _readable_key(self.settings.key_attribute, entry)
        if not key or not username:
            log.error("directory_entry_without_key", target=self.settings.key_attribute)
            raise DirectoryMisconfigured
        return DirectoryPerson(
            key=key,
            username=plain_username(username),
            display_name=entry.text(self.settings.name_attribute) or entry.text("cn") or username,
            given_name=entry.text("givenName"),
            family_name=entry.text("sn"),
            email=entry.text("mail"),
            roles=roles,
            active=not is_disabled(entry),
            must_change_password=must_change(entry),
        )


def _readable_key(attribute: str, entry: Entry) -> str:
    values = entry.values.get(attribute.lower())
    if not values:
        return ""
    if attribute.lower() == "objectguid" and len(values[0]) == 16:
        return str(uuid.UUID(bytes_le=values[0]))
    return values[0].decode(errors="replace")
