"""Files of every kind come in whole; files that would harm are refused before they unfold."""

import io
import struct
import zipfile
from datetime import date
from functools import cache

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders.sources import opened
from tests.builders.spreadsheets import TIDY, as_csv, as_ods, as_xls, as_xlsx

from socle.foundation.errors import SocleError
from socle.practice.imports.errors import (
    FileEmpty,
    FileProtected,
    FileSwollen,
    FileTooLarge,
    FileUnreadable,
    SheetTooLarge,
    TooManyColumns,
    TooManyRows,
)
from socle.practice.imports.source import MOST_BYTES, MOST_ROWS, SourceRow
from socle.practice.imports.text import written


def rows_of(content: bytes) -> list[SourceRow]:
    source = opened(content)
    return [row for sheet in source.sheets() for row in source.rows(sheet)]


def texts(content: bytes) -> list[list[str]]:
    return [[written(cell) for cell in row.cells] for row in rows_of(content)]


SAID = [[written(cell) for cell in row] for row in TIDY]


@pytest.mark.parametrize(
    "content", [as_xlsx({"Patients": TIDY}), as_xls(TIDY), as_ods(TIDY)], ids=["xlsx", "xls", "ods"]
)
def test_every_spreadsheet_says_the_same(content: bytes) -> None:
    assert texts(content) == SAID
    assert [row.line for row in rows_of(content)] == [1, 2, 3]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_every_text_table_says_the_same(separator: str, encoding: str, end: str) -> None:
    assert texts(as_csv(SAID, separator, encoding, end)) == SAID


def test_utf_16_without_a_mark_is_read() -> None:
    assert texts("Nom\tPrénom\nDUPONT\tÉloïse\n".encode("utf-16-le")) == [["Nom", "Prénom"], ["DUPONT", "Éloïse"]]


def test_a_file_that_mixes_two_encodings_is_read_line_by_line() -> None:
    assert texts("Nom;Prénom\n".encode() + "ÉTÉ;Zoé\n".encode("cp1252")) == [["Nom", "Prénom"], ["ÉTÉ", "Zoé"]]


def test_a_line_that_names_the_separator_is_obeyed() -> None:
    assert [(row.line, row.cells) for row in rows_of(b"sep=,\nNom,Avis\nA,b;c\n")] == [
        (2, ("Nom", "Avis")),
        (3, ("A", "b;c")),
    ]


def test_a_cell_over_several_lines_tells_where_it_ends() -> None:
    rows = rows_of(b'Nom;Avis\nA;"un\ndeux"\nB;trois\n')
    assert [(row.line, row.last_line) for row in rows] == [(1, 1), (2, 3), (4, 4)]


def test_a_quotation_mark_never_closed_swallows_nobody() -> None:
    rows = rows_of(b'Nom;Avis;Ville\nA;"3;X\nB;4;Y\nC;5;Z\n')
    assert [row.cells for row in rows] == [("Nom", "Avis", "Ville"), ("A", '"3', "X"), ("B", "4", "Y"), ("C", "5", "Z")]
    assert [row.notice.code for row in rows if row.notice] == ["quote-open"]


def test_a_quotation_mark_never_closed_in_a_long_file_swallows_nobody() -> None:
    lines = [b"Nom;Avis;Ville", b'A;"3;X', *[b"P%d;4;Y" % number for number in range(20_000)]]
    assert len(rows_of(b"\n".join(lines))) == len(lines)


def test_formulas_dates_and_a_sheet_that_starts_lower() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["C5"], sheet["D5"], sheet["E6"] = date(1967, 2, 28), "=1+1", "=cmd|' /C calc'!A0"
    file = io.BytesIO()
    book.save(file)
    rows = rows_of(file.getvalue())
    assert [row.line for row in rows] == [1, 2, 3, 4, 5]
    assert date(1967, 2, 28) in rows[4].cells
    assert not any("cmd" in written(cell) for row in rows for cell in row.cells)  # a formula has a value or none


@pytest.mark.parametrize("content", [b"", b"   \r\n\t", b"\0" * 100])
def test_an_empty_file_is_told(content: bytes) -> None:
    with pytest.raises(FileEmpty):
        opened(content)


@pytest.mark.parametrize(
    "content",
    [
        as_xlsx({"Patients": TIDY})[:3000],
        as_xlsx({"Patients": TIDY})[:-40],
        as_xls(TIDY)[:1500],
        b"PK\x03\x04" + b"\0" * 500,
        b"%PDF-1.7 ...",
        b"<html><table><tr><td>Nom</td></tr></table></html>",
        b"Nom;Prenom\n" + bytes(range(256)) * 40 + b"\0" * 9000,
    ],
    ids=["xlsx cut early", "xlsx cut late", "xls cut", "zip of nothing", "pdf", "page", "bytes"],
)
def test_what_is_damaged_or_something_else_is_refused(content: bytes) -> None:
    with pytest.raises(FileUnreadable):
        rows_of(content)


def test_a_zip_that_is_no_spreadsheet_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("photo.jpg", b"x")
    with pytest.raises(FileUnreadable):
        opened(file.getvalue())


def test_a_protected_workbook_is_told() -> None:
    with pytest.raises(FileProtected):
        opened(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600)


@cache
def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(400):
                sheet.write(b" " * 1024 * 1024)
    return file.getvalue()


def test_a_zip_bomb_is_not_unfolded() -> None:
    content = bomb()
    assert len(content) < 1_000_000
    with pytest.raises(FileSwollen):
        opened(content)


def test_a_zip_bomb_that_lies_about_its_size_is_not_unfolded() -> None:
    content = bytearray(bomb())
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = -1
        while (place := content.find(mark, place + 1)) >= 0:
            content[place + offset : place + offset + 4] = struct.pack("<I", 1000)
    with pytest.raises((FileUnreadable, FileSwollen)):
        opened(bytes(content))


def test_one_cell_in_the_last_corner_does_not_ask_for_all_the_memory() -> None:
    with pytest.raises(SheetTooLarge) as refusal:
        opened(corner())
    assert refusal.value.details == {"line": 1_048_576, "column": "XFD"}


def corner() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"], sheet["XFD1048576"] = "Nom", "x"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_repeated_cell_of_an_open_document_does_not_ask_for_all_the_memory() -> None:
    content = _with_content(
        b'<office:body><table:table table:name="A"><table:table-row table:number-rows-repeated="1000000">'
        b'<table:table-cell table:number-columns-repeated="16000" office:value-type="string"/>'
        b"</table:table-row></table:table></office:body>"
    )
    with pytest.raises(SheetTooLarge):
        opened(content)


def test_styles_far_below_the_list_do_no_harm() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(("Nom", "Prénom"))
    sheet["A1048576"].number_format = "0.00"
    file = io.BytesIO()
    book.save(file)
    assert len(rows_of(file.getvalue())) == 1


def _with_content(xml: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", xml)
    return file.getvalue()


def test_ten_million_commas_are_no_table() -> None:
    with pytest.raises(TooManyColumns):
        rows_of(b"," * 10_000_000)


def test_more_columns_than_any_list_are_refused_unless_empty() -> None:
    assert len(rows_of(b"Nom" + b";" * 300)) == 1
    with pytest.raises(TooManyColumns):
        rows_of(b"Nom" + b";x" * 300)


def test_more_lines_than_an_import_takes_are_refused() -> None:
    with pytest.raises(TooManyRows):
        rows_of(b"A;B\n" * (MOST_ROWS + 1))


def test_a_larger_file_than_an_import_takes_is_refused() -> None:
    with pytest.raises(FileTooLarge):
        opened(b"a" * (MOST_BYTES + 1))


def test_a_name_of_ten_megabytes_costs_its_own_line_only() -> None:
    rows = rows_of(b"Nom;Ville\n" + b"A" * 10_000_000 + b";X\nB;Y\n")
    assert [row.unfit.code if row.unfit else "" for row in rows] == ["", "refused-cell-too-long", ""]
    assert rows[2].cells == ("B", "Y")


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_a_reason(content: bytes) -> None:
    try:
        rows = rows_of(content)
    except SocleError as error:
        assert error.code.startswith("IMPORT-")  # noqa: PT017 - either end is right
    else:
        assert all(row.line <= row.last_line for row in rows)


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=12), min_size=2, max_size=4
        ),
        min_size=1,
        max_size=6,
    )
)
def test_every_written_line_is_a_row_again(table: list[list[str]]) -> None:
    width = max(map(len, table))
    whole = [[*row, *[""] * (width - len(row))] for row in table]
    assert [list(row.cells) for row in rows_of(as_csv([["Nom"] * width, *whole]))][1:] == whole
