"""Who is looking: the signed-in person behind the request, found once per request.

The lead's kit calls: `current()`, `ask_to_sign_in()`, `keep_form_and_show_again()`; apps call `install(app, door)`.
"""

from dataclasses import dataclass

from flask import Flask, g
from flask.typing import ResponseReturnValue

from socle.identity.actor import Actor, Role
from socle.identity.sessions.doors import Door


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person, as pages need them."""

    account_id: int
    session_id: int
    username: str
    display_name: str
    roles: frozenset[Role]
    workstation: str | None
    language: str

    def actor(self) -> Actor:
        """Return the author of what this request changes."""
        return Actor(self.account_id, self.display_name, self.roles, self.workstation, self.session_id)


def current() -> Viewer | None:
    """Return the signed-in person of this request; None for a visitor."""
    found: Viewer | None = g.get("viewer")
    return found


def actor() -> Actor:
    """Return the author of what this request changes; only on routes that are not public."""
    who = current()
    if who is None:
        raise LookupError("this route is open to visitors: nobody acts here")
    return who.actor()


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a visitor to the sign-in page with the reason (a script gets 401 and the address), keeping a sent form."""
    raise NotImplementedError


def keep_form_and_show_again() -> ResponseReturnValue:
    """Hold the form just sent (made by this person in an older session) and show its page again with the values."""
    raise NotImplementedError


def install(app: Flask, door: Door) -> None:
    """Find the viewer before each request."""
    raise NotImplementedError
