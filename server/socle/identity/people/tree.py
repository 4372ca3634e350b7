"""The port to an empty LDAP server that becomes the practice's directory: looked at first, then laid out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import LdapSettings


class State(StrEnum):
    """How one step of the layout stands."""

    DONE = "done"
    TO_DO = "to do"
    NOT_FROM_HERE = "not from here"
    """The server's own configuration is out of reach: its administrator has to do it."""


@dataclass(frozen=True)
class Step:
    """One thing to lay out: an English msgid with its details, and how it stands."""

    what: str
    state: State
    details: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Ground:
    """Where the tree is laid out. `admin_dn` empty: the Unix user over `ldapi://`, root on the server itself."""

    url: str
    suffix: str
    certificate_file: str = ""
    admin_dn: str = ""
    admin_password: bytes = b""


class Tree(Protocol):
    """One tree; every method may raise DirectoryUnreachable."""

    def steps(self) -> Sequence[Step]:
        """Look, and say what there is and what there is to do; SuffixInUse, SuffixUnknown. Changes nothing."""
        ...

    def lay_out(self) -> Sequence[Step]:
        """Do what there is to do and look again; may be done again at any time."""
        ...

    def settings(self) -> LdapSettings:
        """Return the settings by which Socle manages this tree."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Trees(Protocol):
    """Opens the tree on a piece of ground."""

    def at(self, ground: Ground, practice: str, service_password: bytes) -> Tree:
        """Return the tree; `service_password` is what Socle's own account there is to sign in with."""
        ...


class SuffixInUse(SocleError):
    """Somebody else's entries are there."""

    code = "DIRECTORY-SUFFIX-IN-USE"
    message = N_("“%(suffix)s” is not empty: it holds “%(entry)s”, which Socle did not make.")
    hint = N_("Connect it as it is (docs/how-to/directory.md), or give an empty suffix.")
    kind = "conflict"


class SuffixUnknown(SocleError):
    """The server has no database for the suffix."""

    code = "DIRECTORY-SUFFIX-UNKNOWN"
    message = N_("This server keeps no entries under “%(suffix)s”.")
    hint = N_("On Debian, “dpkg-reconfigure slapd” makes a database for the practice's domain name.")
    kind = "missing"
