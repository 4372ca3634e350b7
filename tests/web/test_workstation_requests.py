"""Enrolling a workstation and the signed requests of its agent, at the staff's door, on both databases."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from tests.parts import door
from tests.parts.agent import Agent, b64

from socle.appliance.maintenance import authority
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import machine
from socle.identity.sessions import workstations
from socle.web.apps import staff_app
from socle.web.kit import unit_of_work


@pytest.fixture
def app(database: Database, clock: SettableClock, tmp_path: Path) -> Flask:
    app = door.with_trial_page(staff_app(door.tools(database, clock, tmp_path)))
    authority.prepare(app.extensions[unit_of_work.NAME].of(Keys), "Test", ["localhost"], clock.now())
    return app


def named(database: Database, name: str = "Accueil") -> tuple[int, str]:
    with database.writing() as session:
        station, code = workstations.add(session, machine("test"), name)
    return station.id, code


@pytest.fixture
def agent(app: Flask, database: Database, clock: SettableClock) -> Agent:
    agent = Agent(app.test_client(), clock)
    assert agent.enrol(named(database)[1]).status_code == 200
    return agent


def test_a_code_enrols_one_agent_once(app: Flask, database: Database, clock: SettableClock) -> None:
    number, code = named(database)
    first, second = Agent(app.test_client(), clock), Agent(app.test_client(), clock)
    answer = first.enrol(code)
    assert answer.get_json() == {"number": number, "name": "Accueil", "practice": "Cabinet"}
    assert second.enrol(code).get_json()["code"] == "STATION-CODE-WRONG"
    assert first.post("/station/beat").get_json() == {
        "holder": None, "session": None, "reopen": False, "ticket_waits": False,
    }  # fmt: skip


def test_a_code_lasts_ten_minutes(app: Flask, database: Database, clock: SettableClock) -> None:
    _number, code = named(database)
    clock.advance(timedelta(minutes=10))
    assert Agent(app.test_client(), clock).enrol(code).get_json()["code"] == "STATION-CODE-WRONG"


def test_guessing_codes_is_slowed_down(app: Flask, database: Database, clock: SettableClock) -> None:
    _number, code = named(database)
    guesser = Agent(app.test_client(), clock)
    codes = [guesser.enrol("AAAA-AAAA").get_json()["code"] for _ in range(7)]
    assert codes[:3] == ["STATION-CODE-WRONG"] * 3
    assert codes[-1] == "SIGN-IN-TOO-MANY-ATTEMPTS"
    assert guesser.enrol(code).status_code == 429


def test_a_key_must_be_held_by_who_enrols_it(app: Flask, database: Database, clock: SettableClock) -> None:
    _number, code = named(database)
    thief, victim = Agent(app.test_client(), clock), Agent(app.test_client(), clock)
    key = b64(victim.key.public_key().public_bytes_raw())
    sent = {"code": code, "public_key": key, "proof": b64(bytes(64))}
    answer = thief.client.post("/station/enrol", json=sent, base_url=thief.base)
    assert answer.get_json()["code"] == "STATION-SIGNATURE-WRONG"


def test_a_forged_signature_is_refused(agent: Agent, app: Flask, clock: SettableClock) -> None:
    forger = Agent(app.test_client(), clock, number=agent.number)
    assert forger.post("/station/beat").get_json()["code"] == "STATION-SIGNATURE-WRONG"
    moved = agent.headers("/station/beat", b"{}")
    assert agent.post("/station/card-out", headers=moved).get_json()["code"] == "STATION-SIGNATURE-WRONG"
    assert agent.post("/station/beat", {"more": 1}, headers=moved).get_json()["code"] == "STATION-SIGNATURE-WRONG"


def test_a_replayed_request_is_refused(agent: Agent) -> None:
    headers = agent.headers("/station/card-out", b"{}")
    assert agent.post("/station/card-out", headers=headers).status_code == 200
    answer = agent.post("/station/card-out", headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "STATION-REPLAYED")


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_off_by_an_hour_is_named(agent: Agent, clock: SettableClock, hours: int) -> None:
    headers = agent.headers("/station/beat", b"{}", at=clock.now() + timedelta(hours=hours))
    answer = agent.post("/station/beat", headers=headers)
    assert answer.get_json()["code"] == "STATION-CLOCK-OFF"
    assert "60 min" in answer.get_json()["message"]


def test_a_replay_after_its_nonce_is_forgotten_is_stale(agent: Agent, clock: SettableClock) -> None:
    headers = agent.headers("/station/beat", b"{}")
    assert agent.post("/station/beat", headers=headers).status_code == 200
    for _ in range(8):
        clock.advance(timedelta(seconds=60))
        assert agent.post("/station/beat", headers=headers).status_code == 403
        assert agent.post("/station/beat").status_code == 200


def test_a_withdrawn_workstation_is_refused(agent: Agent, database: Database) -> None:
    with database.writing() as session:
        workstations.revoke(session, machine("test"), agent.number)
    assert agent.post("/station/beat").get_json()["code"] == "STATION-REVOKED"


def test_an_unknown_workstation_is_refused(agent: Agent, app: Flask, clock: SettableClock, database: Database) -> None:
    stranger = replace(agent, number=agent.number + 5)
    assert stranger.post("/station/beat").get_json()["code"] == "STATION-UNKNOWN"
    not_yet = replace(agent, number=named(database, "Salle 2")[0])
    assert not_yet.post("/station/beat").get_json()["code"] == "STATION-UNKNOWN"


@pytest.mark.parametrize("missing", ["X-Socle-Station", "X-Socle-Time", "X-Socle-Nonce", "X-Socle-Signature"])
@pytest.mark.parametrize("value", [None, "", "é", "9" * 40, "AA=="])
def test_an_unsigned_request_is_refused(agent: Agent, missing: str, value: str | None) -> None:
    headers = agent.headers("/station/beat", b"{}")
    del headers[missing]
    answer = agent.post("/station/beat", headers=headers | ({missing: value} if value is not None else {}))
    assert (answer.status_code, answer.get_json()["code"]) == (400, "STATION-SIGNATURE-MISSING")


def test_a_name_is_used_once(database: Database) -> None:
    named(database)
    with pytest.raises(workstations.NameInUse), database.writing() as session:
        workstations.add(session, machine("test"), " Accueil ")
    with pytest.raises(workstations.NameMissing), database.writing() as session:
        workstations.add(session, machine("test"), "  ")
