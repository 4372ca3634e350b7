"""Text tables: CSV with comma, semicolon, tab or bar, in UTF-8 (with or without mark), UTF-16 or Windows-1252."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import islice
from typing import Final

from socle.practice.imports.errors import FileUnreadable, TooManyColumns, TooManyRows
from socle.practice.imports.remarks import remark
from socle.practice.imports.source import MOST_COLUMNS, MOST_ROWS, SourceRow
from socle.practice.imports.sources.fitness import fit

_SEPARATORS: Final = ";\t,|"
_SAMPLE_LINES: Final = 60
_SAMPLE_WIDTH: Final = 10_000
_MOST_IN_LINE: Final = 50 * MOST_COLUMNS
"""Separators in one line beyond which this is no table at all (a text in quotes may hold some)."""
_LONGEST_SPAN: Final = 20
"""Lines that one cell may run over; beyond, its quotation mark was never closed."""
_NOT_TEXT: Final = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"{\\rtf",
    b"SQLite format",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
)
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class CsvReader:
    """Opens text tables."""

    def recognises(self, content: bytes) -> bool:
        """Take everything that is text; formats known to be something else are not."""
        start = content[:4096].lstrip().lower()
        page = start.startswith((b"<!doctype", b"<html", b"<?xml", b"<script"))
        return not content.startswith(_NOT_TEXT) and not page

    def open(self, content: bytes) -> "TextTable":
        """Open a text table; FileUnreadable if it holds bytes no text has."""
        text = decoded(content)
        if text.count("\0") * 4 > len(text):
            raise FileUnreadable()
        first, _, rest = text.partition("\n")
        named = first.strip().lower()
        if named.startswith("sep="):
            # A line that some spreadsheets put first, for themselves.
            return TextTable(rest, first.strip()[4:5] or "\t", 1)
        return TextTable(text, _separator(text), 0)


class TextTable:
    """An opened text table: one sheet without a name."""

    def __init__(self, text: str, separator: str, lines_before: int) -> None:
        self._text = text
        self._separator = separator
        self._before = lines_before

    def sheets(self) -> Sequence[str]:
        """Return the one sheet."""
        return [""]

    def extent(self, sheet: str) -> int:
        """Return the number of lines."""
        return self._text.count("\n") + 1

    def rows(self, sheet: str) -> Iterator[SourceRow]:
        """Yield every row with the lines it stands on."""
        lines = _Lines(self._text, self._separator, self._before)
        width = _usual_width(_sample(self._text), self._separator)[0]
        table = csv.reader(lines, delimiter=self._separator)
        for count in range(MOST_ROWS + 1):
            lines.begin()
            try:
                cells = next(table)
            except StopIteration:
                return
            except csv.Error:  # a cell beyond all measure: most likely a quotation mark that is never closed
                cells = []
            if count == MOST_ROWS:
                raise TooManyRows(most=MOST_ROWS)
            yield self._row(lines, cells, width)

    def _row(self, lines: "_Lines", cells: list[str], width: int) -> SourceRow:
        if len(lines.taken) > 1 or (not cells and lines.taken[0].strip()):
            alone = lines.taken[0].rstrip("\r\n").split(self._separator)
            broken = len(cells) != width and len(alone) == width
            if broken or not cells or len(lines.taken) > _LONGEST_SPAN:
                notice = remark("quote-open") if len(lines.taken) > 1 else None
                lines.give_back()
                return fit(SourceRow(lines.first, lines.first, tuple(alone), notice=notice))
        return fit(SourceRow(lines.first, lines.first + len(lines.taken) - 1, tuple(cells)))


class _Lines:
    """The lines of the text, one by one; those a broken quotation mark swallowed can be given back."""

    def __init__(self, text: str, separator: str, before: int) -> None:
        self._stream: Iterator[str] = StringIO(text, newline="")
        self._separator = separator
        self._waiting: list[str] = []
        self._last = before
        self.taken: list[str] = []

    @property
    def first(self) -> int:
        """The number of the first line of the row."""
        return self._last - len(self.taken) + 1

    def begin(self) -> None:
        """Start a row."""
        self.taken = []

    def give_back(self) -> None:
        """Keep only the first line of the row; the others come again."""
        self._waiting = self.taken[:0:-1] + self._waiting
        self._last -= len(self.taken) - 1
        del self.taken[1:]

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.pop() if self._waiting else next(self._stream)
        self._last += 1
        if line.count(self._separator) > _MOST_IN_LINE:
            raise TooManyColumns(line=self._last, most=MOST_COLUMNS)
        self.taken.append(line)
        return line


def decoded(content: bytes) -> str:
    """Return the text. Without a mark, a line that is not UTF-8 is Windows-1252: files mended by hand mix the two."""
    for mark, encoding in _MARKS:
        if content.startswith(mark) and encoding != "utf-8":
            return content[len(mark) :].decode(encoding, "replace")
    content = content.removeprefix(codecs.BOM_UTF8)
    start = content[:2000]
    if start.count(0) > len(start) // 4:
        return content.decode("utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(map(_decoded_line, content.splitlines(keepends=True)))


def _decoded_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _sample(text: str) -> list[str]:
    return [
        line[:_SAMPLE_WIDTH]
        for line in islice(StringIO(text[: _SAMPLE_LINES * _SAMPLE_WIDTH], newline=None), _SAMPLE_LINES)
    ]


def _separator(text: str) -> str:
    """Return the separator that cuts most lines into the same number of cells, more than one."""
    sample = _sample(text)
    scores = {separator: _usual_width(sample, separator) for separator in _SEPARATORS}
    return max(_SEPARATORS, key=lambda separator: (scores[separator][0] - 1) * scores[separator][1])


def _usual_width(sample: Sequence[str], separator: str) -> tuple[int, int]:
    """Return the most common number of cells and how many rows have it."""
    try:
        widths = Counter(len(cells) for cells in csv.reader(sample, delimiter=separator) if cells)
    except csv.Error:
        return 1, 0
    return max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
