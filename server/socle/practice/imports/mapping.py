"""Which column holds what: guessed from the header, else from the values, and changed at will."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec

from socle.practice.imports.errors import ColumnMissing, FieldMissing, NameColumnMissing, SheetMissing
from socle.practice.imports.fields import NAMES, REPEATABLE, Field, field_of_title, names_the_used_name
from socle.practice.imports.names import sex_of_title
from socle.practice.imports.source import Source, SourceRow, letters
from socle.practice.imports.text import meaningful, one_line, written
from socle.practice.patients.names import fold

SAMPLE_ROWS: Final = 80
"""Rows looked at to find the header and to guess; titles above a header are few."""

EXAMPLES: Final = 5
_LONGEST_EXAMPLE: Final = 200
_HALF: Final = 0.5
_SHAPES: Final = tuple(
    (field, re.compile(pattern, re.IGNORECASE))
    for field, pattern in (
        (Field.EMAIL, r"\S+@\S+\.\S+"),
        (Field.NIR, r"[1278] ?\d{2} ?\d{2} ?(\d{2}|2[ab]) ?\d{3} ?\d{3}( ?\d{2})?"),
        (Field.BIRTH_DATE, r"\d{1,2}[/.\- ]\d{1,2}[/.\- ]\d{2,4}|\d{4}-\d{2}-\d{2}|\d{1,2} [^\W\d]+ \d{4}"),
        (Field.PHONE, r"(\+|00)?\d[\d .\-/]{8,}"),
        (Field.POSTAL_CODE, r"\d{4,5}|2[ab]\d{3}"),
        (Field.SEX, r"[mfh]|[12]|masculin|f[ée]minin|homme|femme"),
        (Field.ADDRESS, r"\d+,? .*\b(rue|avenue|av|bd|boulevard|chemin|place|all[ée]e|impasse|route|cours|quai)\b.*"),
    )
)


class Column(msgspec.Struct, frozen=True):
    """One column: its title in the file (empty without a header) and what it holds."""

    title: str
    field: Field


class Layout(msgspec.Struct, frozen=True):
    """How a sheet is to be read. `header_line` is 0 when the file has no header."""

    sheet: str
    header_line: int
    columns: tuple[Column, ...]

    def title_of(self, place: int) -> str:
        """Return the title of a column (counted from 0), if it has one."""
        return self.columns[place].title if place < len(self.columns) else ""

    def name_of(self, place: int) -> str:
        """Return how to call a column (counted from 0): its title, else its letters."""
        return self.title_of(place) or letters(place + 1)


def guess(source: Source, sheet: str | None = None, titles: Collection[str] = ()) -> Layout:
    """Guess the layout of `sheet`, or of the sheet that looks most like a list of people; SheetMissing.

    `titles` are columns somebody named: a row that holds one of them is the header.
    """
    sheets = source.sheets()
    if sheet is not None and sheet not in sheets:
        raise SheetMissing(sheet=sheet, sheets=", ".join(sheets))
    layouts = [
        layout_of(name, list(islice(source.rows(name), SAMPLE_ROWS)), titles)
        for name in sheets
        if sheet in {None, name}
    ]
    return max(layouts, key=_recognised)


def layout_of(sheet: str, sample: Sequence[SourceRow], titles: Collection[str] = ()) -> Layout:
    """Guess the layout from the first rows of a sheet."""
    filled = [row for row in sample if any(map(written, row.cells))]
    width = max((len(row.cells) for row in sample), default=0)
    named = [row for row in filled if {fold(title) for title in titles} & {fold(written(cell)) for cell in row.cells}]
    layouts = [_layout_with_header(sheet, row) for row in named or filled]
    best = max(layouts, key=_recognised, default=Layout(sheet, 0, ()))
    if named or (_has_names(best) and _recognised(best) >= min(2, width)):
        missing = width - len(best.columns)
        return msgspec.structs.replace(best, columns=(*best.columns, *[Column("", Field.KEEP)] * missing))
    if filled and _only_titles(filled[0], filled[1:]):
        fields = _guess_from_values(filled[1:], width)
        words = [one_line(written(cell)) for cell in filled[0].cells] + [""] * (width - len(filled[0].cells))
        return Layout(sheet, filled[0].line, tuple(map(Column, words, fields)))
    return Layout(sheet, 0, tuple(Column("", field) for field in _guess_from_values(sample, width)))


def _only_titles(first: SourceRow, others: Sequence[SourceRow]) -> bool:
    """Tell whether the first row has words alone where the rows below it have figures: a header in unknown words."""
    words = [written(cell) for cell in first.cells]
    if not others or any(map(str.isdigit, "".join(words))):
        return False
    for place in range(len(words)):
        below = [written(row.cells[place]) for row in others if place < len(row.cells)]
        if sum(any(map(str.isdigit, text)) for text in below) > _HALF * len(below):
            return True
    return False


def sample_of(source: Source, layout: Layout) -> list[tuple[int, list[str]]]:
    """Return the first filled lines below the header as (line, texts): enough to show how they would be read."""
    rows = islice(source.rows(layout.sheet), SAMPLE_ROWS)
    below = [row for row in rows if row.line > layout.header_line and any(map(written, row.cells))]
    return [(row.line, [written(cell)[:_LONGEST_EXAMPLE] for cell in row.cells]) for row in below[:EXAMPLES]]


def change(layout: Layout, changes: Mapping[str, str]) -> Layout:
    """Set columns (by title, letters or number from 1) to fields; ColumnMissing, FieldMissing."""
    columns = list(layout.columns)
    for column, field in changes.items():
        if field not in set(Field):
            raise FieldMissing(field=field, fields=", ".join(Field))
        place = _place(layout, column)
        columns[place] = Column(columns[place].title, Field(field))
    return msgspec.structs.replace(layout, columns=tuple(columns))


def check(layout: Layout) -> None:
    """Make sure that people can be named: NameColumnMissing if no column holds a name."""
    if not _has_names(layout):
        raise NameColumnMissing()


def _place(layout: Layout, column: str) -> int:
    wanted = fold(column)
    for place, known in enumerate(layout.columns):
        if known.title and fold(known.title) == wanted:
            return place
    for place in range(len(layout.columns)):
        if column.strip().upper() in {letters(place + 1), str(place + 1)}:
            return place
    raise ColumnMissing(column=column, columns=", ".join(layout.name_of(place) for place in range(len(layout.columns))))


def _layout_with_header(sheet: str, row: SourceRow) -> Layout:
    titles = [one_line(written(cell)) if isinstance(cell, str) else "" for cell in row.cells]
    fields = [field_of_title(title) if title else Field.KEEP for title in titles]
    return Layout(sheet, row.line, tuple(map(Column, titles, _settled(titles, fields))))


def _settled(titles: Sequence[str], fields: list[Field]) -> list[Field]:
    """Settle what one title alone cannot: which “Nom” is the used one, and fields that are given twice."""
    used = [place for place, title in enumerate(titles) if fields[place] in NAMES and names_the_used_name(title)]
    plain = [place for place, field in enumerate(fields) if field is Field.FAMILY_NAME and place not in used]
    if used and plain and Field.BIRTH_NAME not in fields:
        fields[plain[0]] = Field.BIRTH_NAME
    elif plain and Field.GIVEN_NAMES not in fields:
        fields[plain[0]] = Field.FULL_NAME
    seen: set[Field] = set()
    for place, field in enumerate(fields):
        if field in seen and field not in REPEATABLE:
            fields[place] = Field.KEEP
        seen.add(field)
    return fields


def _guess_from_values(sample: Sequence[SourceRow], width: int) -> list[Field]:
    fields: list[Field] = []
    for place in range(width):
        values = [meaningful(row.cells[place]) for row in sample if place < len(row.cells)]
        field = _field_of_values([value for value in values if value])
        if field in fields and field not in REPEATABLE:
            field = {Field.FAMILY_NAME: Field.GIVEN_NAMES}.get(field, Field.KEEP)
        fields.append(Field.KEEP if field in fields and field not in REPEATABLE else field)
    if Field.FAMILY_NAME in fields and Field.GIVEN_NAMES not in fields:
        fields[fields.index(Field.FAMILY_NAME)] = Field.FULL_NAME
    return fields


def _field_of_values(values: Sequence[str]) -> Field:
    if not values:
        return Field.KEEP
    for field, shape in _SHAPES:
        if sum(bool(shape.fullmatch(value)) for value in values) > _HALF * len(values):
            return field
    if sum(bool(sex_of_title(value)) for value in values) > _HALF * len(values):
        return Field.TITLE
    named = sum(not any(map(str.isdigit, value)) and len(value) < 60 for value in values)
    return Field.FAMILY_NAME if named > _HALF * len(values) else Field.KEEP


def _recognised(layout: Layout) -> int:
    known = [column for column in layout.columns if column.field is not Field.KEEP]
    return len(known) if _has_names(layout) else 0


def _has_names(layout: Layout) -> bool:
    return any(column.field in NAMES or column.field is Field.BIRTH_NAME for column in layout.columns)
