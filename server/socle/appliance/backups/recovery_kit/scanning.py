"""From a photograph or a scan of a sheet to what its codes say.

Pictures are decoded in a child process that ends with the picture: one that is huge, or made to harm, takes nothing
with it, and workers stay small.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from socle.appliance.backups.recovery_kit import envelope, words
from socle.appliance.backups.recovery_kit.envelope import Part
from socle.appliance.backups.recovery_kit.words import Sheet
from socle.foundation import commands
from socle.foundation.commands import Command, CommandFailed, CommandStopped
from socle.foundation.errors import N_, SocleError

LARGEST = 24 * 1024 * 1024
"""Bytes of one picture: a telephone's is 4 to 8 MB, an office scanner's colour page 10."""
SECONDS = 60.0
PAGES = 6
_PDF = b"%PDF-"


class PictureUnreadable(SocleError):
    """What was sent is not a picture that can be read."""

    code = "KIT-PICTURE-UNREADABLE"
    message = N_("This file is not a picture that can be read.")
    hint = N_("Send a photograph or a scan as JPEG, PNG or PDF, of 24 MB at most, or type the words.")
    kind = "invalid"


class NoCodeFound(SocleError):
    """No code of a recovery sheet is in the picture."""

    code = "KIT-NO-CODE"
    message = N_("No code of a recovery sheet was found in this picture.")
    hint = N_("Take it from above, in good light, with the whole sheet sharp and flat, or type the words.")
    kind = "invalid"


class PdfNeedsProgram(SocleError):
    """A scanned PDF, on a machine that cannot draw its pages."""

    code = "KIT-PDF-NEEDS-PROGRAM"
    message = N_("To read a scanned PDF, this machine needs the program pdftoppm.")
    hint = N_("Install it (Debian: sudo apt install poppler-utils), send the scan as JPEG or PNG, or type the words.")
    kind = "unavailable"


class Scanned(msgspec.Struct, frozen=True):
    """What was found: sheets, and parts of an envelope."""

    sheets: tuple[Sheet, ...] = ()
    parts: tuple[Part, ...] = ()


def read(pictures: Sequence[bytes]) -> Scanned:
    """Return what the codes in these pictures say; PictureUnreadable, NoCodeFound, PdfNeedsProgram.

    A code that says words which are not a sheet's raises what is wrong with them.
    """
    texts = [text for picture in pictures for text in _texts(picture)]
    parts = [one for one in map(envelope.part, texts) if one is not None]
    spoken = dict.fromkeys(text for text in texts if len(text.split()) == words.WORDS)
    sheets = [words.read(text) for text in spoken]
    if not sheets and not parts:
        raise NoCodeFound()
    return Scanned(tuple(sheets), tuple(parts))


def _texts(picture: bytes) -> list[str]:
    if len(picture) > LARGEST:
        raise PictureUnreadable()
    pages = _pages(picture) if picture.startswith(_PDF) else [picture]
    return [text for page in pages for text in _decoded(page)]


def _decoded(picture: bytes) -> list[str]:
    child = [sys.executable, "-P", str(Path(__file__).with_name("scanning_process.py"))]
    try:
        done = commands.run(Command(child, idle_seconds=SECONDS, total_seconds=SECONDS), feed=[picture]).succeeded()
        return msgspec.json.decode(done.output, type=list[str])
    except (CommandFailed, CommandStopped, msgspec.MsgspecError):
        raise PictureUnreadable() from None


def _pages(pdf: bytes) -> list[bytes]:
    """Draw a scanned PDF's first pages; the pictures of secrets lie in a folder of our own until they are read."""
    if commands.installed("pdftoppm") is None:
        raise PdfNeedsProgram()
    with tempfile.TemporaryDirectory(prefix="socle-scan-") as folder:
        drawn = Command(
            ["pdftoppm", "-gray", "-r", "200", "-l", str(PAGES), "-", f"{folder}/page"],
            idle_seconds=SECONDS,
            total_seconds=SECONDS,
        )
        try:
            commands.run(drawn, feed=[pdf]).succeeded()
        except (CommandFailed, CommandStopped):
            raise PictureUnreadable() from None
        return [path.read_bytes() for path in sorted(Path(folder).iterdir())]
