"""Who acts: a person with roles at a workstation, or the machine itself."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a person is in the practice; a person may have several."""

    PRACTITIONER = "practitioner"
    SECRETARY = "secretary"
    ADMINISTRATOR = "administrator"
    MAINTAINER = "maintainer"


@dataclass(frozen=True)
class Actor:
    """The author of a change. `account_id` is None for the machine, whose `name` says which part of it."""

    account_id: int | None
    name: str
    roles: frozenset[Role] = field(default_factory=frozenset)
    workstation: str | None = None
    session_id: int | None = None

    def has(self, *roles: Role) -> bool:
        """Tell whether the actor has one of these roles."""
        return not self.roles.isdisjoint(roles)


def machine(part: str) -> Actor:
    """Return the actor for work that the machine does by itself ("backup", "scheduler", "command line")."""
    return Actor(account_id=None, name=part)
