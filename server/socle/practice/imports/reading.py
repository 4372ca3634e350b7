"""From one row of a file to what is known of a patient. What cannot be understood stays, as written, in the notes."""

import re
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple

from socle.practice.imports.addresses import read_address
from socle.practice.imports.dates import BirthDate, read_birth_date
from socle.practice.imports.fields import Field
from socle.practice.imports.mapping import Layout
from socle.practice.imports.names import Name, letter_lost, read_family_name, read_full_name, sex_of_title, tidy
from socle.practice.imports.phones import read_phones
from socle.practice.imports.remarks import Remark, remark
from socle.practice.imports.sexes import read_sex
from socle.practice.imports.source import SourceRow
from socle.practice.imports.text import (
    Cell,
    has_invisible,
    is_placeholder,
    is_spreadsheet_error,
    meaningful,
    one_line,
    written,
)
from socle.practice.patients import identifiers
from socle.practice.patients.checking import examine, is_email
from socle.practice.patients.details import LIMITS, MOST_EMAILS, MOST_PHONES, PatientDetails, Phone
from socle.practice.patients.names import fold

_ADULT: Final = 16
_NAME_FIELDS: Final = frozenset({"birth_family_name", "used_family_name", "first_given_name", "birth_given_names"})


class Person(NamedTuple):
    """What a row says of a person. `other_birth_date` is the same day a century away, if that is possible too."""

    details: PatientDetails
    other_birth_date: str
    remarks: tuple[Remark, ...]


class Refused(NamedTuple):
    """Why a row gives no person."""

    reason: Remark


class _Row:
    """One row under its layout: values by field, and what gathers while it is read."""

    def __init__(self, layout: Layout, row: SourceRow) -> None:
        self.layout = layout
        self.remarks: list[Remark] = [row.notice] if row.notice else []
        self.notes: list[str] = []
        self._cells: dict[Field, list[tuple[int, Cell]]] = {}
        for place, cell in enumerate(row.cells):
            if cell is None or cell == "":
                continue
            field = layout.columns[place].field if place < len(layout.columns) else Field.KEEP
            beyond = field is Field.KEEP and layout.header_line > 0 and not layout.title_of(place)
            self._cells.setdefault(field, []).append((place, cell))
            if isinstance(cell, str):
                self._remark_on_text(place, cell, beyond=beyond)

    def _remark_on_text(self, place: int, cell: str, *, beyond: bool) -> None:
        name = self.layout.name_of(place)
        if has_invisible(cell):
            self.remarks.append(remark("cell-invisible", column=name))
        if is_spreadsheet_error(cell.strip()):
            self.remarks.append(remark("cell-formula-error", column=name, written=cell.strip()))
        elif beyond and meaningful(cell):
            self.remarks.append(remark("cells-beyond", written=written(cell)))

    def cells(self, field: Field) -> list[tuple[int, Cell]]:
        return self._cells.get(field, [])

    def texts(self, field: Field) -> list[str]:
        return [text for _, cell in self.cells(field) if (text := meaningful(cell))]

    def text(self, field: Field) -> str:
        return one_line(", ".join(self.texts(field)))

    def keep(self, field: Field, text: str) -> None:
        """Put what was written in a field's first column into the notes."""
        cells = self.cells(field)
        title = self.layout.name_of(cells[0][0]) if cells else ""
        self.keep_under(title, text)

    def keep_under(self, title: str, text: str) -> None:
        if text:
            self.notes.append(f"{title} : {text}" if title else text)


def read_person(layout: Layout, row: SourceRow, today: date) -> Person | Refused:
    """Read a row that should name a person."""
    cells = _Row(layout, row)
    name = _read_name(cells)
    if not (name.family or name.birth or name.given):
        return Refused(remark("refused-no-name"))
    born = _read_birth(cells, today)
    nir = _read_nir(cells)
    sex = read_sex(cells.text(Field.SEX), name.title, name.title_written, nir)
    cells.remarks += sex.remarks
    cells.keep(Field.SEX, sex.kept)
    address = read_address("\n".join(cells.texts(Field.ADDRESS)), cells.text(Field.POSTAL_CODE), cells.text(Field.CITY))
    cells.remarks += address.remarks
    details = replace(
        _names(name, sex.sex, born, today),
        sex=sex.sex,
        birth_date=born.stored,
        birth_place_name=cells.text(Field.BIRTH_PLACE),
        nir=nir,
        phones=_read_phones(cells),
        emails=_read_emails(cells),
        address=address.street,
        postal_code=address.postal_code,
        city=address.city,
        country=cells.text(Field.COUNTRY),
        alerts=cells.text(Field.ALERTS),
    )
    cells.remarks += _doubts_on_nir(details)
    return _fitted(cells, details, born.other, today)


def _read_name(cells: _Row) -> Name:
    """Bring together the columns of a name; each may hold more than its title says."""
    whole = read_full_name(cells.text(Field.FULL_NAME)) if cells.texts(Field.FULL_NAME) else Name()
    family = read_family_name(cells.text(Field.FAMILY_NAME))
    birth_name = read_family_name(cells.text(Field.BIRTH_NAME))
    given = tidy(cells.text(Field.GIVEN_NAMES)) or whole.given
    title = cells.text(Field.TITLE)
    used, born = family.family or whole.family, family.birth or whole.birth
    # "DUPONT ép. BERNARD" in the column of birth names says the same as in the column of names.
    stated = birth_name.birth or birth_name.family
    if stated and born and fold(stated) != fold(born):
        cells.remarks.append(remark("name-birth-differs", kept=stated, other=born))
        cells.keep(Field.FAMILY_NAME, cells.text(Field.FAMILY_NAME) or cells.text(Field.FULL_NAME))
    cells.remarks += [*whole.remarks, *family.remarks]
    read = Name(
        family=used or birth_name.family,
        birth=stated or born,
        given=given,
        title=sex_of_title(title) or family.title or whole.title,
        title_written=title or family.title_written or whole.title_written,
    )
    return _remarked_name(cells, read)


def _remarked_name(cells: _Row, name: Name) -> Name:
    if not name.family and name.given:
        cells.remarks.append(remark("name-family-missing", written=name.given))
        return name._replace(family=name.given, given="")
    if name.family and not name.given:
        cells.remarks.append(remark("name-given-missing"))
    if letter_lost(name.family, name.birth, name.given):
        cells.remarks.append(remark("name-letter-lost", written=f"{name.family} {name.given}".strip()))
    return name


def _names(name: Name, sex: str, born: BirthDate, today: date) -> PatientDetails:
    """Say which name is which. A grown woman's only name may be her husband's: it is taken as the name she uses."""
    young = bool(born.stored) and today.year - int(born.stored[:4]) < _ADULT
    birth_family = name.birth
    if not birth_family and (sex == "M" or young or fold(name.title_written) in {"mlle", "mademoiselle", "melle"}):
        birth_family = name.family
    given = [part.strip() for part in name.given.split(",") if part.strip()]
    words = given if len(given) > 1 else name.given.split()
    several = len(given) > 1 or len(words) > 2
    return PatientDetails(
        birth_family_name=birth_family,
        used_family_name="" if fold(name.family) == fold(birth_family) else name.family,
        first_given_name=words[0] if several else name.given,
        birth_given_names=" ".join(words) if several else "",
    )


def _read_birth(cells: _Row, today: date) -> BirthDate:
    written_dates = cells.cells(Field.BIRTH_DATE)
    born = read_birth_date(written_dates[0][1] if written_dates else None, today)
    cells.remarks += born.remarks
    cells.keep(Field.BIRTH_DATE, born.kept)
    return born


def _read_nir(cells: _Row) -> str:
    text = cells.text(Field.NIR)
    number = identifiers.compact(text)
    if len(number) > LIMITS["nir"] or not any(map(str.isdigit, number)):
        cells.keep(Field.NIR, text)
        cells.remarks += [remark("nir-unreadable", written=text)] if text else []
        return ""
    return number


def _doubts_on_nir(details: PatientDetails) -> list[Remark]:
    code = "nir-key-missing" if len(details.nir) == 13 else "nir-doubtful"
    return [
        Remark(code, {name: str(value) for name, value in doubt.details.items()}, doubt.text)
        for doubt in identifiers.doubts("nir", details.nir, details.sex, details.birth_date)
    ]


def _read_phones(cells: _Row) -> tuple[Phone, ...]:
    phones: dict[str, Phone] = {}
    for place, cell in cells.cells(Field.PHONE):
        read = read_phones(meaningful(cell))
        cells.remarks += read.remarks
        for phone in read.phones:
            phones.setdefault(phone.number, phone)
        for kept in read.kept:
            cells.keep_under(cells.layout.name_of(place), kept)
    for phone in list(phones.values())[MOST_PHONES:]:
        cells.keep(Field.PHONE, f"{phone.number} {phone.label}".strip())
    return tuple(phones.values())[:MOST_PHONES]


def _read_emails(cells: _Row) -> tuple[str, ...]:
    addresses: list[str] = []
    for place, cell in cells.cells(Field.EMAIL):
        for part in re.split(r"[\s;,/]+| ou ", meaningful(cell).removeprefix("mailto:")):
            if is_email(part) and len(addresses) < MOST_EMAILS:
                addresses.append(part)
            elif part and not is_placeholder(part):
                cells.remarks.append(remark("email-unreadable", written=part))
                cells.keep_under(cells.layout.name_of(place), part)
    return tuple(dict.fromkeys(addresses))


def _fitted(cells: _Row, details: PatientDetails, other_birth_date: str, today: date) -> Person | Refused:
    """Hold the details against the register's own rules; what it cannot take goes to the notes, whole."""
    clean, problems = examine(replace(details, notes=_notes(cells)), today)
    if not problems:
        return Person(clean, other_birth_date, tuple(cells.remarks))
    unfit = {problem.field for problem in problems}
    if unfit & _NAME_FIELDS:
        return Refused(remark("refused-name-unfit"))
    if "notes" in unfit:
        return Refused(remark("refused-notes-too-long", most=LIMITS["notes"]))
    for problem in problems:
        values = {name: str(value) for name, value in problem.details.items()}
        cells.remarks.append(Remark("unfit", values, problem.text))
        cells.keep_under(problem.field, _as_text(getattr(details, problem.field)))
    emptied = {field: type(getattr(details, field))() for field in unfit}
    clean, problems = examine(replace(details, **emptied, notes=_notes(cells)), today)
    if problems:
        return Refused(remark("refused-notes-too-long", most=LIMITS["notes"]))
    return Person(clean, other_birth_date, tuple(cells.remarks))


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else ", ".join(getattr(item, "number", str(item)) for item in value)  # type: ignore[attr-defined]


def _notes(cells: _Row) -> str:
    kept = [
        f"{cells.layout.name_of(place)} : {text}"
        for place, cell in cells.cells(Field.KEEP)
        if (text := meaningful(cell))
    ]
    return "\n".join([*cells.texts(Field.NOTES), *kept, *cells.notes])
