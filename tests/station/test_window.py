"""The agent in a window of its own and the browser in another, on a screen: typed at and read as a person does it."""

from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.parts import workstation
from tests.parts.smart_card import Plugged
from tests.parts.virtual_screen import Screen
from tests.parts.workstation import Practice

from socle.appliance.maintenance import authority
from socle.foundation.secrets import Keys
from socle.identity.actor import machine
from socle.identity.sessions import sessions, workstations

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.xdist_group("pcscd"),
    pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True),
]
TRUSTING = "--ignore-certificate-errors"
TYPED = "Revoir dans 8 jours"


def lock_reasons(practice: Practice) -> list[str | None]:
    with practice.database.reading() as session:
        return [each.lock_reason for each in sessions.live(session)]


def has_left(card: Plugged, tries: int) -> bool:
    return card.applet.tries == tries


def give(screen: Screen, code: str) -> None:
    """Type the card's code once it is asked for."""
    window = screen.wait_for("^Code de la carte")
    screen.type(window, code)
    screen.press(window, "Return")


def test_a_card_opens_a_window_of_the_practice_and_its_going_covers_the_page(
    practice: Practice, paul: Plugged, screen: Screen
) -> None:
    practice.agent.start_in_window(screen, browser_arguments=[TRUSTING])
    screen.wait_for("^Insérez votre carte")
    paul.put_in()
    give(screen, "1234")
    screen.wait_for("^Session ouverte")
    with practice.window() as page:
        page.wait_for_url(f"{practice.address}/", timeout=60_000)
        seen = screen.wait_for(f"^{page.title()}$")  # an application's window: its title alone, no browser's name
        assert screen.picture(seen).getcolors(maxcolors=1) is None
        assert page.evaluate("matchMedia('(display-mode: standalone)').matches")
        page.goto(f"{practice.address}/trial")
        expect(page.locator("#who")).to_have_text("Paul Lemoine")
        page.get_by_label("Note").fill(TYPED)
        paul.take_out()
        expect(page.locator("[data-why=card_removed]")).to_be_visible()
        screen.wait_for("^Carte retirée")
        paul.put_in()
        give(screen, "1234")
        expect(page.get_by_label("Note")).to_have_value(TYPED, timeout=30_000)
    assert "1234" not in practice.agent.said
    assert practice.agent.stop() == 0
    assert lock_reasons(practice) == ["card_removed"]


def test_locking_by_hand_and_opening_a_closed_window_again(practice: Practice, paul: Plugged, screen: Screen) -> None:
    practice.agent.start_in_window(screen, browser_arguments=[TRUSTING])
    paul.put_in()
    give(screen, "1234")
    own = screen.wait_for("^Session ouverte")
    with practice.window() as page:
        page.wait_for_url(f"{practice.address}/", timeout=60_000)
        screen.press(own, "alt+r")
        expect(page.locator("[data-why=locked_by_person]")).to_be_visible(timeout=30_000)
        give(screen, "1234")
        own = screen.wait_for("^Session ouverte")
        page.wait_for_url(f"{practice.address}/", timeout=30_000)
        before = practice.opened()
        page.close()

    def opened_again() -> bool:
        screen.press(own, "alt+o")  # of no use while the browser is still ending
        return practice.opened() > before

    workstation.wait_until(opened_again, 60)
    with practice.window() as page:
        page.wait_for_url(f"{practice.address}/", timeout=60_000)
    assert lock_reasons(practice) == [None]
    screen.press(own, "ctrl+q")
    workstation.wait_until(lambda: lock_reasons(practice) == ["card_removed"])


def test_a_card_that_goes_takes_the_question_and_what_was_typed_with_it(
    practice: Practice, paul: Plugged, claire: Plugged, screen: Screen
) -> None:
    practice.agent.start_in_window(screen, browser_arguments=[TRUSTING])
    paul.put_in()
    window = screen.wait_for("^Code de la carte")
    screen.type(window, "12")
    paul.take_out()
    screen.wait_for("^Carte retirée")
    claire.put_in()
    give(screen, "4321")
    screen.wait_for("^Session ouverte")
    assert claire.applet.tries == 3


def test_wrong_codes_are_counted_and_the_blocked_card_says_what_to_do(
    practice: Practice, paul: Plugged, screen: Screen
) -> None:
    practice.agent.start_in_window(screen, browser_arguments=[TRUSTING])
    paul.put_in()
    for left in (2, 1):
        give(screen, "0000")
        workstation.wait_until(partial(has_left, paul, left))
        screen.wait_for(r"^Code de la carte \[CARD-CODE-WRONG\]")
    screen.press(screen.wait_for("^Code de la carte"), "Return")  # nothing typed costs no try
    give(screen, "0000")
    screen.wait_for(r"^Cette carte n’ouvre rien \[CARD-BLOCKED\]")
    assert not lock_reasons(practice)
    assert paul.applet.signatures == 0


def test_a_server_that_goes_away_is_said_at_once_and_so_is_its_return(
    practice: Practice, paul: Plugged, screen: Screen
) -> None:
    practice.agent.start_in_window(screen, browser_arguments=[TRUSTING])
    paul.put_in()
    give(screen, "1234")
    screen.wait_for("^Session ouverte")
    workstation.wait_until(lambda: practice.opened() == 1, 60)
    with practice.away():
        paul.take_out()
        screen.wait_for(r"^Serveur injoignable \[STATION-SERVER-UNREACHABLE\]")
    screen.wait_for("^Carte retirée – Socle$|^Carte retirée .READER-SEVERAL")
    assert lock_reasons(practice) == ["card_removed"]


def test_a_machine_is_enrolled_in_the_window(practice: Practice, paul: Plugged, screen: Screen, tmp_path: Path) -> None:
    home = tmp_path / "person"
    home.mkdir()
    practice.agent.folder = tmp_path / "another"
    practice.agent.environment = {**screen.environment, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    with practice.database.writing() as session:
        _station, code = workstations.add(session, machine("test"), "Salle 3")
    fingerprint = authority.shown_fingerprint(practice.tools.of(Keys))
    practice.agent.start_in_window(screen)  # this Chromium is left to find out by itself whom it trusts
    window = screen.wait_for("^Enrôler ce poste")
    for number, words in enumerate((practice.address, code, "0" * 20)):
        screen.type(window, words)
        screen.press(window, "Tab" if number < 2 else "Return")
    window = screen.wait_for(r"^Enrôler ce poste \[STATION-FINGERPRINT-WRONG\]")
    screen.type(window, fingerprint)
    screen.press(window, "Return")
    screen.wait_for("^Insérez votre carte")
    assert (home / ".pki/nssdb/cert9.db").exists()
    paul.put_in()
    give(screen, "1234")
    screen.wait_for("^Session ouverte")
    with practice.window() as page:
        page.wait_for_url(f"{practice.address}/", timeout=60_000)


def test_without_a_screen_the_agent_says_so_and_speaks_in_the_terminal(
    practice: Practice, paul: Plugged, screen: Screen
) -> None:
    practice.agent.environment = {name: value for name, value in screen.environment.items() if name != "DISPLAY"}
    practice.agent.start_in_window(Screen(""), browser_arguments=[TRUSTING, "--headless=new"])
    practice.agent.wait_for("Aucun écran trouvé")
    practice.come_in(paul)
    practice.agent.wait_for("Bonjour Paul Lemoine")
