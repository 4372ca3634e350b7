"""Policies of the machine's Chromium: one folder for all, so one test at a time holds it, and leaves nothing there."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FOLDER = Path("/etc/chromium/policies/managed")


@contextmanager
def in_force(content: bytes) -> Iterator[None]:
    """Put a file of policies in place; skip aloud for whoever may not."""
    if os.geteuid() != 0:
        pytest.skip(f"only root may write to {FOLDER}: run these tests as root to try the policies in Chromium")
    missing = [folder for folder in (FOLDER, *FOLDER.parents) if not folder.exists()]
    with (Path(tempfile.gettempdir()) / "socle-chromium-policies.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = FOLDER / f"socle-test-{os.getpid()}.json"
        try:
            FOLDER.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o644)
            yield
        finally:
            file.unlink(missing_ok=True)
            for folder in missing:
                folder.rmdir()
