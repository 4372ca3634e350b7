"""What `make check` runs first, so that `make test` alone tells the whole truth."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
        ["mypy"],
        ["lint-imports"],
        ["djlint", "--lint", "server"],
    ],
    ids=["format", "lint", "types", "imports", "templates"],
)
def test_linter_is_content(words: list[str]) -> None:
    done = subprocess.run(
        [PROGRAMS / words[0], *words[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
