"""An LDAP directory as the place that people move to."""

import secrets
from dataclasses import replace

from socle.identity.people.directories.ldap import LdapDirectory
from socle.identity.people.directory import Capability, DirectoryPerson, DirectoryRefusesChange, PersonUnknown
from socle.identity.people.moving import Kept
from socle.identity.people.passwords import prepared


class LdapDestination(LdapDirectory):
    """Takes people with the hash of the password they have."""

    @property
    def manages_people(self) -> bool:
        """Whether Socle may add people here."""
        return Capability.PEOPLE in self.capabilities

    def checks(self, password: str, password_hash: str) -> bool:
        """Add a person without any role, bind as them, and take them away."""
        name = f"socle-trial-{secrets.token_hex(6)}"
        trial = DirectoryPerson("", name, name)
        try:
            dn = self.writer.create(trial, kept=_scheme(password_hash))
        except DirectoryRefusesChange:
            return False
        try:
            return self.link.check_password(dn, prepared(password)).code == 0
        finally:
            self.writer.delete(dn)

    def add(self, kept: Kept, password: str) -> DirectoryPerson:
        """Add the entry; a password made here has to be changed at the first sign-in."""
        if password:
            self.writer.create(replace(kept.person, must_change_password=True), prepared(password))
        else:
            self.writer.create(kept.person, kept=_scheme(kept.password_hash))
        return self.again(kept.person.username)

    def refresh(self, key: str, kept: Kept) -> None:
        """Write the hash, the state and the roles anew."""
        entry = self.entry_of(key)
        self.writer.give_hash(entry, _scheme(kept.password_hash), must_change=kept.person.must_change_password)
        self.writer.let_in(self.entry_of(key), active=kept.person.active)
        self.writer.give_roles(entry.dn, kept.person.roles)

    def remove(self, key: str) -> None:
        """Take the entry away with its memberships."""
        try:
            entry = self.entry_of(key)
        except PersonUnknown:
            return
        self.writer.delete(entry.dn)


def _scheme(password_hash: str) -> str:
    return f"{{ARGON2}}{password_hash}"
