"""The real restic."""

import subprocess

from tests.parts import required


def program() -> str:
    """Return restic's path, or give the test up."""
    return required.program("restic", "restic")


def version() -> tuple[int, ...]:
    """Return its version, such as (0, 14, 0)."""
    words = subprocess.run([program(), "version"], capture_output=True, text=True, check=True).stdout.split()
    return tuple(int(part) for part in words[1].split("."))
