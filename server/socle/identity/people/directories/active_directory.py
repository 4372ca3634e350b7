"""What is different in Active Directory, Microsoft's or Samba's; Socle only reads it."""

from msgspec import structs

from socle.foundation.settings import LdapSettings
from socle.identity.people.directories.ldap_link import escaped

_DEFAULTS = {
    "person_filter": "(&(objectCategory=person)(objectClass=user))",
    "key_attribute": "objectGUID",
    "username_attribute": "sAMAccountName",
}
PRINCIPAL = "userPrincipalName"
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
