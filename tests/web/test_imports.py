"""The four steps of an import in the pages, on both databases."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from tests.builders.sources import SOURCES
from tests.builders.spreadsheets import UntidyPractice
from tests.parts import door
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role, machine
from socle.identity.people.models import Account
from socle.practice.documents.storage import Storage
from socle.practice.imports import report, runs
from socle.practice.imports.runs import State
from socle.practice.imports.source import Source, SourceRow, Sources
from socle.practice.imports.work import Workers, work
from socle.practice.patients import registry
from socle.web.apps import staff_app

BASE = "https://localhost:8443"
PRACTICE = UntidyPractice(spreadsheet=40, export=50, shared=10)


class WorkersHere:
    """Does each step at once, or keeps it waiting while `idle`."""

    def __init__(self, tools: Toolbox) -> None:
        self._tools = tools
        self.idle = False

    def start(self, run_id: int) -> None:
        if not self.idle:
            work(self._tools.of(Database), self._tools.of(Storage), self._tools.of(Sources), run_id)


class SourcesBesideSaves(Sources):
    """Opens files only while somebody else can save."""

    def __init__(self, sources: Sources, database: Database) -> None:
        super().__init__(())
        self._sources, self._database, self.opened = sources, database, 0

    def open(self, content: bytes) -> Source:
        with self._database.writing() as session:  # waits in vain when the caller holds the transaction
            session.execute(update(Account).values(language="en"))
        self.opened += 1
        return Attended(self._sources.open(content), self._database)


class Attended:
    """An opened file that is read only while somebody else can save."""

    def __init__(self, source: Source, database: Database) -> None:
        self._source, self._database = source, database

    def sheets(self) -> Sequence[str]:
        return self._source.sheets()

    def extent(self, sheet: str) -> int:
        with self._database.writing() as session:
            session.execute(update(Account).values(language="en"))
        return self._source.extent(sheet)

    def rows(self, sheet: str) -> Iterator[SourceRow]:
        with self._database.writing() as session:
            session.execute(update(Account).values(language="en"))
        return self._source.rows(sheet)


class Desk:
    """Somebody at the import's pages."""

    def __init__(self, client: FlaskClient, workers: WorkersHere, database: Database) -> None:
        self.client, self.workers, self.database = client, workers, database

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=BASE, headers=headers)

    def post(self, path: str, page: str = "/imports", **fields: object) -> TestResponse:
        proof = re.search(r'name="_csrf" value="([^"]+)"', self.get(page).text)
        assert proof
        # Encoded here: the test client itself would put a large body into a temporary file.
        boundary, body = encode_multipart({"_csrf": proof[1], **fields})
        return self.client.post(
            path, base_url=BASE, data=body, content_type=f"multipart/form-data; boundary={boundary}"
        )

    def send(self, content: bytes, name: str = "fichier.xlsx") -> TestResponse:
        return self.post("/imports", file=FileStorage(BytesIO(content), name, content_type="application/octet-stream"))

    def rehearse(self, content: bytes, name: str = "fichier.xlsx") -> str:
        columns = self.send(content, name).location
        assert columns.endswith("/columns")
        return self.post(columns, columns).location

    def state(self, run: str) -> State:
        with self.database.reading() as session:
            return runs.standing(session, runs.find(session, int(run.rpartition("/")[2])))


@pytest.fixture
def tools(database: Database, clock: SettableClock, tmp_path: Path) -> Toolbox:
    return door.tools(database, clock, tmp_path)


@pytest.fixture
def desk(database: Database, tools: Toolbox) -> Iterator[Desk]:
    workers = WorkersHere(tools)
    tools.provide(Workers, lambda: workers)
    door.add_person(database, "claire.roussel", "Claire Roussel", Role.SECRETARY)
    with database.writing() as session:
        session.execute(update(Account).values(language="en"))
    with staff_app(tools).test_client() as client:
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        client.post("/sign-in", base_url=BASE, data={"username": "claire.roussel", "password": door.PASSWORD})
        yield Desk(client, workers, database)


def test_from_file_to_patients_and_back(desk: Desk) -> None:
    answer = desk.send(PRACTICE.spreadsheet())
    assert answer.status_code == 303
    columns = desk.get(answer.location)
    assert "sheet Patients" in columns.text
    assert '<option value="birth_date" selected>' in columns.text
    run = desk.post(answer.location, answer.location).location
    rehearsal = desk.get(run).text
    assert "Nothing is imported yet." in rehearsal
    assert "Import 40 patients" in rehearsal
    assert desk.post(f"{run}/apply", run).location == run
    applied = desk.get(run).text
    assert "40 patients were imported." in applied
    assert re.search(r'href="/patients/\d+"', applied)
    assert desk.post(f"{run}/undo", run).location == run
    assert "The patients of this import were taken back." in desk.get(run).text
    assert "fichier.xlsx" in desk.get("/imports").text


def test_lines_are_filtered_by_outcome(desk: Desk) -> None:
    run = desk.rehearse(PRACTICE.spreadsheet())
    refused = desk.get(f"{run}?show=refused").text
    assert "This is a total, not a person." in refused
    assert "Text above the header." not in refused
    assert "Text above the header." in desk.get(f"{run}?show=skipped").text
    for odd in ("?show=nonsense", "?after=x", "?after=99999999999", "?show=new&after=44"):
        assert desk.get(f"{run}{odd}").status_code == 200


def test_columns_are_changed_and_previewed(desk: Desk) -> None:
    columns = desk.send(PRACTICE.export(), "export.csv").location
    preview = desk.post(columns.replace("columns", "preview"), columns, **{"column-2": "ignore"})
    assert preview.status_code == 200
    assert "There is no birth date." in preview.text
    refused = desk.post(columns, columns, **{"column-1": "keep"})
    assert refused.status_code == 400
    assert "IMPORT-NO-NAME-COLUMN" in refused.text
    run = desk.post(columns, columns, **{"column-6": "alerts", "column-2": "no-such-field"}).location
    assert desk.state(run) is State.REHEARSED


def test_another_sheet_is_read(desk: Desk) -> None:
    columns = desk.send(PRACTICE.spreadsheet()).location
    desk.post(columns.replace("columns", "sheet"), columns, sheet="Correspondants")
    assert "sheet Correspondants" in desk.get(columns).text
    missing = desk.post(columns.replace("columns", "sheet"), columns, sheet="Factures")
    assert (missing.status_code, "IMPORT-SHEET-MISSING" in missing.text) == (400, True)


def test_nobodys_save_waits_while_a_file_is_read(desk: Desk, tools: Toolbox, database: Database) -> None:
    sources = SourcesBesideSaves(SOURCES, database)
    tools.provide(Sources, lambda: sources)
    columns = desk.send(PRACTICE.spreadsheet()).location
    assert desk.post(columns.replace("columns", "sheet"), columns, sheet="Patients").status_code == 303
    assert desk.state(desk.post(columns, columns).location) is State.REHEARSED
    assert sources.opened == 3


def test_progress_is_shown_and_a_step_can_be_stopped(desk: Desk) -> None:
    desk.workers.idle = True
    run = desk.rehearse(PRACTICE.spreadsheet())
    assert "hx-get" in desk.get(run).text
    waiting = desk.get(f"{run}/progress", **{"HX-Request": "true"})
    assert "<progress" in waiting.text
    desk.post(f"{run}/cancel", run)
    desk.workers.idle = False
    desk.workers.start(int(run.rpartition("/")[2]))
    ended = desk.get(f"{run}/progress", **{"HX-Request": "true"})
    assert ended.headers["HX-Redirect"] == run
    assert "This import was cancelled. Nothing was changed." in desk.get(run).text


def test_too_late_to_cancel_is_told(desk: Desk) -> None:
    run = desk.rehearse(PRACTICE.spreadsheet())
    desk.post(f"{run}/apply", run)
    refused = desk.post(f"{run}/cancel", run)
    assert refused.status_code == 409
    assert "IMPORT-TOO-LATE" in refused.text


def test_an_interrupted_step_is_told_and_can_start_again(desk: Desk, clock: SettableClock) -> None:
    desk.workers.idle = True
    run = desk.rehearse(PRACTICE.spreadsheet())
    clock.advance(runs.SILENT_AFTER * 2)
    assert "The import was interrupted" in desk.get(run).text
    desk.workers.idle = False
    desk.post(f"{run}/columns", f"{run}/columns")
    assert desk.state(run) is State.REHEARSED


def test_undoing_names_those_in_use_and_can_keep_them(desk: Desk) -> None:
    run = desk.rehearse(PRACTICE.spreadsheet())
    desk.post(f"{run}/apply", run)
    with desk.database.writing() as session:
        line = next(line for line in report.every_line(session, int(run.rpartition("/")[2])) if line.outcome == "new")
        assert line.patient_id
        registry.archive(session, machine("test"), line.patient_id)
    refused = desk.post(f"{run}/undo", run)
    assert refused.status_code == 409
    assert "IMPORT-UNDO-REFUSED" in refused.text
    assert f'href="/patients/{line.patient_id}"' in refused.text
    assert desk.state(run) is State.APPLIED
    desk.post(f"{run}/undo", run, keep_used="1")
    assert desk.state(run) is State.UNDONE


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "IMPORT-FILE-EMPTY"),
        (PRACTICE.spreadsheet()[:4000], "IMPORT-FILE-UNREADABLE"),
        (b"," * 10_000_000, "IMPORT-TOO-MANY-COLUMNS"),
        (b"%PDF-1.7", "IMPORT-FILE-UNREADABLE"),
    ],
    ids=["empty", "cut", "commas", "pdf"],
)
def test_a_bad_file_is_refused_on_the_page_with_its_code(desk: Desk, content: bytes, code: str) -> None:
    answer = desk.send(content)
    assert answer.status_code == 400
    assert code in answer.text
    with desk.database.reading() as session:
        assert runs.latest(session) == []


def test_a_file_larger_than_an_import_takes_is_refused_unread(desk: Desk) -> None:
    answer = desk.send(b"a" * 51 * 1024 * 1024)
    assert answer.status_code == 400
    assert "REQUEST-TOO-LARGE" in answer.text


def test_what_stands_in_a_file_is_only_text_on_the_page(desk: Desk) -> None:
    nasty = "Nom;Prénom;Né(e) le;Avis\n<script>alert(1)</script>;<b>x</b>;hier;<i>\n".encode()
    columns = desk.send(nasty, "<img src=x>.csv").location
    page = desk.get(columns).text
    run = desk.post(columns, columns).location
    for text in (page, desk.get(run).text, desk.get("/imports").text):
        assert "<script>alert" not in text
        assert "<img src=x>" not in text
        assert "<b>x</b>" not in text


def test_no_upload_is_written_to_a_temporary_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was opened")

    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    padded = "Nom;Prénom\n".encode() + b"Dupont;Anne\n" * 80_000
    assert desk.send(padded, "x.csv").status_code == 303


def test_pages_of_imports_that_do_not_exist_say_so(desk: Desk) -> None:
    for path in ("/imports/99", "/imports/99/columns", "/imports/99/progress"):
        answer = desk.get(path)
        assert (answer.status_code, "IMPORT-MISSING" in answer.text) == (404, True)
    assert desk.get("/imports/99999999999999999999").status_code == 404


def test_a_maintainer_is_kept_out(desk: Desk, database: Database) -> None:
    door.add_person(database, "marc.noel", "Marc Noël", Role.MAINTAINER, Role.ADMINISTRATOR)
    desk.client.post("/session/sign-out", base_url=BASE)
    desk.client.post("/sign-in", base_url=BASE, data={"username": "marc.noel", "password": door.PASSWORD})
    assert desk.get("/imports").status_code in {303, 403}


class Counted(BytesIO):
    """A body that knows how much of it was read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.most += len(piece)
        return piece

    def readinto(self, buffer: Any, /) -> int:
        count = super().readinto(buffer)
        self.most += count
        return count


@pytest.mark.parametrize("path", ["/imports", "/sign-in"])
def test_nothing_is_read_of_a_strangers_large_file(desk: Desk, path: str) -> None:
    file = FileStorage(BytesIO(b"a" * 20_000_000), "liste.csv")
    boundary, body = encode_multipart({"file": file})
    sent = Counted(body)
    stranger = desk.client.application.test_client()
    kind = f"multipart/form-data; boundary={boundary}"
    answer = stranger.post(path, base_url=BASE, input_stream=sent, content_length=len(body), content_type=kind)
    assert (answer.status_code, sent.most) == ((303 if path == "/imports" else 400), 0)
    if path == "/imports":
        assert answer.location.startswith("/sign-in")


def test_whoever_is_locked_while_sending_a_file_is_asked_to_sign_in(desk: Desk, clock: SettableClock) -> None:
    file = FileStorage(BytesIO(b"a" * 5_000_000), "liste.csv")
    boundary, body = encode_multipart({"file": file})
    clock.advance(timedelta(hours=1))
    sent = Counted(body)
    kind = f"multipart/form-data; boundary={boundary}"
    answer = desk.client.post("/imports", base_url=BASE, input_stream=sent, content_length=len(body), content_type=kind)
    assert (answer.status_code, answer.location.startswith("/sign-in")) == (303, True)
    assert sent.most == len(body)
