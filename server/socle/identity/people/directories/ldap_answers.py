"""What LDAP servers answer, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """A server's answer: the LDAP result code, its free text, and the password policy's error number, if any."""

    code: int
    text: str = ""
    policy_error: int | None = None


@dataclass(frozen=True)
class Entry:
    """One entry; attribute names in lower case, values as bytes."""

    dn: str
    values: Mapping[str, list[bytes]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the first value as text, or an empty one."""
        found = self.values.get(name.lower())
        return found[0].decode(errors="replace") if found else ""


def policy_error(value: bytes) -> int | None:
    """Return the error number in a password policy answer: SEQUENCE { [0] warning OPTIONAL, [1] error OPTIONAL }."""
    rest = value[2:]
    while len(rest) > 2:
        tag, length = rest[0], rest[1]
        if tag == 0x81 and length == 1:
            return rest[2]
        rest = rest[2 + length :]
    return None
