"""`socle factors …`: who has a second factor, and removing a lost one, on a home made by `socle init`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest
from click.testing import CliRunner, Result

from socle import wiring
from socle.__main__ import socle
from socle.foundation import home as homes
from socle.foundation.database import Database
from socle.identity.actor import machine
from socle.identity.people import accounts
from socle.identity.sessions.factors import holdings, recovery_codes, totp

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on one home, in English."""
    monkeypatch.setenv("SOCLE_LANGUAGE", "en")

    def one(*words: str) -> Result:
        places = ["--home", str(tmp_path / "home"), "--keys", str(tmp_path / "keys")]
        return CliRunner().invoke(socle, [*places, *words], catch_exceptions=False)

    assert one("init").exit_code == 0
    names = ("--given-name", "Anne", "--family-name", "Martin", "--role", "practitioner")
    assert one("accounts", "create", "anne", *names).exit_code == 0
    return one


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_lost_telephone_is_removed_and_its_person_will_be_told(run: Run, tmp_path: Path) -> None:
    assert told(run("factors", "list", "--json")) == [
        {
            "username": "anne",
            "totp_since": None,
            "passkeys": 0,
            "recovery_codes_left": 0,
            "remembered_browsers": 0,
            "required": False,
            "ask": "new_browser",
        }
    ]
    refused = run("factors", "remove", "anne")
    assert refused.exit_code != 0
    assert "FACTOR-NONE" in refused.output
    home = homes.find(tmp_path / "home", tmp_path / "keys")
    database, key = wiring.toolbox(home).of(Database), home.keys.read("forms")
    with database.writing() as session:
        anne = accounts.find(session, "anne")
        assert anne is not None
        secret = totp.begin(session, key, anne.id)
        totp.confirm(session, key, machine("test"), anne.id, pyotp.TOTP(secret).now())
        recovery_codes.make(session, key, machine("test"), anne.id)
    assert told(run("factors", "list", "--json"))[0]["recovery_codes_left"] == 10
    assert "anne" in run("factors", "list").output
    assert told(run("factors", "remove", "anne", "--reason", "replaced", "--json")) == {
        "username": "anne",
        "reason": "replaced",
    }
    with database.reading() as session:
        assert not holdings.of(session, anne.id).any
        removal = holdings.untold(session, anne.id)
        assert removal is not None
        assert (removal.by, removal.reason) == ("command line", "replaced")
    assert run("factors", "remove", "nobody").exit_code != 0
    database.engine.dispose()
