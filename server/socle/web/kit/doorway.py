"""Which door this application is, and how long its sessions last."""

from typing import cast

from flask import Flask, current_app

from socle.foundation.secrets import Keys
from socle.foundation.settings import Settings
from socle.identity.people.models import Account
from socle.identity.sessions.doors import Door
from socle.identity.sessions.factors import policy
from socle.identity.sessions.factors.policy import Policy
from socle.identity.sessions.standing import Limits
from socle.web.kit.unit_of_work import tool

_NAME, _FORMS_KEY = "socle-door", "socle-forms-key"


def install(app: Flask, door: Door) -> None:
    """Say which door the application is."""
    app.extensions[_NAME] = door


def here() -> Door:
    """Return the door this request came through."""
    return cast("Door", current_app.extensions[_NAME])


def forms_key() -> bytes:
    """Return the home's key for forms and tokens, read once: every request asks for it."""
    known: bytes | None = current_app.extensions.get(_FORMS_KEY)
    if known is None:
        known = current_app.extensions[_FORMS_KEY] = tool(Keys).read("forms")
    return known


def limits() -> Limits:
    """Return how long sessions last."""
    return Limits.from_settings(tool(Settings).sessions)


def policy_of(account: Account) -> Policy:
    """Return the practice's rules on second factors for a person."""
    return policy.for_roles(tool(Settings).access, account.role_set())
