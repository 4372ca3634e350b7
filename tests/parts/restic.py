"""The real restic: this machine's, and other versions of it where they are installed."""

import shutil
import subprocess

import pytest
from tests.parts import required

OTHERS = ("restic-0.18", "restic-0.19")
"""Programs that a machine may have beside its own restic, to try several versions."""


def program(name: str = "restic") -> str:
    """Return restic's path, or give the test up; another version may be absent without harm."""
    if name in OTHERS and shutil.which(name) is None:
        pytest.skip(f"{name} is not on this machine")
    return required.program(name, "restic")


def version() -> tuple[int, ...]:
    """Return its version, such as (0, 14, 0)."""
    words = subprocess.run([program(), "version"], capture_output=True, text=True, check=True).stdout.split()
    return tuple(int(part) for part in words[1].split("."))
