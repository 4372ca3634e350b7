"""The two exports handed to the project, read to the last odd line, on both databases.

They are no part of the repository: they lie beside a working copy of it (or where SOCLE_EXPORTS says).
"""

import os
from collections import Counter
from pathlib import Path

import pytest
from tests.database.test_imports import Desk

from socle.foundation.database import Database
from socle.identity.actor import Actor

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data" / "practice-export"
FOLDER = Path(os.environ.get("SOCLE_EXPORTS", BESIDE))
SPREADSHEET, EXPORT = "fichier_patients.xlsx", "export_ancien_logiciel.csv"


def content(name: str) -> bytes:
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"{name} is neither beside this working copy nor in SOCLE_EXPORTS")
    return path.read_bytes()


def test_both_exports_come_in_whole_and_are_undone_one_by_one(database: Database, actor: Actor) -> None:
    desk = Desk(database, actor)
    first = desk.bring_in(content(SPREADSHEET))
    assert desk.totals(first) == (1800, 0, 1)
    assert desk.reasons(first) == {
        "new": 1800, "refused-total": 1, "skipped-title": 2, "skipped-header": 1, "skipped-empty": 24,
    }  # fmt: skip
    second = desk.bring_in(content(EXPORT))
    assert desk.totals(second) == (2100, 300, 1)
    reasons = desk.reasons(second)
    assert reasons["same-nir"] + reasons["same-name-birth"] == 300
    assert reasons["refused-total"] + reasons["skipped-header"] + reasons["skipped-empty"] == 19
    assert desk.patients() == 3900
    assert desk.totals(desk.rehearse(content(SPREADSHEET))) == (0, 1800, 1)
    assert desk.undo(second) == 0
    assert desk.patients() == 1800
    assert desk.undo(first) == 0
    assert desk.patients() == 0


def test_the_oddities_of_the_spreadsheet_are_all_told(database: Database, actor: Actor) -> None:
    desk = Desk(database, actor)
    lines = desk.lines(desk.rehearse(content(SPREADSHEET)))
    told = Counter(remark.code for line in lines for remark in line.remarks)
    assert told["birth-serial"] == 71
    assert told["birth-century-clear"] + told["birth-century-unsure"] == 66
    assert (told["birth-month-first"], told["birth-too-old"], told["birth-missing"]) == (1, 2, 3)
    assert (told["name-married"], told["name-birth-differs"]) == (15, 2)
    assert (told["postal-zero"], told["postal-insee"]) == (200, 220)
    odd = {line.line: [remark.code for remark in line.remarks] for line in lines}
    assert "birth-missing" in odd[1626]
    assert "birth-month-first" in odd[67]
