"""Bad days at a workstation, each with its own message, hint and code, on a real reader service and a real server."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.builders import cards as made
from tests.parts import workstation
from tests.parts.smart_card import Plugged
from tests.parts.workstation import ROOT, Practice

from socle.foundation.home import Home
from socle.identity.sessions import sessions
from socle.identity.sessions.card_policy import CardPolicy

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.xdist_group("pcscd"),
    pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True),
]


def nobody_is_in(practice: Practice) -> bool:
    with practice.database.reading() as session:
        return not sessions.live(session)


def test_cards_that_open_nothing_say_why(practice: Practice) -> None:
    now = datetime.now(UTC)
    below = made.issuer("TEST AC ESSAI", ROOT, key_number=2)
    (practice.tools.of(Home).cards_path / "test.pem").write_bytes(below.pem)
    revoked = made.card(ROOT, lists=["http://127.0.0.1:9/list.crl"])
    kept = practice.tools.of(CardPolicy).lists.path("http://127.0.0.1:9/list.crl")  # as if fetched from there
    kept.parent.mkdir(parents=True)
    kept.write_bytes(made.revocation_list(ROOT, revoked.certificate.serial_number, at=now))
    stranger = made.issuer("AC RACINE ESSAI", key_number=3)
    cards = {
        "CARD-EXPIRED": made.card(ROOT, ends=now - timedelta(days=1)),
        "CARD-REVOKED": revoked,
        "CARD-CHAIN-UNKNOWN": made.card(stranger),
        "CARD-TEST-ISSUER": made.card(below),
        "CARD-HOLDER-UNKNOWN": made.card(ROOT, "899700000999"),
        "CARD-NAMES-NOBODY": made.card(ROOT, "Camille"),
    }
    practice.agent.start()
    practice.agent.wait_for("READER-SEVERAL")  # vpcd brings two readers
    for code, card in cards.items():
        plugged = Plugged(card)
        try:
            practice.come_in(plugged)
            practice.agent.wait_for(f"[{code}]")
        finally:
            plugged.take_out()
        practice.agent.wait_for("Carte retirée")
        practice.agent.forget()
    assert nobody_is_in(practice)


def test_three_wrong_codes_block_the_card(practice: Practice, paul: Plugged) -> None:
    practice.agent.start()
    practice.come_in(paul, "0000")
    practice.agent.wait_for("[CARD-CODE-WRONG]")
    for code in ("1111", "2222"):
        practice.agent.type(code)
    practice.agent.wait_for("[CARD-BLOCKED]")
    assert "mot de passe" in practice.agent.said
    practice.agent.forget()
    practice.agent.type("1234")
    practice.agent.wait_for("[CARD-BLOCKED]")
    assert paul.applet.signatures == 0
    assert nobody_is_in(practice)


def test_a_reader_pulled_in_the_middle_of_a_signature(practice: Practice, paul: Plugged) -> None:
    paul.applet.dies_at_signature = True
    practice.agent.start()
    practice.come_in(paul)
    practice.agent.wait_for("[READER-UNPLUGGED]")
    practice.agent.wait_for("Carte retirée")
    practice.agent.forget()
    assert nobody_is_in(practice)
    paul.applet.dies_at_signature = False
    practice.come_in(paul)
    practice.agent.wait_for("Bonjour Paul Lemoine")


def test_two_cards_the_first_counts_and_the_second_takes_its_place(
    practice: Practice, paul: Plugged, claire: Plugged
) -> None:
    practice.agent.start()
    practice.come_in(paul)
    practice.agent.wait_for("Bonjour Paul Lemoine")
    workstation.wait_until(lambda: practice.opened() == 1)
    claire.put_in(1)
    practice.agent.wait_for("[CARD-TWO-IN]")
    practice.agent.forget()
    paul.take_out()
    practice.agent.wait_for("Autre carte prise en compte")
    practice.agent.type("4321")
    practice.agent.wait_for("Bonjour Claire Roussel")
    workstation.wait_until(lambda: practice.opened() == 2)
    with practice.database.reading() as session:
        locked = {each.display_name: each.lock_reason for each in sessions.live(session)}
    assert locked == {"Paul Lemoine": "card_removed", "Claire Roussel": None}


def test_a_server_that_goes_away_and_comes_back(practice: Practice, paul: Plugged) -> None:
    practice.agent.start()
    practice.come_in(paul)
    practice.agent.wait_for("Bonjour Paul Lemoine")
    workstation.wait_until(lambda: practice.opened() == 1)
    with practice.away():
        paul.take_out()
        practice.agent.wait_for("[STATION-SERVER-UNREACHABLE]")
        with practice.database.reading() as session:
            assert sessions.live(session)[0].locked_at is None  # nobody could tell it yet
    practice.agent.wait_for("Le serveur répond de nouveau")
    with practice.database.reading() as session:
        assert sessions.live(session)[0].lock_reason == "card_removed"
