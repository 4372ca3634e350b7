"""The signed reports: JSON, PDF and signature, and the command that refuses a changed byte."""

import io
from pathlib import Path

import pypdf
import pytest
from tests.builders import backups as places
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY

from socle.appliance.backups import reports, runs
from socle.appliance.backups.drill import Drilled, drill
from socle.appliance.backups.reports import ReportChanged, ReportForeign, ReportMissing
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import REPORT_SIGNING, Keys
from socle.migrations import history

pytestmark = [pytest.mark.real, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock) -> Place:
    return places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)


@pytest.fixture
def drilled(place: Place) -> Drilled:
    """A drill that passed, with its report."""
    runs.back_up(place.backups, place.target, ACTOR)
    return drill(place.backups, place.target, history, ACTOR)


def words(content: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())


def test_a_report_is_signed_and_a_changed_byte_is_refused(place: Place, drilled: Drilled) -> None:
    file, keys = drilled.file, place.home.keys
    for one in (file, file.with_suffix(".pdf")):
        verified = reports.verify(one, keys)
        content = one.read_bytes()
        assert one.stat().st_mode & 0o077 == 0
        for at in (10, len(content) // 2, len(content) - 2):
            changed = bytearray(content)
            changed[at] ^= 0x01
            one.write_bytes(changed)
            with pytest.raises(ReportChanged):
                reports.verify(one, keys)
        one.write_bytes(content)
    envelope = file.with_suffix(".sig").read_text()
    for old, new in (("2026", "2025"), ('"key": "', '"key": "00'), ('"signature": "', '"signature": "00')):
        file.with_suffix(".sig").write_text(envelope.replace(old, new, 1))
        with pytest.raises(ReportChanged):
            reports.verify(file, keys)
    file.with_suffix(".sig").write_text(envelope)
    other = Keys(place.home.folder.parent / "other keys")
    with pytest.raises(ReportForeign):
        reports.verify(file, other)
    assert reports.verify(file, None, verified.key).key == verified.key
    file.with_suffix(".sig").unlink()
    with pytest.raises(ReportMissing):
        reports.verify(file, keys)


def test_the_paper_says_what_was_proven(place: Place, drilled: Drilled) -> None:
    paper = words(drilled.file.with_suffix(".pdf").read_bytes())
    key = reports.verify(drilled.file, place.home.keys).key
    for said in (
        "Le cabinet peut être rendu au complet.", "Cabinet", drilled.report.set_id, key, "Application", "SHA-256",
    ):  # fmt: skip
        assert said in paper, said
    english = words(reports.printed(drilled.file, place.home.keys, "en"))
    assert "The practice can be brought back whole." in english


def test_the_proofs_and_their_key_are_in_the_next_set(place: Place, drilled: Drilled) -> None:
    manifest = runs.back_up(place.backups, place.target, ACTOR)
    assert REPORT_SIGNING in manifest.keys
    kept = {name for name in manifest.settings if name.startswith("reports/")}
    assert kept == {f"reports/{drilled.file.with_suffix(suffix).name}" for suffix in (".json", ".sig")}
    assert drill(place.backups, place.target, history, ACTOR).report.passed


def test_a_drill_is_proven_even_where_no_pdf_can_be_made(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.back_up(place.backups, place.target, ACTOR)
    monkeypatch.setattr("socle.foundation.printing.LARGEST_BYTES", 3)
    done = drill(place.backups, place.target, history, ACTOR)
    assert reports.verify(done.file, place.home.keys)
    assert not done.file.with_suffix(".pdf").exists()
