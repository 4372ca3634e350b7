"""What the agent does differently on each system, and that it has words for all it may say."""

import string
from pathlib import Path

import pytest

from socle_station import browser, enrolment, modules, trust, wording
from socle_station.browser import Window
from socle_station.wording import FAULTS, LINES, Fault, preferred


def _places(text: str) -> set[str]:
    return {name for _text, name, _form, _change in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", FAULTS)
def test_every_fault_says_the_same_in_both_languages(code: str) -> None:
    french, french_hint, english, english_hint = FAULTS[code]
    assert _places(french) == _places(english)
    assert _places(french_hint) == _places(english_hint)
    details = dict.fromkeys(_places(french) | _places(french_hint) - {"left"}, "x")
    for language in ("fr", "en"):
        message, hint = Fault(code, **details).words("fr" if language == "fr" else "en")
        assert message
        assert hint
        assert "{" not in message + hint


@pytest.mark.parametrize("key", LINES)
def test_every_line_says_the_same_in_both_languages(key: str) -> None:
    french, english = LINES[key]
    assert _places(french) == _places(english)


def test_the_last_try_is_announced() -> None:
    assert "un seul essai" in Fault("CARD-CODE-WRONG", left="last").words("fr")[0]
    assert wording.line("removed", "en").startswith("Card taken out")


def test_the_language_is_the_one_asked_for_else_the_systems_else_french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert (preferred(None), preferred("fr")) == ("en", "fr")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert preferred(None) == "fr"


def test_each_system_knows_its_modules() -> None:
    assert modules.default("win32").endswith(".dll")
    assert modules.default("darwin")
    assert "opensc" in modules.default("linux") or "cps3" in modules.default("linux")


def test_browsers_trust_the_authority_by_each_systems_own_tool(tmp_path: Path) -> None:
    place = tmp_path / "authority.pem"
    assert trust.commands(place, tmp_path, tmp_path / "p", "win32") == [
        ["certutil", "-user", "-addstore", "Root", str(place)]
    ]
    assert trust.commands(place, tmp_path, tmp_path / "p", "darwin")[0][:2] == ["security", "add-trusted-cert"]
    linux = trust.commands(place, tmp_path, tmp_path / "p", "linux")
    assert [words[:3] for words in linux if "-A" in words] == [
        ["certutil", "-d", f"sql:{tmp_path}/.pki/nssdb"],
        ["certutil", "-d", f"sql:{tmp_path}/p"],
    ]


def test_the_window_has_a_profile_of_its_own_and_no_ticket_on_its_command_line(tmp_path: Path) -> None:
    window = Window(tmp_path, "https://socle.local:8443", "fr", "/usr/bin/chromium")
    words = window.command()
    assert f"--user-data-dir={tmp_path}/browser" in words
    assert "--disable-extensions" in words
    assert words[-1] == f"--app=file://{tmp_path}/open.html"
    firefox = Window(tmp_path, "https://socle.local:8443", "en", "/usr/bin/firefox-esr").command()
    assert firefox[1:3] == ["--profile", f"{tmp_path}/browser"]
    assert '"intl.accept_languages", "en"' in (tmp_path / "browser" / "user.js").read_text()


def test_the_page_that_leads_in_is_its_owners_alone(tmp_path: Path) -> None:
    window = Window(tmp_path, "https://socle.local:8443", "fr", "/bin/true")
    window.open("ticket-of-a-test")
    page = tmp_path / "open.html"
    assert page.stat().st_mode & 0o777 == 0o600
    assert "https://socle.local:8443/station/enter#ticket-of-a-test" in page.read_text()
    window.close()
    window.forget_ticket()
    assert not page.exists()


def test_a_machine_without_a_browser_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.find("linux") is None
    with pytest.raises(Fault, match="BROWSER-MISSING"):
        Window(tmp_path, "https://socle.local:8443", "fr").open("x")


@pytest.mark.parametrize("server", ["", "https://", "https://a b", "https://socle.local:x", "https://socle:0", "a/b"])
def test_what_is_no_address_is_said_before_anything_is_sent(tmp_path: Path, server: str) -> None:
    with pytest.raises(Fault, match="STATION-ADDRESS-WRONG"):
        enrolment.enrol(tmp_path, server, "AAAA-BBBB", "0" * 20, "fr")


def test_a_missing_tool_is_named_with_what_to_run_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Fault, match="TRUST-TOOL-MISSING") as told:
        trust.install(tmp_path / "authority.pem", tmp_path, tmp_path / "profile", "linux")
    message, hint = told.value.words("fr")
    assert "certutil" in message
    assert f"certutil -d sql:{tmp_path}/.pki/nssdb -A -t C,, -n Socle -i {tmp_path}/authority.pem" in hint
    assert not (tmp_path / ".pki").exists()
