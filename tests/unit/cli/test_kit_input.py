"""Typing two sheets and an envelope at a terminal: a slip is told, and asked again."""

import io
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from socle.appliance.backups.recovery_kit import grouped_text, words
from socle.cli import kit_input
from socle.cli.kit_input import Given, SheetsNeeded

SECRET = bytes(range(16))
SHEETS = words.split(SECRET)


def typed(work: Callable[[], object], *lines: str) -> Result:
    """Let somebody type lines, and return what was said."""

    @click.command()
    def command() -> None:
        click.echo(work())

    return CliRunner().invoke(command, input="".join(f"{line}\n" for line in lines))


def test_words_that_are_wrong_are_asked_again() -> None:
    def pair() -> str:
        return words.combine(*Given().pair()).hex()

    wrong = SHEETS[0].replace(SHEETS[0].split()[7], "wrongly", 1)
    said = typed(pair, wrong, SHEETS[0], SHEETS[2])
    assert SECRET.hex() in said.stdout
    assert "KIT-WORD" in said.stderr


def test_a_second_sheet_is_asked_for_after_one_was_scanned() -> None:
    given = Given([words.read(SHEETS[1])])
    said = typed(lambda: [one.number for one in given.pair()], SHEETS[0])
    assert "[2, 1]" in said.stdout


def test_of_three_sheets_two_different_ones_are_taken() -> None:
    first, second = words.read(SHEETS[0]), words.read(SHEETS[1])
    assert [one.number for one in Given([first, first, second]).pair()] == [1, 2]


def test_nobody_there_to_type() -> None:
    assert isinstance(typed(lambda: Given().pair()).exception, SheetsNeeded)
    assert isinstance(typed(lambda: Given().pair(), *["nonsense"] * 9).exception, SheetsNeeded)


def test_an_envelope_is_typed_line_by_line() -> None:
    data = bytes(range(90))
    lines = [f"{letters} {sum_}" for letters, sum_ in grouped_text.lines(data)]
    slip = lines[1].replace(lines[1][0], "A" if lines[1][0] != "A" else "C", 1)
    said = typed(lambda: kit_input.typed_envelope().hex(), lines[0], slip, *lines[1:])
    assert data.hex() in said.stdout
    assert "KIT-LINE-WRONG" in said.stderr
    assert isinstance(typed(kit_input.typed_envelope, lines[0], "").exception, SheetsNeeded)


def test_what_is_wrong_with_a_file_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "sheet.txt"
    file.write_text(io.StringIO(SHEETS[0]).read().rpartition(" ")[0])
    with pytest.raises(words.WordsMissing):
        kit_input.given([], [file])
    assert str(file) in capsys.readouterr().err
    file.write_text(f"\n  {SHEETS[0].upper()}\n")
    assert kit_input.given([], [file]).sheets[0].number == 1
