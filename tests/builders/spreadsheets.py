"""Files as practices send them: tidy ones in every format, and two untidy exports that share people. All made up."""

import csv
import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

Rows = Sequence[Sequence[Any]]
HEADER = ("Nom", "Prénom", "Date de naissance", "Téléphone", "Code postal", "Ville")
TIDY: Rows = (
    HEADER,
    ("DUPONT", "Anne", date(1967, 2, 28), "06 12 34 56 78", "44000", "Nantes"),
    ("Martin", "Jean", date(1980, 3, 12), "0240112233", "44100", "Nantes"),
)

_FAMILY = ("Martin", "Bernard", "Le Goff", "Da Silva", "O'Connor", "N'Guyen", "Œuvrard", "Açıkgöz", "Nuñez", "Étienne")
_GIVEN = "Anne Jean Éloïse Noël Théo Anaïs Gaëlle Zoé Rémy Inès Luc Claire Hugo Emma Jules Alice".split()
_TOWNS = (("01000", "Bourg"), ("06200", "Nice"), ("44000", "Nantes"), ("75011", "Paris"))
_FIRST_DAY = date(1925, 1, 1)
_EPOCH = date(1899, 12, 30)


def as_csv(rows: Rows, separator: str = ";", encoding: str = "utf-8", end: str = "\r\n") -> bytes:
    """Return the rows as a text table."""
    text = StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(rows)
    return text.getvalue().encode(encoding, "replace")


def as_xlsx(sheets: Mapping[str, Rows]) -> bytes:
    """Return the sheets as an xlsx."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    return _saved(book)


def as_xls(rows: Rows) -> bytes:
    """Return the rows as an old xls."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Feuil1")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for line, row in enumerate(rows):
        for place, value in enumerate(row):
            sheet.write(line, place, value, day) if isinstance(value, date) else sheet.write(line, place, value)
    return _saved(book)


def as_ods(rows: Rows) -> bytes:
    """Return the rows as an ods."""
    document = OpenDocumentSpreadsheet()
    table = Table(name="Feuille1")
    for row in rows:
        line = TableRow()
        for value in row:
            if isinstance(value, date):
                cell = TableCell(valuetype="date", datevalue=value.isoformat())
            else:
                cell = TableCell(valuetype="string")
            cell.addElement(P(text=str(value)))
            line.addElement(cell)
        table.addElement(line)
    document.spreadsheet.addElement(table)
    return _saved(document)


def _saved(document: Any) -> bytes:
    file = BytesIO()
    document.save(file) if not hasattr(document, "write") else document.write(file)
    return file.getvalue()


class UntidyPractice:
    """Two exports of one made-up practice: a spreadsheet kept by hand, and an old program's text table.

    `shared` people are in both; `spreadsheet_people` and `export_people` count those of each file.
    """

    def __init__(self, seed: int = 7, spreadsheet: int = 120, export: int = 160, shared: int = 30) -> None:
        self._random = random.Random(seed)
        self.spreadsheet_people, self.export_people, self.shared = spreadsheet, export, shared
        everybody = [self._person(number) for number in range(spreadsheet + export - shared)]
        self._in_spreadsheet = everybody[:spreadsheet]
        self._in_export = everybody[spreadsheet - shared :]

    def _person(self, number: int) -> dict[str, Any]:
        """Nobody is born on the same day as somebody else, so that each is recognised by what is meant to tell."""
        pick = self._random
        sex = pick.choice("MF")
        return {
            "sex": sex,
            "family": pick.choice(_FAMILY),
            "birth": pick.choice(_FAMILY) if sex == "F" and pick.random() < 0.5 else "",
            "given": pick.choice(_GIVEN) + pick.choice(("", "-Marie", "-Louis")),
            "born": _FIRST_DAY + timedelta(days=number * 97 + pick.randrange(90)),
            "phone": f"6{pick.randrange(10**8):08}",
            "town": pick.choice(_TOWNS),
            "street": f"{pick.randrange(1, 90)}, rue des Lilas",
        }

    def spreadsheet(self) -> bytes:
        """Return the spreadsheet: a title, a header on line 4, empty lines, a total, a second sheet."""
        header = (
            "N° dossier",
            "Civilité",
            "Nom",
            "Nom de naissance",
            "Prénom",
            "Né(e) le",
            "Tél",
            "CP",
            "Ville",
            "Avis",
        )
        rows: list[Sequence[Any]] = [("Cabinet - fichier patients",), ("Export du", date(2026, 11, 2)), (), header]
        for number, person in enumerate(self._in_spreadsheet):
            if number % 25 == 24:
                rows.append(())
            rows.append(self._spreadsheet_row(number, person))
        rows.append(("TOTAL", "", float(len(self._in_spreadsheet)), "patients"))
        return as_xlsx({"Patients": rows, "Correspondants": [("Nom", "Tél"), ("Dr Noir", 117609752)]})

    def _spreadsheet_row(self, number: int, person: dict[str, Any]) -> Sequence[Any]:
        pick, born, family = self._random, person["born"], person["family"]
        code, town = person["town"]
        dates = (born, f"{born:%d/%m/%Y}", f"{born:%d-%m-%Y}", born.isoformat(), float((born - _EPOCH).days))
        return (
            1000.0 + number,
            "Mr" if person["sex"] == "M" else pick.choice(("Mme", "Mlle")),
            pick.choice((family, family.upper(), f"{family}  ")),
            person["birth"],
            person["given"],
            pick.choice(dates),
            pick.choice((float(person["phone"]), f"0{person['phone']}", _spaced(person["phone"]), "néant")),
            pick.choice((code, float(code))),
            pick.choice((town, town.upper())),
            pick.choice(("", "réglé\nen 2 fois", "VIP €")),
        )

    def export(self) -> bytes:
        """Return the text table: Windows-1252, whole names, empty lines, a line that counts."""
        rows: list[Sequence[Any]] = [
            ("Patient", "Date naissance", "Sexe", "Téléphones", "Adresse complète", "Commentaire")
        ]
        for number, person in enumerate(self._in_export):
            if number % 40 == 39:
                rows.append(())
            rows.append(self._export_row(person))
        rows += [("", "", "", "", "", ""), (f"Nombre de fiches : {len(self._in_export)}", "", "", "", "", "")]
        return as_csv(rows, encoding="cp1252")

    def _export_row(self, person: dict[str, Any]) -> Sequence[Any]:
        pick, family, birth, given = self._random, person["family"], person["birth"], person["given"]
        title = "M" if person["sex"] == "M" else "Mme"
        name = f"{title} {family.upper()} née {birth.upper()} {given}" if birth else f"{title} {family} {given}"
        name = f"{title} {family.upper()} {given} (née {birth})" if birth and pick.random() < 0.5 else name
        born: date = person["born"]
        code, town = person["town"]
        return (
            name,
            pick.choice((f"{born:%d/%m/%Y}", f"{born:%d.%m.%Y}", f"{born:%d/%m/%y}")),
            pick.choice(("1", "M", "H") if person["sex"] == "M" else ("2", "F")),
            pick.choice((f"+33 {person['phone']}", f"{_spaced(person['phone'])} / 0140506070", "")),
            f"{person['street']}, {code} {town}",
            pick.choice(("", "ne pas appeler le matin ; merci", 'cf. "Dr Petit"')),
        )


def _spaced(phone: str) -> str:
    return "\u00a0".join(f"0{phone}"[place : place + 2] for place in range(0, 10, 2))


def many_lines(count: int) -> bytes:
    """Return a text table of so many people, each born and named apart from the others as far as may be."""
    start = datetime(1930, 1, 1).date()  # noqa: DTZ001 - a plain day
    rows: list[Sequence[Any]] = [HEADER]
    for number in range(count):
        born = start + timedelta(days=number % 34_000)
        family = f"{_FAMILY[number % len(_FAMILY)]}-{_FAMILY[(number // 7) % len(_FAMILY)]}"
        given = _GIVEN[(number // 3) % len(_GIVEN)]
        rows.append((family, given, f"{born:%d/%m/%Y}", f"06{number:08}", "44000", "Nantes"))
    return as_csv(rows)
