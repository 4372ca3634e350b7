"""The documents folder: which files there are and what each holds. Files are encrypted, immutable, and only added."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from socle.appliance.backups.seal import DocumentSeal
from socle.foundation.errors import N_, SocleError


class DocumentsGone(SocleError):
    """The documents folder is not there, or is empty when it was not."""

    code = "BACKUP-DOCUMENTS-GONE"
    message = N_("The documents folder %(folder)s is missing, or has lost all its files.")
    hint = N_("Nothing was sealed, so the earlier backups keep their files. Check that its disk is mounted.")
    kind = "broken"


def listed(folder: Path, before: Mapping[str, DocumentSeal]) -> dict[str, tuple[int, int]]:
    """Return every file under `folder` by its path, with its size in bytes and its time of change in ns.

    DocumentsGone if the folder is missing, or empty though it was not.
    """
    if not folder.is_dir():
        raise DocumentsGone(folder=folder)
    found = {}
    for path in _files(folder):
        with suppress(FileNotFoundError):  # deleted since the folder was read
            about = path.stat()
            found[path.relative_to(folder).as_posix()] = (about.st_size, about.st_mtime_ns)
    if before and not found:
        raise DocumentsGone(folder=folder)
    return found


def inventory(
    folder: Path, files: Mapping[str, tuple[int, int]], before: Mapping[str, DocumentSeal]
) -> dict[str, DocumentSeal]:
    """Return the listed files with their hashes; one that was deleted meanwhile is left out.

    A file whose size and time of change are those of the set before keeps its hash: 20,000 documents are not read again
    each night (the drill does read them all).
    """
    found = {}
    for name, (size, changed) in files.items():
        known = before.get(name)
        if known is not None and (known.size, known.changed) == (size, changed):
            found[name] = known
            continue
        with suppress(FileNotFoundError):
            found[name] = DocumentSeal(size, changed, digest(folder / name))
    return found


def differences(folder: Path, sealed: Mapping[str, DocumentSeal]) -> list[str]:
    """Return the names of sealed files that are missing from `folder` or hold something else; reads every file."""
    return [
        name
        for name, seal in sealed.items()
        if not (folder / name).is_file()
        or (folder / name).stat().st_size != seal.size
        or digest(folder / name) != seal.sha256
    ]


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files; a name that starts with a dot is still being written."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
