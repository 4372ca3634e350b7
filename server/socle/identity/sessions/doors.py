"""The two doors people sign in at: what each one calls its cookie, and whom it admits."""

from dataclasses import dataclass
from typing import Literal

from socle.foundation.errors import N_
from socle.identity.actor import Role

DoorName = Literal["staff", "maintainer"]


@dataclass(frozen=True)
class Door:
    """One door. Browsers do not keep cookies apart by port, so each door's cookie has a name of its own."""

    name: DoorName
    title: str
    cookie: str
    admits: frozenset[Role]

    @property
    def step_cookie(self) -> str:
        """The cookie of a sign-in that is half done at this door."""
        return f"{self.cookie}-step"


STAFF = Door(
    name="staff",
    title=N_("Practice"),
    cookie="__Host-socle-staff",
    admits=frozenset({Role.PRACTITIONER, Role.SECRETARY, Role.ADMINISTRATOR}),
)
MAINTAINER = Door(
    name="maintainer",
    title=N_("Maintenance"),
    cookie="__Host-socle-maintainer",
    admits=frozenset({Role.MAINTAINER, Role.ADMINISTRATOR}),
)
DOORS: dict[DoorName, Door] = {door.name: door for door in (STAFF, MAINTAINER)}
BROWSER_COOKIE = "__Host-socle-browser"
"""Names a browser, not a person, for a year: it tells a wiped session from a first visit, and shields a doctor who
signs in where she always does from somebody else guessing at her name elsewhere."""
