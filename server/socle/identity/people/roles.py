"""Which roles a person's groups give."""

from collections.abc import Iterable, Mapping

from socle.identity.actor import Role


class RoleMap:
    """Group names (DN) to roles. Two spellings of one DN, in capitals or with spaces after commas, are the same."""

    def __init__(self, groups_of: Mapping[Role, Iterable[str]]) -> None:
        self._roles: dict[str, set[Role]] = {}
        for role, groups in groups_of.items():
            for group in groups:
                self._roles.setdefault(same_name(group), set()).add(role)

    def roles(self, groups: Iterable[str]) -> frozenset[Role]:
        """Return the roles that these groups give together; groups Socle does not know give none."""
        return frozenset(role for group in groups for role in self._roles.get(same_name(group), ()))


def same_name(name: str) -> str:
    """Return one spelling for all equal ways to write a DN without escaped commas."""
    parts = (part.partition("=") for part in name.split(","))
    return ",".join(f"{key.strip()}{sign}{value.strip()}" for key, sign, value in parts).casefold()
