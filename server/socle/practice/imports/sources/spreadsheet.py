"""Spreadsheets (xlsx, xlsm, ods, xls), read by calamine after a look at how much they would unfold into.

calamine lays out every sheet as one dense rectangle: a file of 5 kB with one cell in the last corner asks for 500 GB.
The look decides from the compressed file itself, in small steps, before calamine sees it.
"""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from typing import Final, cast

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from socle.practice.imports.errors import FileProtected, FileSwollen, FileUnreadable, TooManyRows
from socle.practice.imports.source import MOST_ROWS, SourceRow
from socle.practice.imports.sources.extent import OpenDocumentExtent, WorksheetExtent
from socle.practice.imports.sources.fitness import fit
from socle.practice.imports.text import Cell

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_MOST_ENTRIES: Final = 2000
_MOST_UNFOLDED: Final = 300 * 1024 * 1024
_STEP: Final = 1024 * 1024


class SpreadsheetReader:
    """Opens spreadsheets."""

    def recognises(self, content: bytes) -> bool:
        """Tell a zip container or an old binary workbook by its first bytes."""
        return content.startswith((_ZIP, _OLE))

    def open(self, content: bytes) -> "Workbook":
        """Open a workbook."""
        if content.startswith(_ZIP):
            _look_before_opening(content)
        elif _ENCRYPTED in content:
            raise FileProtected()
        try:
            return Workbook(CalamineWorkbook.from_filelike(BytesIO(content)))
        except PasswordError:
            raise FileProtected() from None
        except (CalamineError, ValueError, OSError):
            raise FileUnreadable() from None


class Workbook:
    """An opened workbook."""

    def __init__(self, workbook: CalamineWorkbook) -> None:
        self._workbook = workbook

    def sheets(self) -> Sequence[str]:
        """Return the names of the sheets that hold cells (charts and macros do not)."""
        return [sheet.name for sheet in self._workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]

    def extent(self, sheet: str) -> int:
        """Return the number of the last line that holds something."""
        return self._opened(sheet).total_height

    def rows(self, sheet: str) -> Iterator[SourceRow]:
        """Yield every row from the first of the sheet."""
        opened = self._opened(sheet)
        if opened.total_height > MOST_ROWS:
            raise TooManyRows(most=MOST_ROWS)
        for line, cells in enumerate(opened.iter_rows(), 1):
            yield fit(SourceRow(line, line, cast("tuple[Cell, ...]", tuple(cells))))

    @lru_cache(maxsize=2)  # noqa: B019 - a workbook lives as long as one reading
    def _opened(self, sheet: str) -> CalamineSheet:
        try:
            return self._workbook.get_sheet_by_name(sheet)
        except (CalamineError, ValueError, OSError):
            raise FileUnreadable() from None


def _look_before_opening(content: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > _MOST_UNFOLDED:
                raise FileSwollen()
            names = {entry.filename.lower() for entry in entries}
            if not names & {"xl/workbook.xml", "content.xml"}:
                raise FileUnreadable()
            _unfold(archive, entries)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, OSError, ValueError, zlib.error):
        raise FileUnreadable() from None
    except RuntimeError:  # zipfile's way to say that an entry asks for a password
        raise FileProtected() from None


def _unfold(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Read every entry to its end without keeping it: the sizes that a zip declares may lie, its bytes do not."""
    unfolded = 0
    for entry in entries:
        name = entry.filename.lower()
        extent = _extent_of(name)
        with archive.open(entry) as stream:
            while step := stream.read(_STEP):
                unfolded += len(step)
                if unfolded > _MOST_UNFOLDED:
                    raise FileSwollen()
                if extent:
                    extent.feed(step)


def _extent_of(name: str) -> OpenDocumentExtent | WorksheetExtent | None:
    if name == "content.xml":
        return OpenDocumentExtent()
    return WorksheetExtent() if name.startswith("xl/worksheets/") and name.endswith(".xml") else None
