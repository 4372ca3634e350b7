"""`socle agenda day|week`, on a home made by `socle init`."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.builders.agenda import at, fill_day, practice

from socle import wiring
from socle.__main__ import socle
from socle.foundation import home as homes
from socle.foundation.database import Database
from socle.practice.agenda import local_time

Run = Callable[..., Result]
# The commands read the machine's own clock, and appointments are booked near it: the week that is now.
MONDAY = local_time.monday_of(date.today())  # noqa: DTZ011


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on one home with a full Monday, in English."""
    monkeypatch.setenv("SOCLE_LANGUAGE", "en")
    places = ["--home", str(tmp_path / "home"), "--keys", str(tmp_path / "keys")]

    def one(*words: str) -> Result:
        return CliRunner().invoke(socle, [*places, *words], catch_exceptions=False)

    assert one("init").exit_code == 0
    tools = wiring.toolbox(homes.find(tmp_path / "home", tmp_path / "keys"))
    with tools.of(Database).writing() as session:
        fill_day(session, practice(session), MONDAY)
    return one


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_day_and_its_week_as_json(run: Run) -> None:
    (day,) = told(run("agenda", "day", MONDAY.isoformat(), "--json"))["days"]
    assert day["date"] == MONDAY.isoformat()
    assert day["practitioners"][0]["name"] == "Paul Lemoine"
    first = day["practitioners"][0]["appointments"][0]
    assert datetime.fromisoformat(first["starts_at"]) == at(8, day=MONDAY)
    assert first["status"] == "booked"
    week = told(run("agenda", "week", (MONDAY + timedelta(2)).isoformat(), "--json"))["days"]
    assert len(week) == 7
    assert week[0] == day


def test_a_day_in_words(run: Run) -> None:
    words = run("agenda", "day", MONDAY.isoformat()).stdout
    assert "Marie-Laure de Saint-Aubin" in words
    assert words.count("Booked") > 20
    assert "No appointment on this day." in run("agenda", "day", (MONDAY + timedelta(6)).isoformat()).stdout


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_an_impossible_day_is_refused_without_a_trace(run: Run, day: str) -> None:
    answer = run("agenda", "day", day)
    assert answer.exit_code == 2
    assert "Traceback" not in answer.output
