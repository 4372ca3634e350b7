"""Several people and threads at once: one edit wins, the others learn it, and the dictionary serves them all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select
from tests.builders.patients import ANNE, anne, person

from socle.foundation.database import Database
from socle.identity.actor import Actor
from socle.practice.patients import dictionary, registry, search
from socle.practice.patients.errors import PatientChanged
from socle.practice.patients.models import PatientKey, PatientNameToken

THREADS = 6


def _together(work: Callable[[int], str]) -> list[str]:
    barrier = Barrier(THREADS)

    def at_once(number: int) -> str:
        barrier.wait(timeout=30)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(at_once, range(THREADS)))


def test_of_several_editors_one_wins_and_nothing_is_half_written(database: Database, actor: Actor) -> None:
    with database.writing() as session:
        number = registry.create(session, actor, ANNE)

    def edit(editor: int) -> str:
        name = f"Durand{chr(97 + editor)}"
        try:
            with database.writing() as session:
                registry.edit(session, actor, number, 1, anne(used_family_name=name))
        except PatientChanged:
            return ""
        return name

    (winner,) = [name for name in _together(edit) if name]
    with database.reading() as session:
        stored = registry.find(session, number)
        tokens = set(session.execute(select(PatientNameToken.token)).scalars())
        keys = list(session.execute(select(PatientKey.key)).scalars())
    assert (stored.details.used_family_name, stored.version) == (winner, 2)
    assert {token for token in tokens if token.startswith("durand")} == {winner.casefold()}
    assert len(keys) == len(set(keys))


def test_threads_share_one_dictionary_that_grows(database: Database, actor: Actor) -> None:
    def add_and_find(thread: int) -> str:
        names = [f"Kowal{chr(97 + thread)}{chr(97 + each)}ski" for each in range(5)]
        for name in names:
            with database.writing() as session:
                number = registry.create(session, actor, person(name, "Ewa"))
            with database.reading() as session:
                found = search.by_text(session, f"x{name[1:]}")
                if number not in [patient.id for patient in found.patients] or not found.approximate:
                    return name
        return ""

    assert _together(add_and_find) == [""] * THREADS


def test_a_word_committed_late_under_a_low_number_is_learnt(database: Database, actor: Actor) -> None:
    """An import takes its numbers first and commits last: its words must not stay unknown for ever."""
    with database.reading() as session:
        known = dictionary.of(session)
        known.refresh(session)
    with database.writing() as session:
        registry.create(session, actor, person("Leclerc", "Luc"))
    known._last_id += 1000  # as if words with higher numbers had been seen before this one was committed
    with database.reading() as session:
        known.refresh(session)
        assert not known.knows_beginning("lecl")
        known._read_whole_at -= dictionary.WHOLE_AGAIN_SECONDS + 1
        known.refresh(session)
        assert known.knows_beginning("lecl")
