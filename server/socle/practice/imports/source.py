"""The port through which files come in: rows of cells with the numbers a person sees in the margin of the file."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from socle.practice.imports.errors import FileEmpty, FileTooLarge, FileUnreadable
from socle.practice.imports.remarks import Remark
from socle.practice.imports.text import Cell

MOST_BYTES: Final = 50 * 1024 * 1024
"""The largest file taken: a practice's whole list of patients is a few megabytes."""
MOST_ROWS: Final = 100_000
MOST_COLUMNS: Final = 200
LONGEST_CELL: Final = 10_000
"""Characters in one cell."""


class SourceRow(NamedTuple):
    """One row: its line in the file (and the last one, where a cell runs over several) and its cells. `notice` is to be
    said of it; `unfit` is why it cannot be read at all.
    """

    line: int
    last_line: int
    cells: tuple[Cell, ...]
    unfit: Remark | None = None
    notice: Remark | None = None


class Source(Protocol):
    """An opened file."""

    def sheets(self) -> Sequence[str]:
        """Return the names of the sheets, in order; a text file has one, without a name."""
        ...

    def extent(self, sheet: str) -> int:
        """Return about how many lines a sheet has, to show how far the reading is."""
        ...

    def rows(self, sheet: str) -> Iterator[SourceRow]:
        """Yield every row of a sheet, empty ones too; raises the errors of `errors` on what cannot be read."""
        ...


class Reader(Protocol):
    """Knows one family of file formats."""

    def recognises(self, content: bytes) -> bool:
        """Tell from the first bytes whether the content is of this family; the name of a file proves nothing."""
        ...

    def open(self, content: bytes) -> Source:
        """Open the content; FileUnreadable, FileProtected or FileTooLarge with the reason."""
        ...


class Sources:
    """Every kind of file that can be read, in the order they are tried."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._readers = readers

    def open(self, content: bytes) -> Source:
        """Open a file of any known kind."""
        if len(content) > MOST_BYTES:
            raise FileTooLarge(most=f"{MOST_BYTES // 1024 // 1024} Mo")
        if not content.strip(b"\0 \r\n\t"):
            raise FileEmpty()
        for reader in self._readers:
            if reader.recognises(content):
                return reader.open(content)
        raise FileUnreadable()


def letters(column: int) -> str:
    """Return a column's letters as spreadsheets show them: 1 is A, 27 is AA."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
