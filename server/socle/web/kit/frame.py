"""The frame around every page of somebody signed in: rendered once for a person and a place, then kept.

It says forty words and holds nineteen addresses that do not change from page to page: made anew, they cost more than
the page inside it (docs/decisions/0008-the-frame-is-kept.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Flask, request
from markupsafe import Markup

from socle.foundation.settings import Settings
from socle.web.kit import doorway, health_line, navigation, security, viewer
from socle.web.kit.health_line import HealthLine
from socle.web.kit.language import language
from socle.web.kit.permissions import CLINIC
from socle.web.kit.unit_of_work import tool
from socle.web.kit.viewer import Viewer

_KEPT = 128
"""Frames one process keeps, at about 9 kB each."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The parts that kit/layout.html sets around the content of a page."""

    head: Markup
    rail: Markup
    search: Markup
    person: Markup
    moulds: Markup


def install(app: Flask) -> None:
    """Give the layout its frame."""

    @lru_cache(maxsize=_KEPT)
    def kept(_language: str, room: str, who: Viewer, _form_token: str, health: HealthLine | None) -> Frame:
        return _made(app, room, who, health)

    app.jinja_env.globals["page_frame"] = _asked(kept)


def _asked(kept: Callable[[str, str, Viewer, str, HealthLine | None], Frame]) -> Callable[[], Frame]:
    def page_frame() -> Frame:
        who = viewer.current()
        if who is None:
            raise LookupError("a page with the frame is for somebody signed in; kit/bare.html is for visitors")
        room = (request.endpoint or "").partition(".")[0]
        return kept(language(), room, who, security.form_token(), health_line.line())

    return page_frame


def _made(app: Flask, room: str, who: Viewer, health: HealthLine | None) -> Frame:
    # Macros taken from the template's own module see no page: nothing can slip into a part but its arguments, the
    # language and the token of the forms, and all of these tell kept frames apart.
    parts: Any = app.jinja_env.get_template("kit/frame.html").make_module()
    places = navigation.places(who, room)
    clinic = doorway.here().name == "staff" and not CLINIC.isdisjoint(who.roles)
    return Frame(
        head=parts.head(),
        rail=parts.rail(places, tool(Settings).practice.name),
        search=parts.search() if clinic else Markup(),
        person=parts.person(who, health),
        moulds=parts.moulds(places),
    )
