"""Which groups of an LDAP directory a person is in, groups inside groups included, and the roles these give."""

import time
from collections.abc import Callable, Iterable

from socle.foundation.settings import LdapSettings
from socle.identity.actor import Role
from socle.identity.people.directories.ldap_answers import Entry
from socle.identity.people.directories.ldap_link import LdapLink, escaped
from socle.identity.people.roles import RoleMap, same_name

DEEPEST_GROUPS = 10
"""Groups inside groups are followed this far; circles end by themselves."""
GROUPS_ASKED_AT_ONCE = 100
NESTING_KEPT_SECONDS = 60.0
"""Which groups contain which is asked again after this time; who is in a group, at each sign-in."""
MOST_NESTINGS_KEPT = 1000


class LdapGroups:
    """The groups below one base."""

    def __init__(self, link: LdapLink, settings: LdapSettings, role_map: RoleMap) -> None:
        self._link = link
        self._settings = settings
        self._role_map = role_map
        self._nestings: dict[frozenset[str], tuple[float, set[str]]] = {}

    def roles_of(self, entry: Entry) -> frozenset[Role]:
        """Ask for the groups of one person, then for those above."""
        dn = entry.dn

        def above(names: Iterable[str]) -> set[str]:
            asked = frozenset(names)
            return self._above(asked) if asked == {dn} else self._above_groups(asked)

        return self._role_map.roles(_climb(dn, above))

    def roles_of_all(self) -> Callable[[Entry], frozenset[Role]]:
        """Read every group once; return what tells the roles of a person."""
        parents: dict[str, set[str]] = {}
        lists_members = "(|(member=*)(uniqueMember=*))"
        for page in self._link.pages(self._settings.groups_base, lists_members, ["member", "uniqueMember"]):
            for group in page:
                for member in (*group.values.get("member", ()), *group.values.get("uniquemember", ())):
                    parents.setdefault(same_name(member.decode(errors="replace")), set()).add(group.dn)

        def above(names: Iterable[str]) -> set[str]:
            return {group for name in names for group in parents.get(same_name(name), ())}

        return lambda entry: self._role_map.roles(_climb(entry.dn, above))

    def _above_groups(self, groups: frozenset[str]) -> set[str]:
        kept = self._nestings.get(groups)
        at = time.monotonic()
        if kept is None or at - kept[0] > NESTING_KEPT_SECONDS:
            if len(self._nestings) >= MOST_NESTINGS_KEPT:
                self._nestings.clear()
            kept = self._nestings[groups] = (at, self._above(groups))
        return set(kept[1])

    def _above(self, names: Iterable[str]) -> set[str]:
        """Return the groups that list one of these names as a member."""
        asked, found = list(names), set[str]()
        for start in range(0, len(asked), GROUPS_ASKED_AT_ONCE):
            some = map(escaped, asked[start : start + GROUPS_ASKED_AT_ONCE])
            query = "".join(f"(member={name})(uniqueMember={name})" for name in some)
            found |= self._search(f"(|{query})")
        return found

    def _search(self, query: str) -> set[str]:
        return {group.dn for group in self._link.search(self._settings.groups_base, query, ["1.1"], limit=0)}


def _climb(dn: str, above: Callable[[Iterable[str]], set[str]]) -> set[str]:
    """Return all groups over `dn`, level by level; a group met twice is not climbed again."""
    reached: set[str] = set()
    level = {dn}
    for _ in range(DEEPEST_GROUPS):
        level = above(level) - reached
        if not level:
            break
        reached |= level
    return reached
