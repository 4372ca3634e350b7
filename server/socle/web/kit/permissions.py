"""Who may open a page. Every route says so with `@allow(...)` or `@public`; one that says nothing stays shut."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue

from socle.foundation.errors import N_, SocleError
from socle.identity.actor import Role
from socle.web.kit import viewer

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "__socle_admits__"
PUBLIC = "public"
SIGNED_IN = frozenset(Role)
CLINIC = frozenset({Role.PRACTITIONER, Role.SECRETARY})
"""Those who work with patients' files."""
MAINTAINERS = frozenset({Role.MAINTAINER, Role.ADMINISTRATOR})
"""Those who keep the machine, the accounts and the backups."""


class NotYours(SocleError):
    """Signed in, but not for this page."""

    code = "ACCESS-NOT-YOURS"
    message = N_("This page is not open to your role.")
    hint = N_("If you need it for your work, ask the practice's administrator to change your roles.")
    kind = "refused"


def allow(*roles: Role) -> Callable[[View], View]:
    """Open a route to people with one of `roles`."""

    def mark(view: View) -> View:
        setattr(view, _MARK, frozenset(roles))
        return view

    return mark


def public(view: View) -> View:
    """Open a route to everybody, signed in or not."""
    setattr(view, _MARK, PUBLIC)
    return view


def requirement(app: Flask, endpoint: str) -> frozenset[Role] | str | None:
    """Return the roles a route admits, PUBLIC, or None when nobody said."""
    if endpoint == "static" or endpoint.endswith(".static"):
        return PUBLIC
    return getattr(app.view_functions[endpoint], _MARK, None)


def check() -> ResponseReturnValue | None:
    """Refuse the request unless its route admits the viewer (a hook before each request)."""
    if request.endpoint is None:
        return None
    needed = requirement(current_app, request.endpoint)
    if needed == PUBLIC:
        return None
    who = viewer.current()
    if who is None:
        return viewer.ask_to_sign_in()
    if not isinstance(needed, frozenset) or who.roles.isdisjoint(needed):
        raise NotYours()
    return None
