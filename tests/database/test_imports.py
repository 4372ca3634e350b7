"""Imports from file to patients, on both databases."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any, cast

import pytest
from sqlalchemy import func, select
from tests.builders.patients import person
from tests.builders.sources import SOURCES
from tests.builders.spreadsheets import UntidyPractice, as_csv, many_lines

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Actor
from socle.identity.audit.models import AuditEntry
from socle.jobs.all_jobs import JOBS
from socle.practice.documents.storage import Storage
from socle.practice.imports import applying, rehearsing, report, runs, tidying
from socle.practice.imports.errors import FileGone, NameColumnMissing, RunMissing, RunNotReady, TooLate, UndoRefused
from socle.practice.imports.report import ReportLine
from socle.practice.imports.runs import SILENT_AFTER, State
from socle.practice.imports.work import work
from socle.practice.patients import registry
from socle.practice.patients.models import Patient


class MemoryShelf:
    """Keeps files in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def keep(self, stream: BytesIO) -> str:
        content = stream.read()
        name = hashlib.sha256(content).hexdigest()
        self.files[name] = content
        return name

    def open(self, name: str) -> Iterator[bytes]:
        yield self.files[name]

    def remove(self, name: str) -> None:
        self.files.pop(name, None)


class Desk:
    """One person importing files."""

    def __init__(self, database: Database, actor: Actor) -> None:
        self.database, self.actor, self.shelf = database, actor, MemoryShelf()

    def rehearse(self, content: bytes, **columns: str) -> int:
        received = runs.receive(self.shelf, SOURCES, content, "patients.csv", columns=columns)
        with self.database.writing() as session:
            run_id = runs.create(session, self.actor, received)
            runs.ask_to_rehearse(session, self.actor, run_id)
        self.work(run_id)
        return run_id

    def work(self, run_id: int) -> None:
        work(self.database, self.shelf, SOURCES, run_id)

    def apply(self, run_id: int) -> None:
        with self.database.writing() as session:
            runs.ask_to_apply(session, self.actor, run_id)
        self.work(run_id)

    def bring_in(self, content: bytes) -> int:
        run_id = self.rehearse(content)
        self.apply(run_id)
        return run_id

    def undo(self, run_id: int, *, keep_used: bool = False) -> int:
        with self.database.writing() as session:
            return applying.undo(session, self.actor, run_id, keep_used=keep_used)

    def totals(self, run_id: int) -> tuple[int, int, int]:
        with self.database.reading() as session:
            said = report.totals(runs.find(session, run_id))
        return said["new"], said["same"], said["refused"]

    def state(self, run_id: int) -> State:
        with self.database.reading() as session:
            return runs.standing(session, runs.find(session, run_id))

    def lines(self, run_id: int) -> list[ReportLine]:
        with self.database.reading() as session:
            return list(report.every_line(session, run_id))

    def reasons(self, run_id: int) -> Counter[str]:
        return Counter(line.reason.code for line in self.lines(run_id))

    def patients(self) -> int:
        with self.database.reading() as session:
            return session.execute(select(func.count()).select_from(Patient)).scalar_one()

    def add(self, *args: Any, **kwargs: Any) -> int:
        with self.database.writing() as session:
            return registry.create(session, self.actor, person(*args, **kwargs))


@pytest.fixture
def desk(database: Database, actor: Actor) -> Desk:
    return Desk(database, actor)


def table(*rows: str) -> bytes:
    return "\n".join(["Nom;Prénom;Né(e) le;Tél", *rows]).encode()


PRACTICE = UntidyPractice()


def test_two_untidy_exports_come_in_whole_and_share_their_people(desk: Desk) -> None:
    first = desk.bring_in(PRACTICE.spreadsheet())
    assert desk.totals(first) == (PRACTICE.spreadsheet_people, 0, 1)
    second = desk.bring_in(PRACTICE.export())
    assert desk.totals(second) == (PRACTICE.export_people - PRACTICE.shared, PRACTICE.shared, 1)
    assert desk.patients() == PRACTICE.spreadsheet_people + PRACTICE.export_people - PRACTICE.shared


def test_every_line_is_accounted_for(desk: Desk) -> None:
    content = PRACTICE.spreadsheet()
    run_id = desk.rehearse(content)
    source = SOURCES.open(content)
    assert [line.line for line in desk.lines(run_id)] == [row.line for row in source.rows("Patients")]
    with desk.database.reading() as session:
        assert report.is_whole(session, runs.find(session, run_id))
    assert all(line.reason.text for line in desk.lines(run_id))


def test_a_rehearsal_touches_no_patient(desk: Desk) -> None:
    run_id = desk.rehearse(PRACTICE.spreadsheet())
    assert desk.state(run_id) is State.REHEARSED
    assert desk.patients() == 0


def test_a_second_import_of_the_same_file_creates_nobody(desk: Desk) -> None:
    content = PRACTICE.spreadsheet()
    desk.bring_in(content)
    before = desk.patients()
    again = desk.bring_in(content)
    assert desk.totals(again) == (0, PRACTICE.spreadsheet_people, 1)
    assert desk.patients() == before


def test_what_is_read_becomes_the_patients_file(desk: Desk) -> None:
    run_id = desk.bring_in(table("Dupont;Anne;28/02/1967;06 12 34 56 78"))
    (line,) = [line for line in desk.lines(run_id) if line.outcome == "new"]
    assert line.patient_id is not None
    with desk.database.reading() as session:
        stored = registry.find(session, line.patient_id)
    assert (stored.details.family_name, stored.details.given_name) == ("Dupont", "Anne")
    assert (stored.details.birth_date, stored.details.phones[0].number) == ("1967-02-28", "0612345678")
    assert stored.changed_by == desk.actor.name


def test_undoing_takes_everybody_back_and_leaves_the_others(desk: Desk) -> None:
    desk.add("Roy", "Luc", "1950-01-01")
    run_id = desk.bring_in(PRACTICE.spreadsheet())
    assert desk.undo(run_id) == 0
    assert desk.patients() == 1
    assert desk.state(run_id) is State.UNDONE


def test_nothing_is_undone_while_somebody_has_been_changed_since(desk: Desk) -> None:
    run_id = desk.bring_in(table("Dupont;Anne;28/02/1967;", "Martin;Jean;12/03/1980;"))
    used = next(line.patient_id for line in desk.lines(run_id) if line.patient_id)
    with desk.database.writing() as session:
        registry.archive(session, desk.actor, used)
    with pytest.raises(UndoRefused) as refusal:
        desk.undo(run_id)
    assert refusal.value.patient_ids == [used]
    assert desk.patients() == 2
    assert desk.state(run_id) is State.APPLIED
    assert desk.undo(run_id, keep_used=True) == 1
    assert desk.patients() == 1


def test_an_undone_import_can_be_rehearsed_and_applied_again(desk: Desk) -> None:
    run_id = desk.bring_in(PRACTICE.export())
    desk.undo(run_id)
    with desk.database.writing() as session:
        runs.ask_to_rehearse(session, desk.actor, run_id)
    desk.work(run_id)
    desk.apply(run_id)
    assert desk.totals(run_id) == (PRACTICE.export_people, 0, 1)
    assert desk.patients() == PRACTICE.export_people


def test_whoever_was_registered_since_the_rehearsal_is_recognised(desk: Desk) -> None:
    run_id = desk.rehearse(table("Dupont;Anne;28/02/1967;", "Martin;Jean;12/03/1980;"))
    desk.add("Dupont", "Anne", "1967-02-28")
    desk.apply(run_id)
    assert desk.totals(run_id) == (1, 1, 0)
    assert desk.patients() == 2


def test_whoever_a_rehearsal_recognised_and_is_gone_since_is_new_again(desk: Desk) -> None:
    rows = table("Dupont;Anne;28/02/1967;")
    first = desk.bring_in(rows)
    second = desk.rehearse(rows)
    assert desk.totals(second) == (0, 1, 0)
    desk.undo(first)
    desk.apply(second)
    assert desk.totals(second) == (1, 0, 0)
    assert desk.patients() == 1


@pytest.mark.parametrize(
    ("known", "line", "reason"),
    [
        (("Dupont", "Anne", "1967-02-28"), "DUPONT;anne;28/02/67;", "same-name-birth"),
        (("Açıkgöz", "Zoé", "1990-02-08"), "Aç?kgöz;Zoé;08/02/1990;", "same-name-birth"),
        (("Le Goff", "Yann", "1990-02-08"), "LEGOFF;Yann;08/02/1990;", "same-name-birth"),
        (("Dupont", "Anne", "1922-03-13"), "Dupont;Anne;13/03/22;", "same-name-birth"),
        (("Dupont", "Anne", "2022-03-13"), "Dupont;Anne;13/03/1922;", "same-name-birth"),
        (("Dupont", "Anne", ""), "Dupont;Anne;;", "same-name-only"),
        (("Dupont", "Anne", "1967-02-28"), "Dupont;Anne;29/03/1967;", "new"),
        (("Dupont", "Anne", "1967-02-28"), "Durand;Anne;28/02/1967;", "new"),
        (("Dupont", "Anne", "1967-02-28"), "Dupont;Anne;;", "new"),
    ],
)
def test_who_is_the_same_person(desk: Desk, known: tuple[str, str, str], line: str, reason: str) -> None:
    desk.add(*known)
    run_id = desk.rehearse(table(line))
    assert desk.reasons(run_id)[reason] == 1


def test_a_century_apart_and_what_only_the_file_says_are_told(desk: Desk) -> None:
    desk.add("Dupont", "Anne", "2022-03-13")
    (line,) = [
        line for line in desk.lines(desk.rehearse(table("Dupont;Anne;13/03/1922;0612345678"))) if line.outcome == "same"
    ]
    assert [remark.code for remark in line.warnings] == ["same-century-apart", "same-other-phone"]


def test_two_lines_of_one_person_make_one_patient(desk: Desk) -> None:
    run_id = desk.bring_in(table("Dupont;Anne;28/02/1967;", "DUPONT;Anne;28-02-1967;", "Dupont;Anna;28/02/1967;"))
    reasons = {line.line: (line.outcome, line.reason.code, line.reason.values) for line in desk.lines(run_id)}
    assert reasons[3] == ("same", "same-line", {"line": "2"})
    assert reasons[4][0] == "new"
    assert desk.patients() == 2


def test_two_undated_people_of_one_name_with_their_own_telephones_stay_two(desk: Desk) -> None:
    rows = table("Dupont;Anne;;0612345678", "Dupont;Anne;;0698765432")
    assert desk.totals(desk.bring_in(rows)) == (2, 0, 0)
    assert desk.totals(desk.bring_in(rows)) == (0, 2, 0)


def test_the_trail_says_what_was_done_and_names_nobody(desk: Desk) -> None:
    run_id = desk.bring_in(table("Dupont;Anne;28/02/1967;"))
    desk.undo(run_id)
    with desk.database.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    done = [entry.action for entry in entries if entry.subject_type == "import"]
    assert done == ["import.create", "import.rehearse", "import.apply", "import.undo"]
    assert {entry.actor for entry in entries if entry.subject_type == "import"} == {desk.actor.name}
    assert not any("Dupont" in f"{entry.reason}{entry.fields}" for entry in entries)


def test_a_column_changed_by_hand_is_read_so(desk: Desk) -> None:
    content = b"Truc;Machin\nDupont Anne;28/02/1967\n"
    with pytest.raises(NameColumnMissing):
        desk.rehearse(content, A="keep", B="keep")
    run_id = desk.rehearse(content, Truc="full_name", Machin="birth_date")
    assert desk.totals(run_id) == (1, 0, 0)


class CancellingShelf(MemoryShelf):
    """Where a rehearsal finds its file, somebody cancels it."""

    def __init__(self, cancel: Callable[[], None]) -> None:
        super().__init__()
        self._cancel = cancel

    def open(self, name: str) -> Iterator[bytes]:
        self._cancel()
        return super().open(name)


def cancel(desk: Desk, run_id: int) -> None:
    with desk.database.writing() as session:
        runs.cancel(session, desk.actor, run_id)


def cancellations(desk: Desk, run_id: int) -> list[str]:
    wanted = select(AuditEntry.actor).where(AuditEntry.action == "import.cancel", AuditEntry.subject_id == run_id)
    with desk.database.reading() as session:
        return list(session.scalars(wanted))


def test_a_cancelled_rehearsal_stops_and_can_start_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsing, "CHUNK", 50)
    plain = desk.shelf
    desk.shelf = CancellingShelf(lambda: cancel(desk, run_id))
    desk.shelf.files = plain.files
    received = runs.receive(desk.shelf, SOURCES, many_lines(300), "x.csv")
    with desk.database.writing() as session:
        run_id = runs.create(session, desk.actor, received)
        runs.ask_to_rehearse(session, desk.actor, run_id)
    desk.work(run_id)
    assert desk.state(run_id) is State.CANCELLED
    assert cancellations(desk, run_id) == [desk.actor.name]
    with desk.database.reading() as session:
        assert len(report.page(session, run_id, None, 0, 1000)) <= 50
    desk.shelf = plain
    with desk.database.writing() as session:
        runs.ask_to_rehearse(session, desk.actor, run_id)
    desk.work(run_id)
    assert desk.totals(run_id) == (300, 0, 0)


def test_what_was_confirmed_is_cancelled_as_long_as_nobody_is_being_written(desk: Desk) -> None:
    run_id = desk.rehearse(table("Dupont;Anne;28/02/1967;"))
    with desk.database.writing() as session:
        runs.ask_to_apply(session, desk.actor, run_id)
    cancel(desk, run_id)
    desk.work(run_id)
    assert desk.state(run_id) is State.CANCELLED
    assert desk.patients() == 0
    assert cancellations(desk, run_id) == [desk.actor.name]


@pytest.mark.parametrize("state", [State.APPLYING, State.APPLIED])
def test_it_is_said_when_it_is_too_late_to_cancel(desk: Desk, state: State) -> None:
    run_id = desk.rehearse(table("Dupont;Anne;28/02/1967;"))
    with desk.database.writing() as session:
        runs.end(session, run_id, state)
    with pytest.raises(TooLate):
        cancel(desk, run_id)
    assert cancellations(desk, run_id) == []


def test_nothing_is_written_down_when_there_is_nothing_to_cancel(desk: Desk) -> None:
    run_id = desk.rehearse(table("Dupont;Anne;28/02/1967;"))
    cancel(desk, run_id)
    assert desk.state(run_id) is State.REHEARSED
    assert cancellations(desk, run_id) == []


def test_after_a_week_only_what_an_undo_needs_is_kept(desk: Desk, clock: SettableClock) -> None:
    same_file = table("Dupont;Anne;28/02/1967;")
    rehearsed = desk.rehearse(same_file)
    applied = desk.bring_in(same_file)
    undone = desk.bring_in(table("Martin;Paul;01/02/1950;"))
    desk.undo(undone)
    assert len(desk.shelf.files) == 2
    tools = Toolbox()
    tools.provide(Database, lambda: desk.database)
    tools.provide(Storage, lambda: cast("Storage", desk.shelf))
    (upkeep,) = [job for job in JOBS if job.name == "import-upkeep"]
    clock.advance(tidying.KEPT - timedelta(minutes=1))
    fresh = desk.rehearse(table("Petit;Luc;01/02/1951;"))
    assert upkeep.run(tools) == "0 imports and 0 files removed"
    clock.advance(timedelta(minutes=2))
    assert upkeep.run(tools) == "1 imports and 2 files removed"
    with desk.database.reading() as session:
        assert {run.id for run in runs.latest(session)} == {applied, undone, fresh}
        assert report.page(session, rehearsed, None, 0, 10) == []
        kept = {runs.find(session, fresh).document}
        with pytest.raises(FileGone):
            runs.require_rehearsable(session, undone)
        removed = select(AuditEntry.action, AuditEntry.subject_id).where(AuditEntry.action.like("import.remove%"))
        found = set(map(tuple, session.execute(removed)))
    assert set(desk.shelf.files) == kept
    assert found == {("import.remove", rehearsed), ("import.remove_file", applied), ("import.remove_file", undone)}
    assert desk.undo(applied) == 0
    assert upkeep.run(tools) == "0 imports and 0 files removed"


def test_a_step_that_falls_silent_is_interrupted_and_can_start_again(desk: Desk, clock: SettableClock) -> None:
    run_id = desk.rehearse(table("Dupont;Anne;28/02/1967;"))
    with desk.database.writing() as session:
        runs.end(session, run_id, State.REHEARSING)
    assert desk.state(run_id) is State.REHEARSING
    with desk.database.writing() as session, pytest.raises(RunNotReady):
        runs.ask_to_rehearse(session, desk.actor, run_id)
    clock.advance(SILENT_AFTER + timedelta(seconds=1))
    assert desk.state(run_id) is State.INTERRUPTED
    with desk.database.writing() as session:
        runs.ask_to_rehearse(session, desk.actor, run_id)
    desk.work(run_id)
    assert desk.state(run_id) is State.REHEARSED


def test_an_import_that_breaks_half_way_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "CHUNK", 50)
    run_id = desk.rehearse(many_lines(120))
    create_many, calls = registry.create_many, []

    def breaking(*args: Any) -> list[int]:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("the disk is gone")
        return create_many(*args)

    monkeypatch.setattr(registry, "create_many", breaking)
    desk.apply(run_id)
    assert desk.patients() == 0
    with desk.database.reading() as session:
        run = runs.find(session, run_id)
    assert run.state == State.FAILED
    assert run.failure is not None
    assert run.failure["code"] == "IMPORT-BROKEN"
    assert "disk" not in str(run.failure)


def test_a_file_that_turns_out_unreadable_says_so_in_the_import(desk: Desk) -> None:
    run_id = desk.rehearse(many_lines(3))
    with desk.database.writing() as session:
        run = runs.find(session, run_id)
        desk.shelf.files[run.document] = b"%PDF"
        runs.ask_to_rehearse(session, desk.actor, run_id)
    desk.work(run_id)
    with desk.database.reading() as session:
        failed = runs.find(session, run_id)
    assert failed.failure is not None
    assert (failed.state, failed.failure["code"]) == (State.FAILED, "IMPORT-FILE-UNREADABLE")


def test_a_step_is_done_once_however_many_processes_come(desk: Desk) -> None:
    run_id = desk.rehearse(table("Dupont;Anne;28/02/1967;"))
    desk.apply(run_id)
    desk.work(run_id)
    assert desk.patients() == 1
    with desk.database.writing() as session, pytest.raises(RunNotReady):
        runs.ask_to_apply(session, desk.actor, run_id)
    with desk.database.reading() as session, pytest.raises(RunMissing):
        runs.find(session, 999)


def test_lines_are_filtered_and_paged(desk: Desk) -> None:
    rows = [
        f"{'BCDFGHJKLMNPRSTVWXZ'[n % 19] * 5};Anne;01/02/{1930 + n};{'voir fille' * (n % 10 == 0)}" for n in range(60)
    ]
    run_id = desk.rehearse(table(*rows, "TOTAL;;;"))
    with desk.database.reading() as session:
        first = report.page(session, run_id, "new", 0, 40)
        rest = report.page(session, run_id, "new", first[-1].line, 40)
        assert (len(first), len(rest)) == (40, 20)
        warned = report.page(session, run_id, "warned", 0, 100)
        assert {line.line for line in warned} == {line.line for line in desk.lines(run_id) if line.warnings}
        assert 6 <= len(warned) < 60
        assert [line.line for line in report.page(session, run_id, "refused", 0, 40)] == [62]


def test_hostile_text_becomes_text(desk: Desk) -> None:
    hostile = ["'; DROP TABLE patient; --", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "a\x07b", "%(name)s"]
    rows = [["Nom", "Prénom", "Né(e) le", "Remarques"], *[[text, "Anne", "01/02/1950", text] for text in hostile]]
    run_id = desk.bring_in(as_csv(rows))
    assert sum(desk.totals(run_id)) == len(hostile)
    assert desk.patients() == len(hostile)
