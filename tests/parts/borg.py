"""The real borg."""

from tests.parts import required


def program() -> str:
    """Return borg's path, or give the test up."""
    return required.program("borg", "borgbackup")
