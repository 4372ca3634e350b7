"""`socle patients search` and `show`, on both databases."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from tests.builders.patients import ANNE, anne, person
from tests.parts import door

from socle.cli.patient_commands import patients_group
from socle.cli.terminal import Terminal
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import Actor
from socle.identity.audit.models import AuditEntry
from socle.practice.patients import registry
from socle.practice.patients.errors import PatientMissing


@pytest.fixture
def terminal(database: Database, clock: SettableClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("SOCLE_LANGUAGE", "fr")
    tools = door.tools(database, clock, tmp_path)
    return Terminal(tmp_path / "home", tmp_path / "keys", lambda _home: tools, {})


def _run(terminal: Terminal, *words: str) -> Result:
    return CliRunner().invoke(patients_group, words, obj=terminal, catch_exceptions=False)


def test_patients_are_found_in_words_and_in_json(terminal: Terminal, database: Database, actor: Actor) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)
        registry.create(session, actor, person("Durand", "Zoé"))
    told = _run(terminal, "search", "le", "goff")
    assert told.exit_code == 0
    assert "Le Goff" in told.output
    assert "06 12 34 56 78" in told.output
    assert "Durand" not in told.output
    assert "s’en approchent" in _run(terminal, "search", "duramd").output
    assert "Personne n’a été trouvé." in _run(terminal, "search", "xyzxyz").output
    given = json.loads(_run(terminal, "search", "legoff", "--json").output)
    assert [patient["id"] for patient in given["patients"]] == [number]
    assert (given["approximate"], given["more"]) == (False, False)


def test_a_file_is_shown_with_its_doubts_and_the_trail_says_so(
    terminal: Terminal, database: Database, actor: Actor
) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, anne(nir="280037505612300"))
    told = _run(terminal, "show", str(number)).output
    assert "Le Goff" in told
    assert "La clé de ce numéro est fausse" in told
    given = json.loads(_run(terminal, "show", str(number), "--json").output)
    assert given["details"]["birth_date"] == "1980-03-12"
    assert len(given["doubts"]) == 1
    with database.reading() as session:
        readers = session.execute(select(AuditEntry.actor).where(AuditEntry.action == "patient.read")).scalars().all()
    assert readers == ["command line", "command line"]


def test_an_unknown_number_is_refused(terminal: Terminal) -> None:
    with pytest.raises(PatientMissing):
        _run(terminal, "show", "404")
    assert _run(terminal, "show", "0").exit_code == 2
    assert _run(terminal, "show", str(2**63)).exit_code == 2
