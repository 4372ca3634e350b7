"""`socle accounts …` and `socle directory check`, on a home made by `socle init`."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from socle.__main__ import socle

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on one home, in English."""
    monkeypatch.setenv("SOCLE_LANGUAGE", "en")

    def one(*words: str) -> Result:
        places = ["--home", str(tmp_path / "home"), "--keys", str(tmp_path / "keys")]
        return CliRunner().invoke(socle, [*places, *words], catch_exceptions=False)

    assert one("init").exit_code == 0
    return one


def told(result: Result) -> Any:
    """Return what a command told in JSON."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def add(run: Run, username: str, *roles: str) -> Any:
    """Add somebody."""
    words = [word for role in roles for word in ("--role", role)]
    return told(
        run("accounts", "create", username, "--given-name", "Anne", "--family-name", "Martin", *words, "--json")
    )


def test_a_person_from_the_first_account_to_the_last(run: Run) -> None:
    made = add(run, "Anne.Martin", "administrator", "practitioner")
    assert made["username"] == "anne.martin"
    assert re.fullmatch(r"[a-z2-9]{6}-[a-z2-9]{6}-[a-z2-9]{6}", made["password"])
    add(run, "paul", "administrator")
    listed = told(run("accounts", "list", "--json"))
    assert [(one["username"], one["active"], one["emergency"]) for one in listed] == [
        ("anne.martin", True, False),
        ("paul", True, False),
        ("secours", True, True),
    ]
    assert told(run("accounts", "roles", "anne.martin", "--role", "secretary", "--json"))["roles"] == ["secretary"]
    assert told(run("accounts", "disable", "anne.martin", "--json"))["active"] is False
    assert told(run("accounts", "enable", "anne.martin", "--json"))["active"] is True
    assert told(run("accounts", "reset-password", "anne.martin", "--json"))["password"] != made["password"]
    assert told(run("accounts", "link", "anne.martin", "--json"))["username"] == "anne.martin"
    words = run("accounts", "list").stdout
    assert "Anne Martin" in words
    assert "secretary" in words
    assert run("audit", "verify").exit_code == 0


def test_refusals_say_what_to_do_and_end_with_2(run: Run) -> None:
    add(run, "anne.martin", "administrator")
    for words, code in (
        (("accounts", "disable", "nobody"), "ACCOUNT-UNKNOWN"),
        (("accounts", "disable", "anne.martin"), "ACCOUNT-LAST-ADMINISTRATOR"),
        (("accounts", "link", "nobody"), "ACCOUNT-UNKNOWN"),
        (("accounts", "roles", "secours", "--role", "secretary"), "DIRECTORY-READ-ONLY"),
    ):
        result = run(*words)
        assert result.exit_code == 2
        assert code in result.stderr


def test_the_emergency_password_is_renewed_on_the_server_itself(run: Run) -> None:
    first = told(run("accounts", "reset-password", "secours", "--json"))["password"]
    assert told(run("accounts", "reset-password", "secours", "--json"))["password"] != first


def test_the_directory_is_checked(run: Run) -> None:
    add(run, "anne.martin", "administrator", "practitioner")
    answer = told(run("directory", "check", "--people", "--json"))
    assert (answer["state"], answer["kind"]) == ("green", "embedded")
    assert answer["people"] == {"practitioner": 1, "secretary": 0, "administrator": 1, "maintainer": 0, "none": 0}
    assert "answers" in run("directory", "check").stdout


def test_a_directory_out_of_reach_is_red(run: Run, tmp_path: Path) -> None:
    settings = tmp_path / "home" / "socle.toml"
    text = '\n[directory]\nkind = "ldap"\n[directory.ldap]\nurls = ["ldaps://localhost:1"]\nconnect_seconds = 0.5\n'
    settings.write_text(settings.read_text() + text)
    result = run("directory", "check", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["code"] == "DIRECTORY-UNREACHABLE"
    assert "ldaps://localhost:1" in run("directory", "check").stdout
