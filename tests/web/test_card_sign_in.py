"""A card in, its holder's page open; the card out, locked; another's card, another's session: over HTTP, no reader."""

import base64
import html
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from tests.builders import cards as made
from tests.parts import door
from tests.parts.agent import Agent, b64
from werkzeug.test import TestResponse

from socle.appliance.maintenance import authority
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database, now
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.identity.actor import Role, machine
from socle.identity.audit.models import AuditEntry
from socle.identity.people.directories.embedded import EmbeddedPerson
from socle.identity.people.models import Account
from socle.identity.sessions import card_numbers, doors, sessions, tickets, workstations
from socle.identity.sessions.factors import holdings
from socle.identity.sessions.factors.models import Passkey
from socle.identity.sessions.models import SignedInSession
from socle.identity.sessions.reasons import Why
from socle.web.apps import staff_app
from socle.web.kit import unit_of_work

BASE = "https://localhost:8443"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
ROOT = made.issuer("AC RACINE ESSAI", key_number=6)
PAUL, CLAIRE = made.card(ROOT), made.card(ROOT, f"8{made.OTHER_RPPS}", key=made.rsa_key(7))


@pytest.fixture
def app(database: Database, clock: SettableClock, tmp_path: Path) -> Flask:
    for username, name, number in (("paul.lemoine", "Paul Lemoine", made.RPPS), ("c.roussel", "Claire Roussel", "")):
        account = door.add_person(database, username, name, Role.PRACTITIONER)
        with database.writing() as session:
            there = session.get_one(Account, account.id)
            card_numbers.give(session, machine("test"), there, number or made.OTHER_RPPS)
    tools = door.tools(database, clock, tmp_path)
    authority.prepare(tools.of(Keys), "Test", ["localhost"], clock.now())
    tools.of(Home).cards_path.mkdir()
    (tools.of(Home).cards_path / "root.pem").write_bytes(ROOT.pem)
    return door.with_trial_page(staff_app(tools))


@pytest.fixture
def agent(app: Flask, database: Database, clock: SettableClock) -> Agent:
    return enrolled(app, database, clock, "Salle 1")


def enrolled(app: Flask, database: Database, clock: SettableClock, name: str) -> Agent:
    with database.writing() as session:
        _station, code = workstations.add(session, machine("test"), name)
    agent = Agent(app.test_client(), clock)
    agent.enrol(code)
    return agent


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return new_browser(app)


def new_browser(app: Flask, address: str = "127.0.0.1") -> FlaskClient:
    client = app.test_client()
    client.environ_base.update(HTTP_USER_AGENT=AGENT, HTTP_ACCEPT_LANGUAGE="en", REMOTE_ADDR=address)
    return client


def prove(agent: Agent, card: made.Card = PAUL, challenge: str | None = None) -> TestResponse:
    challenge = challenge or agent.post("/station/challenge").get_json()["challenge"]
    keys = agent.client.application.extensions[unit_of_work.NAME].of(Keys)
    text = tickets.text_to_sign(base64.b64decode(challenge), agent.number, authority.fingerprint(keys))
    signed = {"certificate": b64(card.der), "mechanism": card.mechanism, "signature": b64(card.sign(text))}
    return agent.post("/station/proof", {"challenge": challenge, **signed})


def hand_over(client: FlaskClient, **fields: str) -> TestResponse:
    headers = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
    return client.post("/station/hand-over", data=fields, headers=headers, base_url=BASE)


def card_in(agent: Agent, client: FlaskClient, card: made.Card = PAUL) -> TestResponse:
    answer = hand_over(client, ticket=prove(agent, card).get_json()["ticket"])
    assert answer.status_code == 200, answer.get_json()
    return answer


def who(client: FlaskClient) -> str | None:
    found = re.search(r'<p id="who">(.*?)</p>', client.get("/trial", base_url=BASE).text)
    return found[1] if found else None


def why(client: FlaskClient) -> str | None:
    page = client.get("/trial", base_url=BASE, follow_redirects=True).text
    found = re.search(r'data-why="(\w+)"', page)
    return found[1] if found else None


def state(client: FlaskClient) -> dict[str, object]:
    answer: dict[str, object] = client.get("/session/state", base_url=BASE).get_json()
    return answer


def test_a_card_opens_its_holders_session(agent: Agent, browser: FlaskClient, database: Database) -> None:
    answer = prove(agent)
    assert answer.get_json()["holder"] == "Paul Lemoine"
    assert hand_over(browser, ticket=answer.get_json()["ticket"]).get_json() == {"go": "/"}
    assert who(browser) == "Paul Lemoine"
    assert state(browser)["ask_again_ms"] == 250
    assert agent.post("/station/beat").get_json() == {
        "holder": "Paul Lemoine", "session": "open", "reopen": False, "ticket_waits": False,
    }  # fmt: skip
    with database.reading() as session:
        opened = session.scalars(select(SignedInSession)).one()
        assert (opened.factor, opened.workstation_id) == ("card", agent.number)
        trail = session.scalars(select(AuditEntry).where(AuditEntry.action == "session.open")).one()
        assert trail.workstation == "Salle 1"


def test_somebody_who_left_the_directory_is_out_at_once(agent: Agent, database: Database) -> None:
    """The directory has no part in a card, and the accounts are compared with it only now and then."""
    with database.writing() as session:
        session.execute(update(EmbeddedPerson).values(active=False))
    refused = prove(agent)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "ACCOUNT-DISABLED")
    with database.reading() as session:
        reason = select(AuditEntry.reason).where(AuditEntry.action == "card.refused")
        assert session.scalars(reason).one() == "ACCOUNT-DISABLED"


def test_whoever_comes_in_by_card_is_told_once_what_an_administrator_removed(
    agent: Agent, browser: FlaskClient, database: Database
) -> None:
    card_in(agent, browser)
    with database.writing() as session:
        paul = session.scalars(select(Account).where(Account.username == "paul.lemoine")).one()
        session.add(Passkey(account_id=paul.id, credential_id=b"1", public_key=b"2", sign_count=0, host="localhost",
                            name="Clé", made_at=now(session)))  # fmt: skip
        session.flush()
        holdings.remove_all(session, machine("Nathalie Perrin"), paul.id, "lost")
    go = hand_over(browser, ticket=prove(agent).get_json()["ticket"], next="/trial").get_json()["go"]
    assert go == "/account/factors/told?next=/trial"
    page = html.unescape(browser.get(go, base_url=BASE).text)
    assert "Nathalie Perrin" in page
    token = re.search(r'name="_csrf" value="(.*?)"', page)
    assert token
    sent = {"_csrf": token[1], "next": "/trial"}
    assert browser.post("/account/factors/told", data=sent, base_url=BASE).location == "/trial"
    assert browser.get(go, base_url=BASE).location == "/trial"
    assert hand_over(browser, ticket=prove(agent).get_json()["ticket"], next="/trial").get_json() == {"go": "/trial"}


def test_a_ticket_opens_once(agent: Agent, browser: FlaskClient, app: Flask) -> None:
    ticket = prove(agent).get_json()["ticket"]
    assert hand_over(browser, ticket=ticket).status_code == 200
    second = hand_over(new_browser(app), ticket=ticket)
    assert (second.status_code, second.get_json()["code"]) == (403, "TICKET-GONE")


def test_a_ticket_lasts_thirty_seconds(agent: Agent, browser: FlaskClient, clock: SettableClock) -> None:
    ticket = prove(agent).get_json()["ticket"]
    clock.advance(timedelta(seconds=31))
    assert hand_over(browser, ticket=ticket).get_json()["code"] == "TICKET-GONE"


def test_a_ticket_is_of_no_use_at_another_workstation(agent: Agent, app: Flask) -> None:
    ticket = prove(agent).get_json()["ticket"]
    elsewhere = new_browser(app, "192.0.2.77")
    assert hand_over(elsewhere, ticket=ticket).get_json()["code"] == "TICKET-GONE"
    assert who(elsewhere) is None
    here = new_browser(app)
    assert hand_over(here, ticket=ticket).status_code == 200  # and nobody elsewhere can use it up


def test_a_card_taken_out_before_the_page_opens_opens_nothing(agent: Agent, browser: FlaskClient) -> None:
    ticket = prove(agent).get_json()["ticket"]
    agent.post("/station/card-out")
    assert hand_over(browser, ticket=ticket).get_json()["code"] == "TICKET-GONE"


def test_taking_the_card_out_locks_and_putting_it_back_unlocks_in_place(
    agent: Agent, browser: FlaskClient, database: Database
) -> None:
    card_in(agent, browser)
    with database.reading() as session:
        before = session.scalars(select(SignedInSession.id)).all()
    assert agent.post("/station/card-out").get_json() == {"locked": 1}
    assert state(browser)["state"] == "locked"
    assert state(browser)["reason"] == "card_removed"
    assert why(browser) == "card_removed"
    assert hand_over(browser, next="/trial").get_json() == {"waiting": True}
    prove(agent)
    assert hand_over(browser, next="/trial").get_json() == {"go": "/trial"}
    assert who(browser) == "Paul Lemoine"
    with database.reading() as session:
        assert session.scalars(select(SignedInSession.id)).all() == before


def test_another_card_switches_and_the_first_session_stays_locked_and_whole(
    agent: Agent, browser: FlaskClient, database: Database
) -> None:
    card_in(agent, browser)
    agent.post("/station/card-out")
    prove(agent, CLAIRE)
    assert hand_over(browser, next="/patients/1").get_json() == {"go": "/"}  # not the first person's page
    assert who(browser) == "Claire Roussel"
    with database.reading() as session:
        rows = {each.display_name: each.locked_at is not None for each in sessions.live(session)}
    assert rows == {"Paul Lemoine": True, "Claire Roussel": False}
    agent.post("/station/card-out")
    prove(agent)
    assert hand_over(browser).get_json() == {"go": "/"}
    assert who(browser) == "Paul Lemoine"
    with database.reading() as session:
        assert len(sessions.live(session)) == 2


def test_a_card_locks_the_session_somebody_opened_there_by_password(agent: Agent, browser: FlaskClient) -> None:
    card_in(agent, browser)
    agent.post("/station/card-out")
    browser.post("/sign-in", data={"username": "c.roussel", "password": door.PASSWORD}, base_url=BASE)
    assert who(browser) == "Claire Roussel"
    prove(agent)
    assert state(browser)["reason"] == "another_person"
    assert hand_over(browser).status_code == 200
    assert who(browser) == "Paul Lemoine"


def test_taking_a_card_out_leaves_others_sessions_alone(agent: Agent, browser: FlaskClient) -> None:
    card_in(agent, browser)
    browser.post("/sign-in", data={"username": "c.roussel", "password": door.PASSWORD}, base_url=BASE)
    agent.post("/station/card-out")
    assert who(browser) == "Claire Roussel"


def test_wiped_cookies_are_made_good_without_the_code(agent: Agent, browser: FlaskClient, database: Database) -> None:
    card_in(agent, browser)
    for name in (doors.STAFF.cookie, doors.BROWSER_COOKIE):
        browser.delete_cookie(name, domain="localhost")
    page = browser.get("/trial", base_url=BASE, follow_redirects=True).text
    assert "data-hand-over" in page
    assert 'data-why="cookie_gone"' in page
    assert hand_over(browser).get_json() == {"waiting": True}
    assert agent.post("/station/beat").get_json()["reopen"] is True
    ticket = agent.post("/station/ticket").get_json()["ticket"]
    assert hand_over(browser, ticket=ticket).get_json() == {"go": "/"}
    assert who(browser) == "Paul Lemoine"
    assert agent.post("/station/beat").get_json()["reopen"] is False
    with database.reading() as session:
        assert len(sessions.live(session)) == 1


def test_making_wiped_cookies_good_is_no_sign_of_anybody(
    agent: Agent, browser: FlaskClient, database: Database, clock: SettableClock
) -> None:
    card_in(agent, browser)
    since = clock.now()
    clock.advance(timedelta(minutes=9))
    browser.delete_cookie(doors.STAFF.cookie, domain="localhost")
    hand_over(browser, ticket=agent.post("/station/ticket").get_json()["ticket"])
    with database.reading() as session:
        found = sessions.live(session)[0]
        assert (found.signed_in_at, found.last_input_at) == (since, since)
    clock.advance(timedelta(minutes=2))
    agent.post("/station/beat")
    assert state(browser)["reason"] == "idle"


def test_the_code_typed_again_at_an_open_session_counts(
    agent: Agent, browser: FlaskClient, database: Database, clock: SettableClock
) -> None:
    card_in(agent, browser)
    clock.advance(timedelta(minutes=9))
    agent.post("/station/beat")
    card_in(agent, browser)
    with database.reading() as session:
        found = sessions.live(session)[0]
        assert (found.signed_in_at, found.last_input_at) == (clock.now(), clock.now())


def test_whoever_goes_on_with_the_password_is_not_locked_for_the_agents_silence(
    agent: Agent, browser: FlaskClient, database: Database, clock: SettableClock
) -> None:
    card_in(agent, browser)
    clock.advance(timedelta(seconds=61))
    assert state(browser)["reason"] == "card_silent"
    browser.post("/sign-in", data={"username": "paul.lemoine", "password": door.PASSWORD}, base_url=BASE)
    clock.advance(timedelta(minutes=3))
    assert who(browser) == "Paul Lemoine"
    with database.reading() as session:
        assert [each.factor for each in sessions.live(session)] == ["password+card"]
    card_in(agent, browser)
    clock.advance(timedelta(seconds=61))
    assert state(browser)["reason"] == "card_silent"  # it lives by the card again


def test_without_a_proven_card_there_is_no_ticket(agent: Agent, browser: FlaskClient, clock: SettableClock) -> None:
    assert agent.post("/station/ticket").get_json()["code"] == "CARD-NOT-PROVEN"
    card_in(agent, browser)
    clock.advance(timedelta(minutes=11))  # locked for want of input: only the code opens it again
    assert agent.post("/station/beat").get_json()["session"] == "locked"
    assert agent.post("/station/ticket").get_json()["code"] == "CARD-NOT-PROVEN"


def test_an_agent_that_falls_silent_locks(agent: Agent, browser: FlaskClient, clock: SettableClock) -> None:
    card_in(agent, browser)
    for _ in range(3):
        clock.advance(timedelta(seconds=50))
        agent.post("/station/beat")
        assert state(browser)["state"] == "open"
    clock.advance(timedelta(seconds=61))
    assert state(browser)["reason"] == "card_silent"


def test_a_challenge_serves_once_there_and_soon(
    agent: Agent, app: Flask, database: Database, clock: SettableClock
) -> None:
    challenge = agent.post("/station/challenge").get_json()["challenge"]
    other = enrolled(app, database, clock, "Salle 2")
    assert prove(other, challenge=challenge).get_json()["code"] == "CARD-CHALLENGE-GONE"
    assert prove(agent, challenge=challenge).status_code == 200
    assert prove(agent, challenge=challenge).get_json()["code"] == "CARD-CHALLENGE-GONE"
    late = agent.post("/station/challenge").get_json()["challenge"]
    clock.advance(timedelta(seconds=121))
    assert prove(agent, challenge=late).get_json()["code"] == "CARD-CHALLENGE-GONE"


def test_a_card_signed_for_another_workstation_opens_nothing(agent: Agent) -> None:
    challenge = agent.post("/station/challenge").get_json()["challenge"]
    text = tickets.text_to_sign(base64.b64decode(challenge), agent.number, "00" * 32)
    signed = {"certificate": b64(PAUL.der), "mechanism": PAUL.mechanism, "signature": b64(PAUL.sign(text))}
    answer = agent.post("/station/proof", {"challenge": challenge, **signed})
    assert answer.get_json()["code"] == "CARD-SIGNATURE-WRONG"


def test_a_card_of_nobody_here_is_told_so_and_written_down(agent: Agent, database: Database) -> None:
    answer = prove(agent, made.card(ROOT, "899700000999"))
    assert answer.get_json()["code"] == "CARD-HOLDER-UNKNOWN"
    assert "99700000999" in answer.get_json()["message"]
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "card.refused")).one()
        assert (entry.reason, entry.workstation) == ("CARD-HOLDER-UNKNOWN", "Salle 1")


def test_a_closed_account_opens_nothing(agent: Agent, database: Database) -> None:
    with database.writing() as session:
        session.execute(update(Account).where(Account.rpps == made.RPPS).values(active=False))
    assert prove(agent).get_json()["code"] == "ACCOUNT-DISABLED"


def test_withdrawing_a_workstation_ends_its_sessions(agent: Agent, browser: FlaskClient, database: Database) -> None:
    card_in(agent, browser)
    with database.writing() as session:
        workstations.revoke(session, machine("test"), agent.number)
    assert why(browser) == Why.WORKSTATION_REVOKED.value


@pytest.mark.parametrize(
    "content", [{}, {"challenge": 1}, {"challenge": "%%", "certificate": "", "mechanism": "", "signature": ""}]
)
def test_what_no_agent_sends_is_refused(agent: Agent, content: dict[str, object]) -> None:
    assert agent.post("/station/proof", content).get_json()["code"] == "STATION-REQUEST-WRONG"


def test_a_number_belongs_to_one_person(database: Database, app: Flask) -> None:
    with pytest.raises(card_numbers.CardNumberTaken), database.writing() as session:
        claire = session.scalars(select(Account).where(Account.username == "c.roussel")).one()
        card_numbers.give(session, machine("test"), claire, made.RPPS)
    for wrong in ("123", "9970000001", "9970000001é"):
        with pytest.raises(card_numbers.CardNumberWrong), database.writing() as session:
            claire = session.scalars(select(Account).where(Account.username == "c.roussel")).one()
            card_numbers.give(session, machine("test"), claire, wrong)
