"""Finds patients by what somebody typed. Every query is one bounded range of an index, on both databases."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from socle.practice.patients import dictionary, ranges, registry, summaries
from socle.practice.patients.keys import AFTER_ALL
from socle.practice.patients.models import Patient
from socle.practice.patients.summaries import PatientSummary
from socle.practice.patients.wanted import Wanted, is_narrow, understand

_patient = Patient.__table__.c
LIMIT = 30
_SPARE = 15
"""Rows beyond the limit: a patient found by two words of the same name comes twice."""
_GATHERED = 400
"""As many people may share the beginning of a narrow number before those with the right name are picked."""
_COUNTED = 1000
"""Counting stops here: beyond, a word is simply common."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. `approximate`: nothing matched as typed, these come close. `more`: there are others."""

    patients: tuple[PatientSummary, ...]
    approximate: bool = False
    more: bool = False


def prepare(session: Session) -> None:
    """Read the names that searches compare with, so that the first search does not wait for it (0.5 s of 500,000)."""
    dictionary.of(session).refresh(session)


def by_text(session: Session, text: str, limit: int = LIMIT) -> Found:
    """Return the patients who match what was typed, the best first, archived ones last."""
    wanted = understand(text, registry.today(session))
    if not wanted.words and not wanted.criteria:
        return Found(())
    exactly: list[tuple[str, ...]] = [(word,) for word in wanted.words]
    known = dictionary.of(session)
    if _all_known(session, known, wanted.words):
        found = _run(session, exactly, wanted, limit)
        if found or not wanted.words:
            return Found(tuple(found[:limit]), more=len(found) > limit)
    close: list[PatientSummary] = []
    tried = exactly
    # First the words that no name begins with are mended; then, if that is not enough, every word.
    for spare in (True, False):
        meant = [_meant(known, word, spare=spare) for word in wanted.words]
        if not close and meant != tried:
            close, tried = _run(session, meant, wanted, limit), meant
    return Found(tuple(close[:limit]), approximate=True, more=len(close) > limit)


def _all_known(session: Session, known: dictionary.NameDictionary, words: Sequence[str]) -> bool:
    """Tell whether some name begins like each word; if none does, the database need not be asked."""
    if all(map(known.knows_beginning, words)):
        return True
    known.refresh(session)
    return all(map(known.knows_beginning, words))


def _meant(known: dictionary.NameDictionary, word: str, *, spare: bool) -> tuple[str, ...]:
    as_typed = [word] if known.knows_beginning(word) else []
    if as_typed and spare:
        return (word,)
    return tuple(as_typed + known.close_to(word)) or (word,)


def listed(session: Session, after: int | None = None, limit: int = LIMIT) -> Found:
    """Return the active patients in the order of their names, from the one after that number on."""
    statement = select(*summaries.COLUMNS).where(_patient.archived.is_(False))
    if after is not None:
        place = session.execute(select(_patient.search_words).where(_patient.id == after)).scalar_one_or_none() or ""
        # The plain lower bound lets both databases start their walk of the index at the right place.
        later = or_(_patient.search_words > place, _patient.id > after)
        statement = statement.where(_patient.search_words >= place, later)
    rows = session.execute(statement.order_by(_patient.search_words, _patient.id).limit(limit + 1)).all()
    return Found(tuple(summaries.from_row(row) for row in rows[:limit]), more=len(rows) > limit)


def _run(session: Session, words: Sequence[tuple[str, ...]], wanted: Wanted, limit: int) -> list[PatientSummary]:
    narrow = next((criterion for criterion in wanted.criteria if all(map(is_narrow, criterion))), None)
    if words and narrow is None:
        return _from_a_name(session, words, [ranges.key_condition(criterion) for criterion in wanted.criteria], limit)
    start = narrow or wanted.criteria[0]
    return _from_a_number(session, start, words, [other for other in wanted.criteria if other is not start], limit)


def _from_a_number(
    session: Session,
    start: tuple[str, ...],
    words: Sequence[tuple[str, ...]],
    others: Sequence[tuple[str, ...]],
    limit: int,
) -> list[PatientSummary]:
    # Of a second number only its likeliest meaning counts: nobody types two by chance.
    conditions: list[ranges.Condition] = [(("key", meanings[0]),) for meanings in others]
    parameters = ranges.values(conditions) | {"most": _GATHERED if words else limit + 1}
    rows: list[Row[Any]] = []
    for prefix in start:
        found = session.execute(
            ranges.from_key(len(conditions)), parameters | {"low": prefix, "high": prefix + AFTER_ALL}
        )
        rows += [row for row in found if _has_words(row.search_words, words)]
    return _best(rows, limit)


def _has_words(search_words: str, words: Sequence[tuple[str, ...]]) -> bool:
    return all(any(f" {prefix}" in search_words for prefix in alternatives) for alternatives in words)


def _from_a_name(
    session: Session, words: Sequence[tuple[str, ...]], conditions: list[ranges.Condition], limit: int
) -> list[PatientSummary]:
    place = _rarest(session, words) if len(words) > 1 else 0
    start = words[place]
    conditions = [ranges.word_condition(other) for other in (*words[:place], *words[place + 1 :])] + conditions
    statement = ranges.from_tokens(len(start), tuple(map(ranges.shape, conditions)))
    parameters = ranges.values(conditions)
    for number, prefix in enumerate(start):
        parameters |= {f"low_{number}": prefix, f"high_{number}": prefix + AFTER_ALL}
    best: list[PatientSummary] = []
    # A patient whose two given names both match comes twice: rarely, the first rows are too few people.
    for most in (limit + _SPARE if len(start) == 1 else 2 * limit // 3, 20 * limit):
        rows = session.execute(statement, parameters | {"most": most}).all()
        best = _best(rows, limit)
        if len(best) > limit or len(rows) < most:
            break
    return best


def _best(rows: Iterable[Row[Any]], limit: int) -> list[PatientSummary]:
    """Return at most one person more than the limit, each once, in the order of the rows, archived ones last."""
    people: dict[int, Row[Any]] = {}
    for row in rows:
        people.setdefault(row[0], row)
    in_order = sorted(people.values(), key=itemgetter(summaries.ARCHIVED))
    return [summaries.from_row(row) for row in in_order[: limit + 1]]


def _rarest(session: Session, words: Sequence[tuple[str, ...]]) -> int:
    """Return the place of the word with the fewest patients (its first alternative stands for all)."""
    parameters: dict[str, Any] = {"most": _COUNTED}
    for number, alternatives in enumerate(words):
        parameters |= {f"low_{number}": alternatives[0], f"high_{number}": alternatives[0] + AFTER_ALL}
    counts = tuple(session.execute(ranges.counting(len(words)), parameters).one())
    return min(range(len(words)), key=lambda number: (counts[number], -len(words[number][0])))
