"""Which door this application is, and how long its sessions last."""

from typing import cast

from flask import Flask, current_app

from socle.foundation.settings import Settings
from socle.identity.sessions.doors import Door
from socle.identity.sessions.standing import Limits
from socle.web.kit.unit_of_work import tool

_NAME = "socle-door"


def install(app: Flask, door: Door) -> None:
    """Say which door the application is."""
    app.extensions[_NAME] = door


def here() -> Door:
    """Return the door this request came through."""
    return cast("Door", current_app.extensions[_NAME])


def limits() -> Limits:
    """Return how long sessions last."""
    return Limits.from_settings(tool(Settings).sessions)
