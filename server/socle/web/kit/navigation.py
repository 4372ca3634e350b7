"""The places of a door's rail, and what every page may use besides its own content."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, url_for

from socle.foundation.settings import Settings
from socle.identity.actor import Role
from socle.identity.sessions.doors import Door
from socle.web.kit import security, viewer
from socle.web.kit.language import gettext, language


@dataclass(frozen=True)
class Place:
    """One entry of the rail. `key` is what follows `g` on the keyboard; `roles` are those who see it."""

    label: str
    icon: str
    endpoint: str
    key: str
    roles: frozenset[Role]


_PLACES = "socle-places"


def install(app: Flask, door: Door, settings: Settings) -> None:
    """Give every template the door's surroundings."""
    app.extensions[_PLACES] = []

    def surroundings() -> dict[str, Any]:
        return {
            "viewer": viewer.current(),
            "door": door.name,
            "practice_name": settings.practice.name,
            "held_fields": g.get("held_fields"),
            "locale": language(),
        }

    # A global and not part of each page's context: the components are loaded once, without any page.
    app.jinja_env.globals["csrf_token"] = security.form_token
    app.context_processor(surroundings)


def add(app: Flask, *places: Place) -> None:
    """Put places in the rail, in order."""
    app.extensions[_PLACES].extend(places)


def places(who: viewer.Viewer, room: str) -> list[dict[str, Any]]:
    """Return the places this person sees, as the rail writes them; that of `room` is the current one."""
    return [
        {
            "label": gettext(place.label),
            "icon": place.icon,
            "href": url_for(place.endpoint),
            "current": place.endpoint.partition(".")[0] == room,
            "key": place.key,
        }
        for place in current_app.extensions[_PLACES]
        if not place.roles.isdisjoint(who.roles)
    ]
