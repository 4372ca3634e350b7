"""Which roles a person's groups give."""

import re
from collections.abc import Iterable, Mapping

from socle.identity.actor import Role

_PIECE = re.compile(r"((?:\\[0-9a-fA-F]{2})+)|\\(.)|([,;+])|([^\\,;+]+)", re.DOTALL)


class RoleMap:
    """Group names (DN) to roles; a DN may be spelt in any of its equal ways."""

    def __init__(self, groups_of: Mapping[Role, Iterable[str]]) -> None:
        self._roles: dict[str, set[Role]] = {}
        for role, groups in groups_of.items():
            for group in groups:
                self._roles.setdefault(same_name(group), set()).add(role)

    def roles(self, groups: Iterable[str]) -> frozenset[Role]:
        """Return the roles that these groups give together; groups Socle does not know give none."""
        return frozenset(role for group in groups for role in self._roles.get(same_name(group), ()))


def same_name(name: str) -> str:
    r"""Return one spelling for all equal ways to write a DN (RFC 4514).

    Capitals, spaces around signs, `\2C` or `\,` for a comma, and the order of a name's joined parts do not count.
    Servers do not even agree with themselves: OpenLDAP writes `\2C` in an entry's name and `\,` in a member's.
    """
    names: list[list[str]] = [[""]]
    for hexadecimal, quoted, sign, plain in _PIECE.findall(name):
        if sign == "+":
            names[-1].append("")
        elif sign:
            names.append([""])
        else:
            raw = bytes.fromhex(hexadecimal.replace("\\", "")).decode(errors="replace") if hexadecimal else ""
            # What was escaped is kept apart from a sign that means something.
            names[-1][-1] += re.sub(r"([,;+\\])", r"\\\1", raw or quoted) or plain
    return ",".join("+".join(sorted(map(_same_part, parts))) for parts in names)


def _same_part(part: str) -> str:
    kind, sign, value = part.partition("=")
    return f"{kind.strip()}{sign}{' '.join(value.split())}".casefold()
