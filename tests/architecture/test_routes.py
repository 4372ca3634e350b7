"""Every page says who may open it, and no page of a patient is open to those who have no part in the care."""

import pytest
from flask import Flask
from werkzeug.routing import Rule

from socle.foundation.settings import Settings
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role
from socle.web import apps
from socle.web.kit import permissions

PUBLIC_PLACES = {
    "/healthz",
    # What a browser can do is found out before anybody signs in.
    "/browser-check",
    "/browser-check/clock",
    "/browser-check/report",
    # What breaks on the sign-in page is heard of too.
    "/browser-reports",
    "/sign-in",
    "/sign-in/new-password",
    # Between the password and the session: what the half-done sign-in's own cookie proves is checked by each.
    "/sign-in/go-on",
    "/sign-in/passkey",
    "/sign-in/passkey/question",
    "/sign-in/pro-sante-connect",
    "/sign-in/pro-sante-connect/back",
    "/sign-in/pro-sante-connect/state",
    "/sign-in/second",
    "/sign-in/set-up",
    "/sign-in/told",
    # What an open page sends after its session has ended: it proves whose text it holds by other means.
    "/session/hold",
    "/session/lock",
    "/session/sign-out",
    "/session/state",
}
# Agents sign their requests; a browser they opened comes in with a ticket.
PUBLIC_PLACES |= {f"/station/{name}" for name in ("authority", "enrol", "beat", "challenge", "proof", "card-out")}
PUBLIC_PLACES |= {f"/station/{name}" for name in ("ticket", "enter", "hand-over")}
CARE = ("/patients", "/agenda")


def _door(name: str) -> Flask:
    tools = Toolbox()
    tools.provide(Settings, Settings)
    return {"staff": apps.staff_app, "maintainer": apps.maintainer_app}[name](tools)


@pytest.fixture(params=["staff", "maintainer"])
def door(request: pytest.FixtureRequest) -> tuple[str, Flask]:
    """Each door in turn, with its name."""
    return request.param, _door(request.param)


def _rules(app: Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def test_every_route_says_who_may_open_it(door: tuple[str, Flask]) -> None:
    name, app = door
    silent = [rule.rule for rule in _rules(app) if permissions.requirement(app, rule.endpoint) is None]
    assert not silent, f"{name}: {silent}"


def test_only_these_places_are_open_to_visitors(door: tuple[str, Flask]) -> None:
    name, app = door
    found = {rule.rule for rule in _rules(app) if permissions.requirement(app, rule.endpoint) == permissions.PUBLIC}
    beyond = {rule for rule in found if not rule.endswith("<path:filename>")} - PUBLIC_PLACES
    assert not beyond, f"{name}: {sorted(beyond)}"


def test_the_maintainer_opens_no_page_of_care() -> None:
    app = _door("staff")
    rules = [rule for rule in _rules(app) if rule.rule.startswith(CARE) and not rule.rule.endswith("<path:filename>")]
    open_to_maintainer = [rule.rule for rule in rules if Role.MAINTAINER in _roles(app, rule)]
    assert not open_to_maintainer


def test_the_maintainers_door_has_no_page_of_care() -> None:
    assert not [rule.rule for rule in _rules(_door("maintainer")) if rule.rule.startswith(CARE)]


def _roles(app: Flask, rule: Rule) -> frozenset[Role]:
    needed = permissions.requirement(app, rule.endpoint)
    return needed if isinstance(needed, frozenset) else frozenset()
