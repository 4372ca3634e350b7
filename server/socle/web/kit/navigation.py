"""What every page of a door shows around its own content: the rail's places, the practice's name, the health line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import get_locale, gettext

from socle.foundation.settings import Settings
from socle.identity.actor import Role
from socle.identity.sessions.doors import Door
from socle.web.kit import security, viewer


@dataclass(frozen=True)
class Place:
    """One entry of the rail. `key` is what follows `g` on the keyboard; `roles` are those who see it."""

    label: str
    icon: str
    endpoint: str
    key: str
    roles: frozenset[Role]


@dataclass(frozen=True)
class HealthLine:
    """One quiet line about the server, in plain words."""

    state: str
    text: str


HealthLineMaker = Callable[[], HealthLine | None]
_PLACES = "socle-places"
_HEALTH = "socle-health-line"


def install(app: Flask, door: Door, settings: Settings) -> None:
    """Give every template the door's surroundings."""
    app.extensions[_PLACES] = []

    def surroundings() -> dict[str, Any]:
        who = viewer.current()
        return {
            "viewer": who,
            "door": door.name,
            "navigation": _places(app, who),
            "practice_name": settings.practice.name,
            "held_fields": g.get("held_fields"),
            "health_line": _health_line(app) if who else None,
            "locale": str(get_locale() or "fr"),
        }

    # A global and not part of each page's context: the components are loaded once, without any page.
    app.jinja_env.globals["csrf_token"] = security.form_token
    app.context_processor(surroundings)


def add(app: Flask, *places: Place) -> None:
    """Put places in the rail, in order."""
    app.extensions[_PLACES].extend(places)


def show_health(app: Flask, make: HealthLineMaker) -> None:
    """Say who writes the health line."""
    app.extensions[_HEALTH] = make


def _health_line(app: Flask) -> HealthLine | None:
    make: HealthLineMaker | None = app.extensions.get(_HEALTH)
    return make() if make else None


def _places(app: Flask, who: viewer.Viewer | None) -> list[dict[str, Any]]:
    if who is None:
        return []
    room = (request.endpoint or "").partition(".")[0]
    return [
        {
            "label": gettext(place.label),
            "icon": place.icon,
            "href": url_for(place.endpoint),
            "current": place.endpoint.partition(".")[0] == room,
            "key": place.key,
        }
        for place in app.extensions[_PLACES]
        if not place.roles.isdisjoint(who.roles)
    ]
