"""`socle import patients`, on both databases."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.builders.spreadsheets import UntidyPractice, as_xlsx
from tests.parts import door

from socle.__main__ import socle
from socle.cli import import_commands
from socle.cli.terminal import Terminal
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import machine
from socle.practice.imports import runs
from socle.practice.imports.errors import FileUnreadable
from socle.practice.imports.runs import State
from socle.practice.imports.source import Source, Sources
from socle.practice.patients import registry

PRACTICE = UntidyPractice(spreadsheet=40, export=50, shared=10)


class Command:
    """The command line on the test's database."""

    def __init__(self, database: Database, clock: SettableClock, folder: Path) -> None:
        self.tools = door.tools(database, clock, folder)
        self.database = database
        self._terminal = Terminal(folder / "home", folder / "keys", lambda _home: self.tools, {})

    def __call__(self, *arguments: str, status: int = 0, verb: str = "patients") -> Result:
        group = socle.commands["import"]
        result = CliRunner().invoke(group, [verb, *arguments], obj=self._terminal, catch_exceptions=False)
        assert result.exit_code == status, result.output
        return result

    def json(self, *arguments: str) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self(*arguments, "--json").stdout)
        return said


@pytest.fixture
def command(database: Database, clock: SettableClock, tmp_path: Path) -> Command:
    return Command(database, clock, tmp_path)


@pytest.fixture
def spreadsheet(tmp_path: Path) -> str:
    (tmp_path / "fichier.xlsx").write_bytes(PRACTICE.spreadsheet())
    return str(tmp_path / "fichier.xlsx")


@pytest.fixture
def export(tmp_path: Path) -> str:
    (tmp_path / "export.csv").write_bytes(PRACTICE.export())
    return str(tmp_path / "export.csv")


def test_a_rehearsal_accounts_for_every_line_and_changes_nothing(command: Command, spreadsheet: str) -> None:
    said = command.json(spreadsheet)
    assert said["totals"] == {"new": 40, "same": 0, "refused": 1}
    assert sum(said["totals"].values()) == len(said["lines"])
    assert all(line["line"] and line["outcome"] and line["reason"] for line in said["lines"])
    assert {line["line"] for line in said["lines"]} | {line["line"] for line in said["skipped"]} == set(range(1, 47))
    assert said["other_sheets"] == ["Correspondants"]
    assert command.json(spreadsheet)["totals"]["new"] == 40


def test_apply_then_the_second_file_then_undo(command: Command, spreadsheet: str, export: str) -> None:
    assert command.json(spreadsheet, "--apply")["state"] == "applied"
    second = command.json(export, "--apply")
    assert second["totals"] == {"new": 40, "same": 10, "refused": 1}
    assert command.json("--undo", str(second["run"])) == {"run": second["run"], "state": "undone", "kept": 0}
    assert command.json(export)["totals"] == {"new": 40, "same": 10, "refused": 1}


def test_reasons_are_in_the_readers_language(
    command: Command, spreadsheet: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCLE_LANGUAGE", "en")
    assert "This is a total, not a person." in {line["reason"] for line in command.json(spreadsheet)["lines"]}
    monkeypatch.setenv("SOCLE_LANGUAGE", "fr")
    assert "C’est un total, pas une personne." in {line["reason"] for line in command.json(spreadsheet)["lines"]}
    assert "C’est un total, pas une personne." in command(spreadsheet).stdout


def test_a_sheet_and_columns_can_be_told(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(as_xlsx({"Un": [("Nom", "Tél")], "Deux": [("Qui", "Quand"), ("DUPONT Anne", "28/02/1967")]}))
    said = command.json(str(path), "--sheet", "Deux", "--map", "Qui=full_name", "--map", "B=birth_date")
    assert said["totals"] == {"new": 1, "same": 0, "refused": 0}


def test_undo_is_refused_with_the_names_of_those_in_use(command: Command, spreadsheet: str) -> None:
    said = command.json(spreadsheet, "--apply")
    used = next(line["patient"] for line in said["lines"] if line["outcome"] == "new")
    with command.database.writing() as session:
        registry.archive(session, machine("test"), used)
        name = registry.find(session, used).details.family_name
    refused = CliRunner().invoke(
        socle.commands["import"],
        ["patients", "--undo", str(said["run"])],
        obj=command._terminal,
    )
    assert refused.exit_code != 0
    assert refused.exception is not None
    assert name in refused.stderr
    assert command.json("--undo", str(said["run"]), "--keep-used")["kept"] == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("cut.xlsx", PRACTICE.spreadsheet()[:4000], "IMPORT-FILE-UNREADABLE"),
        ("empty.csv", b"", "IMPORT-FILE-EMPTY"),
        ("commas.csv", b"," * 10_000_000, "IMPORT-TOO-MANY-COLUMNS"),
        ("other.csv", b"1;2\n3;4\n", "IMPORT-NO-NAME-COLUMN"),
    ],
)
def test_a_bad_file_is_refused_with_its_code(
    command: Command, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(content)
    refused = CliRunner().invoke(
        socle.commands["import"],
        ["patients", str(tmp_path / name)],
        obj=command._terminal,
    )
    assert str(refused.exception) == code


def test_a_missing_file_is_told(command: Command, tmp_path: Path) -> None:
    refused = CliRunner().invoke(
        socle.commands["import"],
        ["patients", str(tmp_path / "nowhere.csv")],
        obj=command._terminal,
    )
    assert str(refused.exception) == "IMPORT-FILE-MISSING"


class SlowSources(Sources):
    """Files that take for ever to open."""

    def open(self, content: bytes) -> Source:
        time.sleep(20)
        raise FileUnreadable


def test_a_step_ends_by_itself_when_it_takes_too_long(
    command: Command, spreadsheet: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = command.json(spreadsheet)["run"]
    with command.database.writing() as session:
        runs.ask_to_rehearse(session, machine("test"), run)
    monkeypatch.setattr(import_commands, "LONGEST_SECONDS", 1)
    monkeypatch.setattr(command.tools, "_made", {Database: command.database})
    command.tools.provide(Sources, lambda: SlowSources(()))
    command(str(run), verb="work")
    with command.database.reading() as session:
        found = runs.find(session, run)
    assert found.failure
    assert (found.state, found.failure["code"]) == (State.FAILED, "IMPORT-TOO-LONG")
