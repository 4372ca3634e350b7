"""The maintainer's page of backups, on both databases: what it shows, what it asks for, who may."""

import html
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from tests.parts import door
from werkzeug.test import TestResponse

from socle.appliance.backups import reports
from socle.appliance.backups.journal import alone, recorded
from socle.appliance.backups.models import BackupRun, Kind
from socle.appliance.backups.proof import Report
from socle.foundation import home as homes
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.home import Home
from socle.foundation.settings import BackupSettings, BackupTarget, Settings
from socle.identity.actor import Role, machine
from socle.identity.people.models import Account
from socle.web.apps import maintainer_app

BASE = "https://localhost:8444"


class Panel:
    """A maintainer's browser."""

    def __init__(self, client: FlaskClient, home: Home) -> None:
        self.client, self.home = client, home

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=BASE)

    def post(self, path: str) -> TestResponse:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.get("/backups").text)
        assert found
        return self.client.post(path, base_url=BASE, data={"_csrf": found[1]})

    def words(self, path: str = "/backups") -> str:
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.get(path).text)))


@pytest.fixture
def panel(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[Panel]:
    """Karim, the maintainer, signed in; he reads English."""
    account = door.add_person(database, "karim.haddad", "Karim Haddad", Role.MAINTAINER)
    with database.writing() as session:
        session.execute(update(Account).where(Account.id == account.id).values(language="en"))
    with maintainer_app(door.tools(database, clock, tmp_path)).test_client() as client:
        client.post("/sign-in", base_url=BASE, data={"username": "karim.haddad", "password": door.PASSWORD})
        yield Panel(client, homes.find(tmp_path / "home", tmp_path / "keys"))


def last(database: Database) -> BackupRun:
    with database.reading() as session:
        return session.scalars(select(BackupRun).order_by(BackupRun.id.desc()).limit(1)).one()


def test_a_new_home_is_red_and_says_what_to_do_first(panel: Panel) -> None:
    words = panel.words()
    assert "“local” has never been backed up." in words
    assert "BACKUP-NEVER" in words
    assert "Nothing has run yet" in words


def test_a_button_asks_the_scheduler_once(panel: Panel, database: Database) -> None:
    assert panel.post("/backups/local/backup").status_code == 303
    assert (last(database).kind, last(database).outcome, last(database).asked_by) == ("backup", "asked", "Karim Haddad")
    assert "begins within half a minute" in panel.words()
    refused = panel.post("/backups/local/drill")
    assert refused.status_code == 409
    assert "BACKUP-RUN-IN-PROGRESS" in refused.text
    assert panel.post(f"/backups/runs/{last(database).id}/cancel").status_code == 303
    assert last(database).outcome == "cancelled"
    assert panel.post(f"/backups/runs/{last(database).id}/cancel").status_code == 409


def test_a_run_is_seen_while_it_goes_on_and_read_afterwards(panel: Panel, database: Database) -> None:
    with alone(panel.home, "local"), recorded(database, machine("scheduler"), "local", Kind.BACKUP) as journal:
        journal.step("documents", "a remark")
        line = panel.get(f"/backups/runs/{journal.number}/progress")
        assert "step 6 of 8: Documents" in line.text
        assert 'hx-trigger="every 2s"' in line.text
        assert panel.post(f"/backups/runs/{journal.number}/cancel").status_code == 303
        assert "stopping…" in panel.words()
        journal.report = {"bytes": 3_806_352, "rows": 41_098, "tables": 23, "documents": 7, "people": 3, "keys": 10}
    ended = panel.get(f"/backups/runs/{journal.number}/progress")
    assert ended.headers["HX-Refresh"] == "true"
    words = panel.words(f"/backups/runs/{journal.number}")
    for expected in ("41,098 in 23 tables", "3.8 MB", "a remark", "the schedule"):
        assert expected in words


def test_pace_and_time_left_are_told_while_it_runs(panel: Panel, database: Database, clock: SettableClock) -> None:
    with alone(panel.home, "local"), recorded(database, machine("scheduler"), "local", Kind.BACKUP) as journal:
        journal.step("documents")
        clock.advance(timedelta(seconds=20))
        time.sleep(1.1)  # the journal notes at most once a second
        journal.progress(40_000_000, 100_000_000)
        line = html.unescape(panel.get(f"/backups/runs/{journal.number}/progress").text)
        assert "2 MB a second" in line
        assert "30 sec left in this step" in line.replace("\xa0", " ")
        journal.report = {"bytes": 1, "rows": 1, "tables": 1, "documents": 0, "people": 0, "keys": 0}


def test_what_is_unusual_is_told_and_accepted_once(panel: Panel, database: Database) -> None:
    with alone(panel.home, "local"), recorded(database, machine("scheduler"), "local", Kind.BACKUP) as journal:
        journal.report = {
            "bytes": 1, "rows": 1, "tables": 1, "documents": 4, "people": 0, "keys": 0,
            "anomalies": [
                {"code": "documents-changed", "before": 40, "now": 3},
                {"code": "fewer-rows", "table": "patient", "before": 2400, "now": 12},
            ],
        }  # fmt: skip
    assert "A backup on “local” is unusual" in panel.words()
    words = panel.words(f"/backups/runs/{journal.number}")
    assert "3 documents hold something else than before" in words
    assert "Table “patient”: 2,400 rows before, 12 now." in words
    assert panel.post(f"/backups/runs/{journal.number}/accept").status_code == 303
    assert "Accepted by Karim Haddad" in panel.words(f"/backups/runs/{journal.number}")
    assert "is unusual" not in panel.words()
    assert panel.post(f"/backups/runs/{journal.number}/accept").status_code == 409


def test_a_dead_run_is_not_shown_as_running_and_stops_nobody(panel: Panel, database: Database) -> None:
    with alone(panel.home, "local"), recorded(database, machine("scheduler"), "local", Kind.DRILL) as journal:
        journal.step("open")
        with database.reading() as session:
            kept = session.scalars(select(BackupRun)).one()
        assert kept.outcome == "running"
    with database.writing() as session:
        dead = session.get(BackupRun, journal.number)
        assert dead is not None
        dead.outcome, dead.ended_at = "running", None
    assert "interrupted" in panel.words()
    assert panel.post("/backups/local/backup").status_code == 303


def test_nonsense_is_answered_with_a_code(panel: Panel) -> None:
    assert panel.post("/backups/nowhere/backup").status_code == 404
    assert panel.post("/backups/local/format").status_code == 404
    assert panel.get("/backups/runs/999").status_code == 404
    assert panel.get("/backups/runs/999/progress").status_code == 404


def test_no_page_shows_a_repositorys_password(database: Database, clock: SettableClock, tmp_path: Path) -> None:
    door.add_person(database, "karim.haddad", "Karim Haddad", Role.MAINTAINER)
    tools = door.tools(database, clock, tmp_path)
    target = BackupTarget("offsite", "rest:https://socle:s3cret@backup.example/cabinet")
    tools.provide(Settings, lambda: Settings(backup=BackupSettings(targets=(target,))))
    with maintainer_app(tools).test_client() as client:
        client.post("/sign-in", base_url=BASE, data={"username": "karim.haddad", "password": door.PASSWORD})
        pages = [client.get(path, base_url=BASE).text for path in ("/backups", "/", "/checks")]
    assert "rest:https://socle:***@backup.example/cabinet" in pages[0]
    assert not any("s3cret" in page for page in pages)


def test_a_drills_report_is_given_as_it_was_signed_and_nothing_beside_it(panel: Panel, database: Database) -> None:
    report = Report(
        target="local", repository="/x", practice="Cabinet", home="h", set_id="s", sealed_at="2026-11-22T01:00:00",
        drilled_at="2026-11-23T03:00:00", passed=True, seconds=1.0, engine="restic 0.18.0", checks=[],
    )  # fmt: skip
    file, refusal = reports.write(panel.home, report)
    assert refusal is None
    with alone(panel.home, "local"), recorded(database, machine("scheduler"), "local", Kind.DRILL) as journal:
        journal.report = dict(reports.summary(report, file))
    for kind, begins in (("pdf", b"%PDF-"), ("json", b"{"), ("sig", b"{")):
        answer = panel.get(f"/backups/runs/{journal.number}/report.{kind}")
        assert answer.status_code == 200
        assert answer.data == file.with_suffix(f".{kind}").read_bytes()
        assert answer.data.startswith(begins)
    assert panel.get(f"/backups/runs/{journal.number}/report.toml").status_code == 404
    assert panel.get("/backups/runs/99/report.pdf").status_code == 404
    with alone(panel.home, "local"), recorded(database, machine("scheduler"), "local", Kind.DRILL) as other:
        other.report = {"file": "../home-identity", "checks": []}
    assert panel.get(f"/backups/runs/{other.number}/report.json").status_code == 404
