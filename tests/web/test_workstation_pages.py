"""The maintainer's page of workstations and cards: codes, withdrawing, and who may say whose card is whose."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.builders import cards as made
from tests.parts import door
from tests.parts.agent import Agent
from werkzeug.test import TestResponse

from socle.appliance.maintenance import authority
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role
from socle.identity.people.models import Account
from socle.web.apps import maintainer_app, staff_app

BASE = "https://localhost:8444"
SignIn = Callable[[Role], FlaskClient]


@pytest.fixture
def tools(database: Database, clock: SettableClock, tmp_path: Path) -> Toolbox:
    tools = door.tools(database, clock, tmp_path)
    authority.prepare(tools.of(Keys), "Test", ["localhost"], clock.now())
    return tools


@pytest.fixture
def app(tools: Toolbox) -> Flask:
    return maintainer_app(tools)


@pytest.fixture
def sign_in(app: Flask, database: Database) -> SignIn:
    def enter(role: Role) -> FlaskClient:
        door.add_person(database, f"{role.value}.person", "Nathalie Perrin", role)
        client = app.test_client()
        sent = {"username": f"{role.value}.person", "password": door.PASSWORD}
        assert client.post("/sign-in", base_url=BASE, data=sent).status_code == 303
        return client

    return enter


@pytest.fixture
def paul(database: Database) -> Account:
    return door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)


def page(client: FlaskClient) -> str:
    return html.unescape(client.get("/workstations", base_url=BASE).text)


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    found = re.search(r'name="_csrf" value="(.*?)"', client.get("/account", base_url=BASE).text)
    assert found
    return client.post(path, base_url=BASE, data={"_csrf": html.unescape(found[1]), **fields})


def test_a_named_workstation_gets_a_code_that_enrols(sign_in: SignIn, tools: Toolbox, clock: SettableClock) -> None:
    client = sign_in(Role.MAINTAINER)
    assert "Aucun poste pour l’instant" in page(client)
    shown = html.unescape(post(client, "/workstations", name="Salle 2").text)
    code = re.search(r'id="enrolment-code">([\w-]+)<', shown)
    fingerprint = re.search(r'id="authority-fingerprint">([0-9a-f ]{24})<', shown)
    assert code
    assert fingerprint
    assert authority.fingerprint(tools.of(Keys)).startswith(fingerprint[1].replace(" ", ""))
    assert "attend son code" in page(client)
    assert code[1] not in page(client)
    agent = Agent(staff_app(tools).test_client(), clock)
    assert agent.enrol(code[1], "Linux 6.1").get_json()["name"] == "Salle 2"
    assert "Linux 6.1" in page(client)
    post(client, f"/workstations/{agent.number}/revoke")
    assert agent.post("/station/beat").get_json()["code"] == "STATION-REVOKED"
    assert "Salle 2, le lun. 23 nov. 2026" in page(client)


def test_a_name_twice_or_none_is_refused_in_place(sign_in: SignIn) -> None:
    client = sign_in(Role.MAINTAINER)
    post(client, "/workstations", name="Accueil")
    again = post(client, "/workstations", name="Accueil")
    assert (again.status_code, "STATION-NAME-IN-USE" in again.text) == (409, True)
    assert post(client, "/workstations", name=" ").status_code == 400


def test_the_page_says_that_no_authority_was_chosen(sign_in: SignIn, tools: Toolbox) -> None:
    client = sign_in(Role.MAINTAINER)
    assert "CARD-NO-ANCHORS" in page(client)
    tools.of(Home).cards_path.mkdir()
    (tools.of(Home).cards_path / "root.pem").write_bytes(made.issuer(key_number=6).pem)
    assert "CARD-NO-ANCHORS" not in page(client)


def test_an_administrator_says_whose_card_is_whose(sign_in: SignIn, paul: Account) -> None:
    client = sign_in(Role.ADMINISTRATOR)
    assert post(client, f"/workstations/cards/{paul.id}", number="997 0000 0018").status_code == 303
    assert 'value="99700000018"' in page(client)
    wrong = post(client, f"/workstations/cards/{paul.id}", number="12")
    assert (wrong.status_code, "CARD-NUMBER-WRONG" in wrong.text) == (400, True)
    post(client, f"/workstations/cards/{paul.id}", number="")
    assert 'value="99700000018"' not in page(client)


def test_a_maintainer_cannot_put_a_card_on_a_clinicians_account(sign_in: SignIn, paul: Account) -> None:
    client = sign_in(Role.MAINTAINER)
    assert "Numéro sur la carte de" not in page(client)
    refused = post(client, f"/workstations/cards/{paul.id}", number=made.RPPS)
    assert (refused.status_code, "ACCOUNT-ADMINISTRATOR-NEEDED" in refused.text) == (403, True)
