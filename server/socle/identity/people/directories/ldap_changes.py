"""The changes Socle asks of an LDAP server, as plain values; `ldap_link` sends them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Values = Sequence[str | bytes]
How = Literal["add", "delete", "replace"]


@dataclass(frozen=True)
class Add:
    """A new entry."""

    dn: str
    attributes: Mapping[str, Values]


@dataclass(frozen=True)
class Modify:
    """Other values of one entry: all of these changes, or none."""

    dn: str
    changes: Mapping[str, Sequence[tuple[How, Values]]]


@dataclass(frozen=True)
class Rename:
    """Another last part of the name of an entry, such as `uid=anne.durand`; the old one goes."""

    dn: str
    rdn: str


@dataclass(frozen=True)
class Delete:
    """An entry less."""

    dn: str


@dataclass(frozen=True)
class GivePassword:
    """A new password (RFC 3062): the server hashes it its own way."""

    dn: str
    password: bytes


Change = Add | Modify | Rename | Delete | GivePassword
