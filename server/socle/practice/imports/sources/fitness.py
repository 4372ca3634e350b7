"""What every source checks of a row: not too wide, no cell too long."""

from socle.practice.imports.errors import TooManyColumns
from socle.practice.imports.remarks import remark
from socle.practice.imports.source import LONGEST_CELL, MOST_COLUMNS, SourceRow, letters
from socle.practice.imports.text import Cell


def fit(row: SourceRow) -> SourceRow:
    """Return the row, marked unfit if a cell is too long; TooManyColumns if it is too wide."""
    cells = row.cells
    if len(cells) > MOST_COLUMNS:
        cells = _without_empty_end(cells)
        if len(cells) > MOST_COLUMNS:
            raise TooManyColumns(line=row.line, most=MOST_COLUMNS)
        row = row._replace(cells=cells)
    for place, cell in enumerate(cells):
        if isinstance(cell, str) and len(cell) > LONGEST_CELL:
            why = remark("refused-cell-too-long", column=letters(place + 1), length=len(cell), most=LONGEST_CELL)
            return row._replace(cells=(), unfit=why)
    return row


def _without_empty_end(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    end = len(cells)
    while end and (cells[end - 1] is None or cells[end - 1] == ""):
        end -= 1
    return cells[:end]
