"""Finds patients by what somebody typed. Every query is one bounded range of an index, on both databases."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, Subquery, and_, bindparam, exists, func, or_, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import ScalarSelect

from socle.practice.patients import dictionary, registry, summaries
from socle.practice.patients.keys import AFTER_ALL
from socle.practice.patients.models import Patient, PatientKey, PatientNameToken
from socle.practice.patients.summaries import PatientSummary
from socle.practice.patients.wanted import Wanted, is_narrow, understand

LIMIT = 30
_SPARE = 15
"""Rows beyond the limit: a patient found by two words of the same name comes twice."""
_COUNTED = 200
"""Counting stops here: beyond, a word is simply common."""

_Kind = Literal["words", "key"]
Condition = tuple[tuple[_Kind, str], ...]
"""Alternatives, one of which must hold: a word of the names begins so, or a key begins so."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. `approximate`: nothing matched as typed, these come close. `more`: there are others."""

    patients: tuple[PatientSummary, ...]
    approximate: bool = False
    more: bool = False


def by_text(session: Session, text: str, limit: int = LIMIT) -> Found:
    """Return the patients who match what was typed, the best first, archived ones last."""
    wanted = understand(text, registry.today(session))
    if not wanted.words and not wanted.criteria:
        return Found(())
    exactly = [(word,) for word in wanted.words]
    found = _run(session, exactly, wanted, limit)
    if found or not wanted.words:
        return Found(tuple(found[:limit]), more=len(found) > limit)
    corrected = _corrected(session, wanted.words)
    close = _run(session, corrected, wanted, limit) if corrected != exactly else []
    return Found(tuple(close[:limit]), approximate=True, more=len(close) > limit)


def listed(session: Session, after: int | None = None, limit: int = LIMIT) -> Found:
    """Return the active patients in the order of their names, from the one after that number on."""
    statement = select(*summaries.COLUMNS).where(Patient.archived.is_(False))
    if after is not None:
        place = session.execute(select(Patient.search_words).where(Patient.id == after)).scalar_one_or_none() or ""
        # The plain lower bound lets both databases start their walk of the index at the right place.
        later = or_(Patient.search_words > place, Patient.id > after)
        statement = statement.where(Patient.search_words >= place, later)
    rows = session.execute(statement.order_by(Patient.search_words, Patient.id).limit(limit + 1)).all()
    return Found(tuple(summaries.from_row(row) for row in rows[:limit]), more=len(rows) > limit)


def _corrected(session: Session, words: Sequence[str]) -> list[tuple[str, ...]]:
    known = dictionary.of(session)
    return [tuple(([word] if known.knows_beginning(word) else []) + known.close_to(word)) or (word,) for word in words]


def _run(session: Session, words: Sequence[tuple[str, ...]], wanted: Wanted, limit: int) -> list[PatientSummary]:
    narrow = next((criterion for criterion in wanted.criteria if all(map(is_narrow, criterion))), None)
    if words and narrow is None:
        return _from_a_name(session, words, [_key_condition(criterion) for criterion in wanted.criteria], limit)
    start = narrow or wanted.criteria[0]
    conditions = [_word_condition(alternatives) for alternatives in words]
    conditions += [_key_condition(criterion) for criterion in wanted.criteria if criterion is not start]
    found: dict[int, PatientSummary] = {}
    for prefix in start:
        statement = _from_key(tuple(map(_shape, conditions)))
        parameters = {"low": prefix, "high": prefix + AFTER_ALL, "most": limit + 1} | _values(conditions)
        rows = session.execute(statement, parameters)
        found |= {row.id: summaries.from_row(row) for row in rows if row.id not in found}
    return _archived_last(found.values())


def _from_a_name(
    session: Session, words: Sequence[tuple[str, ...]], conditions: list[Condition], limit: int
) -> list[PatientSummary]:
    place = _rarest(session, words) if len(words) > 1 else 0
    start = words[place]
    conditions = [_word_condition(other) for other in (*words[:place], *words[place + 1 :])] + conditions
    statement = _from_tokens(len(start), tuple(map(_shape, conditions)))
    parameters = _values(conditions)
    for number, prefix in enumerate(start):
        parameters |= {f"low_{number}": prefix, f"high_{number}": prefix + AFTER_ALL}
    found: dict[int, PatientSummary] = {}
    for most in (limit + _SPARE, 20 * limit):
        rows = session.execute(statement, parameters | {"most": most}).all()
        found = {}
        for row in rows:
            found.setdefault(row.id, summaries.from_row(row))
        if len(found) > limit or len(rows) < most:
            break
    return _archived_last(found.values())


def _archived_last(patients: Iterable[PatientSummary]) -> list[PatientSummary]:
    return sorted(patients, key=lambda patient: patient.archived)


def _rarest(session: Session, words: Sequence[tuple[str, ...]]) -> int:
    """Return the place of the word with the fewest patients (its first alternative stands for all)."""
    parameters: dict[str, Any] = {"most": _COUNTED}
    for number, alternatives in enumerate(words):
        parameters |= {f"low_{number}": alternatives[0], f"high_{number}": alternatives[0] + AFTER_ALL}
    counts = tuple(session.execute(_counting(len(words)), parameters).one())
    return min(range(len(words)), key=lambda number: (counts[number], -len(words[number][0])))


def _word_condition(alternatives: tuple[str, ...]) -> Condition:
    return tuple(("words", f"% {prefix}%") for prefix in alternatives)


def _key_condition(prefixes: tuple[str, ...]) -> Condition:
    # Birth dates are among the search words, as "#1980-03-12".
    return tuple(("words", f"% #{prefix[1:]}%") if prefix.startswith("d") else ("key", prefix) for prefix in prefixes)


def _shape(condition: Condition) -> tuple[_Kind, ...]:
    return tuple(kind for kind, _text in condition)


def _values(conditions: Sequence[Condition]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for number, condition in enumerate(conditions):
        for other, (kind, text) in enumerate(condition):
            values[f"with_{number}_{other}"] = text
            if kind == "key":
                values[f"below_{number}_{other}"] = text + AFTER_ALL
    return values


@lru_cache(maxsize=256)
def _from_tokens(ranges: int, shapes: tuple[tuple[_Kind, ...], ...]) -> Select[*tuple[Any, ...]]:
    parts = [_one_range(number, shapes) for number in range(ranges)]
    inner: Subquery = parts[0].subquery() if ranges == 1 else union_all(*(_alone(part) for part in parts)).subquery()
    statement = select(*summaries.COLUMNS).join(inner, Patient.id == inner.c.patient_id)
    order = [inner.c.token, inner.c.rank, inner.c.words, inner.c.patient_id]
    # Corrections come closest first, and each range is sorted already.
    return statement.order_by(*([inner.c.place] if ranges > 1 else []), *order)


def _alone(part: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    limited = part.subquery()
    return select(limited)


def _one_range(number: int, shapes: tuple[tuple[_Kind, ...], ...]) -> Select[*tuple[Any, ...]]:
    token = PatientNameToken
    conditions = [_clause(place, shape, token.words, token.patient_id) for place, shape in enumerate(shapes)]
    return (
        select(
            token.token, token.rank, token.words, token.patient_id, bindparam(f"place_{number}", number).label("place")
        )
        .where(token.token >= bindparam(f"low_{number}"), token.token < bindparam(f"high_{number}"), *conditions)
        .order_by(token.token, token.rank, token.words, token.patient_id)
        .limit(bindparam("most"))
    )


@lru_cache(maxsize=256)
def _from_key(shapes: tuple[tuple[_Kind, ...], ...]) -> Select[*tuple[Any, ...]]:
    conditions = [_clause(place, shape, Patient.search_words, Patient.id) for place, shape in enumerate(shapes)]
    return (
        select(*summaries.COLUMNS)
        .join(PatientKey, PatientKey.patient_id == Patient.id)
        .where(PatientKey.key >= bindparam("low"), PatientKey.key < bindparam("high"), *conditions)
        .order_by(PatientKey.key, PatientKey.patient_id)
        .limit(bindparam("most"))
    )


@lru_cache(maxsize=16)
def _counting(words: int) -> Select[*tuple[Any, ...]]:
    def count(number: int) -> ScalarSelect[int]:
        token = PatientNameToken.token
        some = select(PatientNameToken.rank).where(
            token >= bindparam(f"low_{number}"), token < bindparam(f"high_{number}")
        )
        return select(func.count()).select_from(some.limit(bindparam("most")).subquery()).scalar_subquery()

    return select(*(count(number) for number in range(words)))


def _clause(number: int, shape: tuple[_Kind, ...], words: Any, patient_id: Any) -> ColumnElement[bool]:
    return or_(*(_one_clause(kind, f"{number}_{other}", words, patient_id) for other, kind in enumerate(shape)))


def _one_clause(kind: _Kind, name: str, words: Any, patient_id: Any) -> ColumnElement[bool]:
    if kind == "words":
        matches: ColumnElement[bool] = words.like(bindparam(f"with_{name}"))
        return matches
    other = PatientKey.__table__.alias(f"key_{name}")
    in_range = and_(other.c.key >= bindparam(f"with_{name}"), other.c.key < bindparam(f"below_{name}"))
    return exists(select(other.c.key).where(other.c.patient_id == patient_id, in_range))
