"""A real disk that is small, full or read-only: a tmpfs of a few megabytes, mounted for one test."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts import required


class Disk:
    """A mounted tmpfs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Write until nothing more fits, then give `leave` bytes back."""
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65_536))
            except OSError:
                pass  # full, to the last byte
        if leave:
            os.truncate(self._ballast, max(0, self._ballast.stat().st_size - leave))

    def free(self) -> None:
        """Take the ballast away."""
        self._ballast.unlink(missing_ok=True)

    def grow(self, megabytes: int) -> None:
        """Make it larger."""
        assert _as_root("mount", "-o", f"remount,size={megabytes}m", str(self.folder))

    def protect(self, *, read_only: bool) -> None:
        """Mount it again, read-only (nobody may hold a file open for writing) or writable."""
        assert _as_root("mount", "-o", f"remount,{'ro' if read_only else 'rw'}", str(self.folder))


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Mount a small disk at `folder`, and take it away at the end."""
    folder.mkdir(parents=True)
    if not _as_root(
        "mount", "-t", "tmpfs", "-o", f"size={megabytes}m,uid={os.getuid()},mode=700", "tmpfs", str(folder)
    ):
        required.absent("the right to mount a small disk", "sudo")
    try:
        yield Disk(folder)
    finally:
        _as_root("umount", "-l", str(folder))


def _as_root(*words: str) -> bool:
    command = list(words) if os.getuid() == 0 else ["sudo", "-n", *words]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
