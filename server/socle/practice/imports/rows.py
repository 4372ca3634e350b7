"""What each row of a file is: a person, a refusal with its reason, or a line that is passed over with its reason."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from socle.practice.imports.fields import Field
from socle.practice.imports.mapping import Layout
from socle.practice.imports.reading import Person, Refused, read_person
from socle.practice.imports.remarks import Remark, remark
from socle.practice.imports.source import SourceRow
from socle.practice.imports.text import meaningful, one_line, written
from socle.practice.patients.names import fold

_TOTAL: Final = re.compile(r"((sous|grand)[ -])?(total|totaux)\b|nombre d|nb\b|effectif\b|fin (de|du)\b")
_TELLING: Final = re.compile(r"[^\W\d_]|\d.*\d.*\d.*\d.*\d.*\d")
"""A word, or at least six digits: a first name, a date, a telephone; a count has fewer."""
_LONGEST_EXCERPT: Final = 120


class Line(NamedTuple):
    """One row of the file and what it is. `written` is how a person recognises it in the file."""

    line: int
    last_line: int
    written: str
    content: Person | Refused | Remark
    """A person, a refusal, or why the line is passed over."""


def read_rows(layout: Layout, rows: Iterable[SourceRow], today: date) -> Iterator[Line]:
    """Say of every row what it is, empty ones too."""
    header = [fold(column.title) for column in layout.columns]
    for row in rows:
        yield Line(row.line, row.last_line, excerpt(row), _content(layout, header, row, today))


def _content(layout: Layout, header: list[str], row: SourceRow, today: date) -> Person | Refused | Remark:
    if row.unfit:
        return Refused(row.unfit)
    texts = [written(cell) for cell in row.cells]
    if not any(texts):
        return remark("skipped-empty")
    if row.line <= layout.header_line:
        return remark("skipped-header" if row.line == layout.header_line else "skipped-title")
    if layout.header_line and all(fold(text) == title for text, title in zip(texts, header, strict=False)):
        return Refused(remark("refused-header"))
    if _is_total(layout, row):
        return Refused(remark("refused-total"))
    return read_person(layout, row, today)


def _is_total(layout: Layout, row: SourceRow) -> bool:
    """A line that counts: it begins with a counting word and gives neither birth date nor telephone."""
    first = next((text for cell in row.cells if (text := meaningful(cell))), "")
    if not _TOTAL.match(first.casefold()):
        return False
    personal = {Field.BIRTH_DATE, Field.PHONE, Field.NIR, Field.GIVEN_NAMES}
    told = [
        written(cell)
        for cell, column in zip(row.cells, layout.columns, strict=False)
        if column.field in personal and isinstance(cell, str)
    ]
    return not any(_TELLING.search(text) for text in told)


def excerpt(row: SourceRow) -> str:
    """Return the first words of the row."""
    text = " · ".join(one_line(text) for cell in row.cells[:8] if (text := written(cell)))
    return text if len(text) <= _LONGEST_EXCERPT else text[: _LONGEST_EXCERPT - 1] + "…"
