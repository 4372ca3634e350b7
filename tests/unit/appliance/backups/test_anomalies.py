"""What is strange beside the set before: a fifth less of anything, or a document that changed at all."""

from datetime import UTC, datetime

import msgspec

from socle.appliance.backups import anomalies
from socle.appliance.backups.seal import DatabaseSeal, DirectorySeal, DocumentSeal, Manifest, TableSeal

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def manifest(*, patients: int = 100, sessions: int = 100, documents: int = 100, people: int = 5) -> Manifest:
    return Manifest(
        set_id="one",
        home="home",
        practice="Cabinet",
        started_at=NOW,
        sealed_at=NOW,
        versions={},
        parts={},
        database=DatabaseSeal(
            "embedded", "0009", "shape", {"patient": TableSeal(patients, ""), "session": TableSeal(sessions, "")}
        ),
        directory=DirectorySeal("embedded", people),
        documents={f"d{number}": DocumentSeal(1000, 1, f"sum{number}") for number in range(documents)},
        settings={},
        keys={},
        audit={},
    )


def codes(before: Manifest | None, now: Manifest) -> list[object]:
    return [one["code"] for one in anomalies.found(before, now)]


def test_a_normal_night_and_the_first_one_are_not_strange() -> None:
    assert codes(None, manifest()) == []
    assert codes(manifest(), manifest(patients=101, documents=120, sessions=3)) == []
    assert codes(manifest(), manifest(patients=81, documents=81)) == []


def test_a_fifth_less_is_strange() -> None:
    assert codes(manifest(), manifest(patients=79)) == ["fewer-rows"]
    assert codes(manifest(), manifest(documents=79)) == ["fewer-documents", "smaller-documents"]


def test_few_of_anything_may_go() -> None:
    assert codes(manifest(patients=10, people=8), manifest(patients=1, people=1)) == []


def test_one_changed_document_is_strange() -> None:
    before = manifest()
    changed = {**before.documents, "d7": DocumentSeal(1000, 2, "encrypted by somebody")}
    assert codes(before, msgspec.structs.replace(before, documents=changed)) == ["documents-changed"]
