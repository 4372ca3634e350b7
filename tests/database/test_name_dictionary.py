"""The dictionary of names: what a whole reading finds gone is forgotten, and what has not changed is not made again."""

import pytest
from sqlalchemy import delete
from tests.builders.patients import person

from socle.foundation.database import Database
from socle.identity.actor import Actor
from socle.practice.patients import dictionary, registry, search
from socle.practice.patients.models import NameToken


def test_a_whole_reading_forgets_what_is_gone_and_learns_what_came(
    database: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as session:
        registry.create(session, actor, person("Lefranc", "Anne"))
    with database.reading() as session:
        search.prepare(session)
        known = dictionary.of(session)
        assert known.knows_beginning("lefranc")
    with database.writing() as session:
        registry.create(session, actor, person("Kerouac", "Yves"))
        session.execute(delete(NameToken).where(NameToken.token == "lefranc"))
    with database.reading() as session:
        known.refresh(session)
        assert known.knows_beginning("kerouac")
        assert known.knows_beginning("lefranc")
        monkeypatch.setattr(dictionary, "WHOLE_AGAIN_SECONDS", -1.0)
        known.refresh(session)
        assert known.knows_beginning("kerouac")
        assert not known.knows_beginning("lefranc")
        words = known._words
        known.refresh(session)
        assert known._words is words
