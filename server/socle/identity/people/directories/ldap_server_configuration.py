"""What an OpenLDAP server's own configuration (`cn=config`) needs so that Socle can manage a practice's tree in it.

Only root on the server itself, over its unix socket, may usually change it.
"""

import os
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from socle.foundation.errors import N_
from socle.identity.people.directories.ldap_answers import Entry
from socle.identity.people.directories.ldap_changes import Add, Change, Modify
from socle.identity.people.directories.ldap_link import LdapLink
from socle.identity.people.directory import DirectoryMisconfigured
from socle.identity.people.roles import same_name
from socle.identity.people.tree import Ground, SuffixUnknown

_CONFIG = "cn=config"
_FRONTEND = "olcDatabase={-1}frontend,cn=config"
_MODULES = {"ppolicy": "ppolicy", "unique": "unique", "argon2": "argon2 m=19456 t=2 p=1"}
"""Name to line of olcModuleLoad. Memory and time as Socle itself uses them; slapd makes argon2i, and reads argon2id."""
_DEBIAN_MODULES = "/usr/lib/ldap"


def find(link: LdapLink, suffix: str) -> Entry | None:
    """Return the configuration of the suffix's database; None if it may not be read, SuffixUnknown if there is none."""
    if link.read(_CONFIG, ["1.1"]) is None:
        return None
    try:
        databases = link.search(_CONFIG, "(olcSuffix=*)", ["*"], limit=0)
    except DirectoryMisconfigured:
        return None
    for database in databases:
        if any(same_name(name.decode()) == same_name(suffix) for name in database.values.get("olcsuffix", ())):
            return database
    raise SuffixUnknown(suffix=suffix)


def wanted(link: LdapLink, database: Entry, ground: Ground, service: str) -> list[tuple[str, list[Change]]]:
    """Return each step's words with the changes it still needs."""
    return [
        (N_("The server's modules for the password policy, unique names and argon2"), _modules(link)),
        (N_("Passwords kept with argon2"), _hashing(link)),
        (
            N_("Who may read and write %(suffix)s: Socle's own account, and nobody else"),
            _rights(database, ground, service),
        ),
        (N_("Indexes for quick sign-ins"), _indexes(database)),
        (
            N_("The password policy and unique user names, enforced by the server"),
            _overlays(link, database, ground.suffix),
        ),
    ]


def _modules(link: LdapLink) -> list[Change]:
    found = link.search(_CONFIG, "(objectClass=olcModuleList)", ["olcModuleLoad"], limit=0)
    lines = [line.decode() for entry in found for line in entry.values.get("olcmoduleload", ())]
    loaded = {PurePosixPath(_unnumbered(line).split()[0]).name.split(".")[0] for line in lines}
    missing = [line for name, line in _MODULES.items() if name not in loaded]
    if not missing:
        return []
    if found:
        return [Modify(found[0].dn, {"olcModuleLoad": [("add", missing)]})]
    what = {
        "objectClass": ["olcModuleList"],
        "cn": ["module"],
        "olcModulePath": [_DEBIAN_MODULES],
        "olcModuleLoad": missing,
    }
    return [Add("cn=module,cn=config", what)]


def _hashing(link: LdapLink) -> list[Change]:
    frontend = link.read(_FRONTEND, ["olcPasswordHash"])
    if frontend is not None and frontend.text("olcPasswordHash").upper() == "{ARGON2}":
        return []
    return [Modify(_FRONTEND, {"olcPasswordHash": [("replace", ["{ARGON2}"])]})]


def _rights(database: Entry, ground: Ground, service: str) -> list[Change]:
    here = f"gidNumber={os.getegid()}+uidNumber={os.geteuid()},cn=peercred,cn=external,cn=auth"
    root = "" if ground.admin_dn else f' by dn.exact="{here}" manage'
    access = [
        f'to attrs=userPassword{root} by dn.exact="{service}" write by self write by anonymous auth by * none',
        f'to *{root} by dn.exact="{service}" write by self read by * none',
    ]
    limits = [f'dn.exact="{service}" size.soft=unlimited size.hard=unlimited size.prtotal=unlimited']
    changes: dict[str, Sequence[tuple[str, list[str]]]] = {}
    for name, lines in (("olcAccess", access), ("olcLimits", limits)):
        present = [_unnumbered(line.decode()) for line in database.values.get(name.lower(), ())]
        if present != lines:
            changes[name] = [("replace", [f"{{{number}}}{line}" for number, line in enumerate(lines)])]
    return [Modify(database.dn, changes)] if changes else []  # type: ignore[arg-type]


def _indexes(database: Entry) -> list[Change]:
    indexed = {
        name.strip().lower()
        for line in database.values.get("olcdbindex", ())
        for name in line.decode().split()[0].split(",")
    }
    missing = [f"{name} eq" for name in ("objectClass", "uid", "member", "entryUUID") if name.lower() not in indexed]
    return [Modify(database.dn, {"olcDbIndex": [("add", missing)]})] if missing else []


def _overlays(link: LdapLink, database: Entry, suffix: str) -> list[Change]:
    there = {
        _unnumbered(entry.text("olcOverlay")): entry
        for entry in link.search(database.dn, "(objectClass=olcOverlayConfig)", ["*"], limit=0)
    }
    policy = {
        "olcPPolicyDefault": [f"cn=people,ou=policies,{suffix}"],
        "olcPPolicyHashCleartext": ["TRUE"],
        "olcPPolicyUseLockout": ["TRUE"],
    }
    unique = {"olcUniqueURI": [f"ldap:///ou=people,{suffix}?uid?sub"]}
    changes: list[Change] = []
    for name, kind, what in (("ppolicy", "olcPPolicyConfig", policy), ("unique", "olcUniqueConfig", unique)):
        if name not in there:
            whole = {"objectClass": ["olcOverlayConfig", kind], "olcOverlay": [name], **what}
            changes.append(Add(f"olcOverlay={name},{database.dn}", whole))
            continue
        wrong = {key: lines for key, lines in what.items() if there[name].text(key) != lines[0]}
        if wrong:
            changes.append(Modify(there[name].dn, {key: [("replace", lines)] for key, lines in wrong.items()}))
    return changes


def _unnumbered(line: str) -> str:
    """Return a configuration value without the place that the server gave it."""
    return re.sub(r"^\{-?\d+\}", "", line)
