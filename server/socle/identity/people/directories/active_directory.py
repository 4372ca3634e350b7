"""What is different in Active Directory, Microsoft's or Samba's; Socle only reads it."""

from msgspec import structs

from socle.foundation.settings import LdapSettings
from socle.identity.people.directories.ldap_answers import Entry
from socle.identity.people.directories.ldap_link import escaped

_DEFAULTS = {
    "person_filter": "(&(objectCategory=person)(objectClass=user))",
    "key_attribute": "objectGUID",
    "username_attribute": "sAMAccountName",
}
PRINCIPAL = "userPrincipalName"
GROUPING = ("objectSid", "primaryGroupID")
"""What of a person's entry tells their primary group."""
_IN_CHAIN = "1.2.840.113556.1.4.1941"
"""LDAP_MATCHING_RULE_IN_CHAIN: the server itself climbs from group to group."""


def completed(settings: LdapSettings) -> LdapSettings:
    """Return the settings with Active Directory's attributes where the file says nothing else."""
    usual = LdapSettings()
    unsaid = {name: value for name, value in _DEFAULTS.items() if getattr(settings, name) == getattr(usual, name)}
    return structs.replace(settings, **unsaid)


def named(settings: LdapSettings, typed: str) -> str:
    """Return the condition that finds whoever typed `anne`, `CABINET\\anne` or `anne@cabinet.example`."""
    if "@" in typed:
        return f"({PRINCIPAL}={escaped(typed)})"
    return f"({settings.username_attribute}={escaped(typed.rpartition(chr(92))[2])})"


def all_groups_of(dn: str) -> str:
    """Return the condition that finds every group above somebody, however deep."""
    return f"(member:{_IN_CHAIN}:={escaped(dn)})"


def everybody_below(dn: str) -> str:
    """Return the condition that finds whoever is in a group or in one below it, however deep and however many."""
    return f"(memberOf:{_IN_CHAIN}:={escaped(dn)})"


def primary_group(entry: Entry) -> bytes | None:
    """Return the number (SID, MS-DTYP 2.4.2.2) of a person's primary group: the domain's, then the group's own."""
    own, relative = entry.values.get("objectsid"), entry.text("primaryGroupID")
    if not own or not relative.isdecimal() or int(relative) >= 2**32:
        return None
    return own[0][:-4] + int(relative).to_bytes(4, "little")


def numbered(number: bytes) -> str:
    """Return the condition that finds whatever has that number."""
    return f"(objectSid={''.join(f'{byte:02x}'.rjust(3, chr(92)) for byte in number)})"


def name_by_number(number: bytes) -> str:
    """Return a name that leads to whatever has that number (MS-ADTS 3.1.1.3.1.2.4)."""
    return f"<SID={number.hex()}>"
