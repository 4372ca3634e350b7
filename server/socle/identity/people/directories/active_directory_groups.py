"""Which groups of an Active Directory a person is in, and the roles these give.

The server climbs, and is always asked from the person's side: Windows hands out a group's first 1,500 members only
(MS-ADTS 3.1.1.3.1.3.3, MaxValRange), so lists of members are never read. A primary group, "Domain Users" for most
people, lists nobody at all (MS-ADTS 3.1.1.4.5.2): it is found by the number that the person's entry carries.
"""

import time
from collections.abc import Callable

from socle.foundation.settings import LdapSettings
from socle.identity.actor import Role
from socle.identity.people.directories import active_directory
from socle.identity.people.directories.ldap_answers import Entry
from socle.identity.people.directories.ldap_link import LdapLink
from socle.identity.people.roles import RoleMap, same_name

PRIMARY_KEPT_SECONDS = 60.0
"""What a primary group gives is asked again after this time: nearly everybody has the same one."""
MOST_PRIMARIES_KEPT = 1000


class ActiveDirectoryGroups:
    """The groups below one base."""

    def __init__(self, link: LdapLink, settings: LdapSettings, role_map: RoleMap) -> None:
        self._link = link
        self._settings = settings
        self._role_map = role_map
        self._primaries: dict[bytes, tuple[float, frozenset[Role]]] = {}

    def roles_of(self, entry: Entry) -> frozenset[Role]:
        """Ask for all groups above one person."""
        above = self._search(active_directory.all_groups_of(entry.dn))
        return self._role_map.roles(above) | self._by_primary_group(entry)

    def roles_of_all(self) -> Callable[[Entry], frozenset[Role]]:
        """Ask who is below each group that gives a role; return what tells the roles of a person."""
        roles: dict[str, set[Role]] = {}
        for group, given in self._groups_with_roles():
            below = f"(&{self._settings.person_filter}{active_directory.everybody_below(group)})"
            for page in self._link.pages(self._settings.people_base, below, ["1.1"]):
                for person in page:
                    roles.setdefault(same_name(person.dn), set()).update(given)
        return lambda entry: frozenset(roles.get(same_name(entry.dn), ())) | self._by_primary_group(entry)

    def _groups_with_roles(self) -> list[tuple[str, frozenset[Role]]]:
        base, found = self._settings.groups_base, []
        for page in self._link.pages(base, "(objectClass=group)", ["1.1"]):
            found += [(group.dn, self._role_map.roles([group.dn])) for group in page]
        return [(group, given) for group, given in found if given]

    def _by_primary_group(self, entry: Entry) -> frozenset[Role]:
        number = active_directory.primary_group(entry)
        if number is None:
            return frozenset()
        at, kept = time.monotonic(), self._primaries.get(number)
        if kept is None or at - kept[0] > PRIMARY_KEPT_SECONDS:
            if len(self._primaries) >= MOST_PRIMARIES_KEPT:
                self._primaries.clear()
            kept = self._primaries[number] = (at, self._given_by(number))
        return kept[1]

    def _given_by(self, number: bytes) -> frozenset[Role]:
        """Return the roles of a group and of all those above it, wherever in the domain it is itself."""
        query = active_directory.numbered(number)
        group = self._link.read(active_directory.name_by_number(number), ["1.1"])
        if group is not None:
            query = f"(|{query}{active_directory.all_groups_of(group.dn)})"
        return self._role_map.roles(self._search(query))

    def _search(self, query: str) -> set[str]:
        return {group.dn for group in self._link.search(self._settings.groups_base, query, ["1.1"], limit=0)}
