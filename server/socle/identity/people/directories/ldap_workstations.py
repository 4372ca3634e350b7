"""The practice's workstations in an LDAP directory that Socle manages: for a printer or a network that asks who is one.

Only entries whose owner is Socle's own account are touched; a printer that somebody put beside them stays.
"""

from collections.abc import Collection

from socle.foundation.settings import LdapSettings
from socle.identity.people import ldif
from socle.identity.people.directories.ldap_changes import Add, Change, Delete, Modify
from socle.identity.people.directories.ldap_judging import judge_change
from socle.identity.people.directories.ldap_link import LdapLink, escaped
from socle.identity.people.directories.ldap_writing import NOBODY
from socle.identity.people.roles import same_name

ENROLLED = "enrolled"
"""The group of all workstations in use."""


def keep(link: LdapLink, settings: LdapSettings, names: Collection[str]) -> int:
    """Make the directory hold these workstations and no others of Socle's; return how many changes that took."""
    base = settings.workstations_base
    found = link.search(base, f"(&(objectClass=device)(owner={escaped(settings.bind_dn)}))", ["1.1"], limit=0)
    there = {same_name(entry.dn): entry.dn for entry in found}
    wanted = {f"cn={ldif.escaped_name(name)},{base}": name for name in sorted(names)}
    kept = {same_name(dn) for dn in wanted}
    changes: list[Change] = [Delete(dn) for name, dn in there.items() if name not in kept]
    changes += [
        Add(dn, {"objectClass": ["device"], "cn": [name], "owner": [settings.bind_dn]})
        for dn, name in wanted.items()
        if same_name(dn) not in there
    ]
    group = f"cn={ENROLLED},{base}"
    entry = link.read(group, ["member"])
    listed = {same_name(one.decode()) for one in entry.values.get("member", ())} if entry is not None else set()
    members = list(wanted) or [f"cn={NOBODY},{settings.groups_base}"]
    if listed != {same_name(dn) for dn in members}:
        changes.append(Modify(group, {"member": [("replace", members)]}))
    judge_change(link.apply(*changes))
    return len(changes)
