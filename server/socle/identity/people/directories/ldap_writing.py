"""People of an LDAP directory that Socle manages: added, renamed, closed, moved from group to group.

A directory cannot be rolled back and knows no transactions: each change is made in the order in which stopping half-way
gives nobody more than before, and doing it again finishes it.
"""

from collections.abc import Iterable

from socle.foundation.settings import LdapSettings
from socle.identity.actor import Role
from socle.identity.people import ldif
from socle.identity.people.directories.ldap_answers import Answer, Entry
from socle.identity.people.directories.ldap_changes import Add, Change, Delete, GivePassword, How, Modify, Rename
from socle.identity.people.directories.ldap_judging import LOCKED_FOR_EVER, judge_change
from socle.identity.people.directories.ldap_link import LdapLink, escaped
from socle.identity.people.directory import DirectoryPerson, DirectoryRefusesChange, RoleWithoutGroup
from socle.identity.people.roles import RoleMap, same_name

NOBODY = "nobody"
"""The entry that keeps a group from being empty, which groupOfNames may not be: it is no person and opens nothing."""
_ARE_GROUPS = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=groupOfMembers))"
_HAS_IT_ALREADY, _LACKS_IT_ALREADY, _NOT_EMPTY, _NO_SUCH_ENTRY = 20, 16, 65, 32
Changes = dict[str, list[tuple[How, list[str]]]]


class LdapWriter:
    """Changes people with the service account's rights."""

    def __init__(self, link: LdapLink, settings: LdapSettings, role_map: RoleMap) -> None:
        self._link = link
        self._settings = settings
        self._role_map = role_map

    def create(self, person: DirectoryPerson, password: bytes = b"", kept: str = "") -> str:
        """Add somebody and return their DN; an entry that could not be finished is taken away again.

        Without a password until the groups are right: nobody comes in half-made. `kept`: a hash the server can check
        (`{ARGON2}…`) instead of a password.
        """
        dn = f"{self._settings.username_attribute}={ldif.escaped_name(person.username)},{self._settings.people_base}"
        groups = [self._group_of(role) for role in person.roles]
        attributes = {name: [text] for name, text in self._names(person).items() if text}
        added = self._link.apply(Add(dn, {"objectClass": ["inetOrgPerson"], **attributes}))
        judge_change(added, person.username)
        state = _state(active=person.active, must_change=person.must_change_password)
        if kept:
            finish: list[Change] = [Modify(dn, {"userPassword": [("replace", [kept])], **state})]
        else:
            finish = [GivePassword(dn, password), *([Modify(dn, state)] if state else [])]
        try:
            self._leave(self._groups_listing(dn), dn)  # a namesake of long ago
            self._join(groups, dn)
            judge_change(self._link.apply(*finish))
        except Exception:
            self._link.apply(Delete(dn))
            self._leave(groups, dn)
            raise
        return dn

    def delete(self, dn: str) -> None:
        """Take an entry away with its memberships."""
        self._leave(self._groups_listing(dn), dn)
        answer = self._link.apply(Delete(dn))
        if answer.code != _NO_SUCH_ENTRY:
            judge_change(answer)

    def let_in(self, entry: Entry, *, active: bool) -> None:
        """Close an entry for good, or open it again; one locked for a while after wrong passwords stays so."""
        closed = entry.text("pwdaccountlockedtime") == LOCKED_FOR_EVER
        if closed is active:
            values = [] if active else [LOCKED_FOR_EVER]
            judge_change(self._link.apply(Modify(entry.dn, {"pwdAccountLockedTime": [("replace", values)]})))

    def give_password(self, entry: Entry, password: bytes, *, must_change: bool) -> None:
        """Give a new password; a lock after wrong ones goes, the closing of an account stays."""
        judge_change(self._link.apply(GivePassword(entry.dn, password)))
        closed = entry.text("pwdaccountlockedtime") == LOCKED_FOR_EVER
        after = _state(active=not closed, must_change=must_change)
        if after:
            # Only servers with a password policy know these attributes; elsewhere the reset stands without them.
            self._link.apply(Modify(entry.dn, after))

    def give_hash(self, entry: Entry, kept: str, *, must_change: bool) -> None:
        """Give the hash of a password that was chosen elsewhere."""
        state = _state(active=True, must_change=must_change) or {"pwdReset": [("replace", [])]}
        judge_change(self._link.apply(Modify(entry.dn, {"userPassword": [("replace", [kept])], **state})))

    def give_roles(self, dn: str, roles: frozenset[Role]) -> None:
        """Make the person a direct member of the groups of these roles, and of no other role's."""
        listing = self._groups_listing(dn)
        unwanted = [group for group in listing if (given := self._role_map.roles([group.dn])) and not given & roles]
        held = self._role_map.roles(group.dn for group in listing)
        wanted = [self._group_of(role) for role in sorted(roles - held)]
        self._leave(unwanted, dn)
        self._join(wanted, dn)

    def rename(self, entry: Entry, person: DirectoryPerson) -> None:
        """Write the names. Where the user name is part of the DN, groups list the new one before the old one goes."""
        kind, _, _ = entry.dn.partition("=")
        named_by = {self._settings.username_attribute.lower(): person.username, "cn": person.display_name}
        dn, names = entry.dn, self._names(person)
        rdn = f"{kind}={ldif.escaped_name(named_by[kind.lower()])}" if kind.lower() in named_by else ""
        renamed = f"{rdn},{_above(dn)}" if rdn else dn
        if same_name(renamed) != same_name(dn):
            groups = self._groups_listing(dn)
            self._join(groups, renamed)
            answer = self._link.apply(Rename(dn, rdn))
            if answer.code != 0:
                self._leave(groups, renamed)
                judge_change(answer, person.username)
            self._leave(groups, dn)
            dn = renamed
        changes: Changes = {  # the DN's own part is written already
            name: [("replace", [text] if text else [])] for name, text in names.items() if name.lower() != kind.lower()
        }
        judge_change(self._link.apply(Modify(dn, changes)), person.username)

    def _names(self, person: DirectoryPerson) -> dict[str, str]:
        return {
            "cn": person.display_name,
            "sn": person.family_name or person.display_name,
            "givenName": person.given_name,
            "mail": person.email,
            self._settings.name_attribute: person.display_name,
            self._settings.username_attribute: person.username,
        }

    def _group_of(self, role: Role) -> Entry:
        there = {same_name(group.dn): group for group in self._groups(_ARE_GROUPS)}
        for name in getattr(self._settings.role_groups, role.value):
            if same_name(name) in there:
                return there[same_name(name)]
        raise RoleWithoutGroup(role=role.value)

    def _groups_listing(self, dn: str) -> list[Entry]:
        return self._groups(f"(|(member={escaped(dn)})(uniqueMember={escaped(dn)}))")

    def _groups(self, query: str) -> list[Entry]:
        return self._link.search(self._settings.groups_base, query, ["objectClass"], limit=0)

    def _join(self, groups: Iterable[Entry], dn: str) -> None:
        for group in groups:
            answer = self._link.apply(Modify(group.dn, {_members(group): [("add", [dn])]}))
            _unless(answer, _HAS_IT_ALREADY)

    def _leave(self, groups: Iterable[Entry], dn: str) -> None:
        for group in groups:
            name = _members(group)
            answer = self._link.apply(Modify(group.dn, {name: [("delete", [dn])]}))
            if answer.code == _NOT_EMPTY:
                nobody = f"cn={NOBODY},{self._settings.groups_base}"
                answer = self._link.apply(Modify(group.dn, {name: [("add", [nobody]), ("delete", [dn])]}))
            _unless(answer, _LACKS_IT_ALREADY)


def _state(*, active: bool, must_change: bool) -> Changes:
    state: Changes = {}
    if must_change:
        state["pwdReset"] = [("replace", ["TRUE"])]
    if not active:
        state["pwdAccountLockedTime"] = [("replace", [LOCKED_FOR_EVER])]
    return state


def _members(group: Entry) -> str:
    kinds = {value.decode(errors="replace").lower() for value in group.values.get("objectclass", ())}
    return "uniqueMember" if "groupofuniquenames" in kinds else "member"


def _above(dn: str) -> str:
    """Return the DN of the entry above: what follows the first comma that is not escaped."""
    at = 0
    while dn[at] != ",":
        at += 2 if dn[at] == "\\" else 1
    return dn[at + 1 :]


def _unless(answer: Answer, expected: int) -> None:
    if answer.code not in {0, expected}:
        raise DirectoryRefusesChange(answer=answer.code)
