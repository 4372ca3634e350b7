"""How far a sheet reaches, told from its XML as it streams by, without building anything."""

import re
from typing import Final

from socle.practice.imports.errors import SheetTooLarge
from socle.practice.imports.source import letters

MOST_CELLS: Final = 10_000_000
"""Cells of the rectangle around all filled cells of a sheet: about 300 MB in memory while it is read."""

_LONGEST_TAG: Final = 4096
_WORKSHEET_TAG: Final = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])([^<>]*?)(/?)>")
_REFERENCE: Final = re.compile(rb'\br="([A-Z]{0,3})(\d{1,7})"')
_OPEN_DOCUMENT_TAG: Final = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^<>]*?)/?>")
_REPEATED: Final = re.compile(rb'\btable:number-(?:rows|columns)-repeated="(\d{1,10})"')


class _Extent:
    """Keeps the part of a tag that a step cut in two, and the furthest filled cell."""

    tag: re.Pattern[bytes]

    def __init__(self) -> None:
        self._rest = b""
        self._line = self._column = 0
        self._furthest_line = self._furthest_column = 0

    def feed(self, step: bytes) -> None:
        """Look at the next bytes; SheetTooLarge as soon as the sheet reaches too far."""
        text = self._rest + step
        cut = text.rfind(b"<")
        cut = len(text) if cut < 0 or len(text) - cut > _LONGEST_TAG else cut
        for found in self.tag.finditer(text, 0, cut):
            self.see(found)
        self._rest = text[cut:]

    def see(self, found: re.Match[bytes]) -> None:
        """Take one tag into account."""
        raise NotImplementedError

    def fill(self, line: int, column: int) -> None:
        """Note a filled cell (both counted from 1)."""
        self._furthest_line = max(self._furthest_line, line)
        self._furthest_column = max(self._furthest_column, column)
        if self._furthest_line * self._furthest_column > MOST_CELLS:
            raise SheetTooLarge(line=self._furthest_line, column=letters(self._furthest_column))


class WorksheetExtent(_Extent):
    """The extent of one worksheet of an xlsx."""

    tag = _WORKSHEET_TAG

    def see(self, found: re.Match[bytes]) -> None:
        """Follow rows and cells; a cell closed at once holds only a style."""
        kind, attributes, closed = found.groups()
        reference = _REFERENCE.search(attributes)
        if kind == b"row":
            self._line = int(reference[2]) if reference else self._line + 1
            self._column = 0
            return
        if reference and reference[1]:
            self._line, self._column = int(reference[2]), _number(reference[1])
        else:
            self._column += 1
        if not closed:
            self.fill(self._line, self._column)


class OpenDocumentExtent(_Extent):
    """The extent of the largest sheet of an ods, whose rows and cells may say that they are repeated."""

    tag = _OPEN_DOCUMENT_TAG

    def __init__(self) -> None:
        super().__init__()
        self._rows = 1

    def see(self, found: re.Match[bytes]) -> None:
        """Follow sheets, rows and cells; a cell without a value type is empty."""
        kind, attributes = found.groups()
        repeated = _REPEATED.search(attributes)
        times = int(repeated[1]) if repeated else 1
        if kind == b"table":
            self._line = self._column = self._furthest_line = self._furthest_column = 0
            self._rows = 0
        elif kind == b"table-row":
            self._line, self._rows, self._column = self._line + self._rows, times, 0
        else:
            self._column += times
            if b"office:value" in attributes:
                self.fill(self._line + self._rows, self._column)


def _number(column: bytes) -> int:
    number = 0
    for letter in column:
        number = number * 26 + letter - 64
    return number
