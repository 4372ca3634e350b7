"""Whose disk is full: an engine says "no space left" for its cache and its temporary files as for the target."""

import shutil
import tempfile
from pathlib import Path

FULL_BELOW_BYTES = 4 * 1024 * 1024


def is_full(*folders: Path | None) -> bool:
    """Tell whether a disk of this machine that the engine works on is full: one of `folders`, or the temporary one."""
    return any(_free(folder) < FULL_BELOW_BYTES for folder in (*folders, Path(tempfile.gettempdir())) if folder)


def _free(folder: Path) -> int:
    """Free bytes where `folder` lies, or will lie."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
