"""The statements of the search: each a bounded range of an index, filtered in place, stopped at a limit."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import ScalarSelect

from socle.practice.patients import summaries
from socle.practice.patients.keys import AFTER_ALL
from socle.practice.patients.models import Patient, PatientKey, PatientNameToken

Kind = Literal["words", "key"]
Condition = tuple[tuple[Kind, str], ...]
"""Alternatives, one of which must hold: a word of the names begins so, or a key begins so."""
Shape = tuple[Kind, ...]
Shapes = tuple[Shape, ...]

_patients, _tokens, _keys = Patient.__table__, PatientNameToken.__table__, PatientKey.__table__
_patient, _token, _key = _patients.c, _tokens.c, _keys.c


def word_condition(alternatives: tuple[str, ...]) -> Condition:
    """Return: some word of the names begins with one of these."""
    return tuple(("words", f"% {prefix}%") for prefix in alternatives)


def key_condition(prefixes: tuple[str, ...]) -> Condition:
    """Return: some key of the patient begins with one of these."""
    # Birth dates are among the search words, as "#1980-03-12".
    return tuple(("words", f"% #{prefix[1:]}%") if prefix.startswith("d") else ("key", prefix) for prefix in prefixes)


def shape(condition: Condition) -> Shape:
    """Return the kinds of the alternatives: one statement serves all conditions of a shape."""
    return tuple(kind for kind, _text in condition)


def values(conditions: Sequence[Condition]) -> dict[str, Any]:
    """Return the parameters of the conditions."""
    found: dict[str, Any] = {}
    for number, condition in enumerate(conditions):
        for other, (kind, text) in enumerate(condition):
            found[f"with_{number}_{other}"] = text
            if kind == "key":
                found[f"below_{number}_{other}"] = text + AFTER_ALL
    return found


@lru_cache(maxsize=256)
def from_tokens(ranges: int, shapes: Shapes) -> Select[*tuple[Any, ...]]:
    """Return the people with a name in one of so many ranges [low_N, high_N), at most `most` of each."""
    parts = [_one_range(number, shapes) for number in range(ranges)]
    inner: Subquery = parts[0].subquery() if ranges == 1 else union_all(*(_alone(part) for part in parts)).subquery()
    statement = select(*summaries.COLUMNS).select_from(_patients.join(inner, _patient.id == inner.c.patient_id))
    order = [inner.c.token, inner.c.rank, inner.c.words, inner.c.patient_id]
    # Corrections come closest first, and each range is sorted already.
    return statement.order_by(*([inner.c.place] if ranges > 1 else []), *order)


def _alone(part: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    limited = part.subquery()
    return select(limited)


def _one_range(number: int, shapes: Shapes) -> Select[*tuple[Any, ...]]:
    token = _token
    conditions = [_clause(place, kinds, token.words, token.patient_id) for place, kinds in enumerate(shapes)]
    return (
        select(token.token, token.rank, token.words, token.patient_id, literal_column(str(number)).label("place"))
        .where(token.token >= bindparam(f"low_{number}"), token.token < bindparam(f"high_{number}"), *conditions)
        .order_by(token.token, token.rank, token.words, token.patient_id)
        .limit(bindparam("most"))
    )


@lru_cache(maxsize=16)
def from_key(others: int) -> Select[*tuple[Any, ...]]:
    """Return the people with a key in [low, high), at most `most`, and their search words as the last column.

    They may have to hold so many other conditions on keys. Conditions on words are left to the caller: a planner that
    sees them here may walk through all patients to find the words first.
    """
    return (
        select(*summaries.COLUMNS, _patient.search_words)
        .select_from(_keys.join(_patients, _key.patient_id == _patient.id))
        .where(_key.key >= bindparam("low"), _key.key < bindparam("high"))
        .where(*(_clause(place, ("key",), None, _key.patient_id) for place in range(others)))
        .order_by(_key.key, _key.patient_id)
        .limit(bindparam("most"))
    )


@lru_cache(maxsize=16)
def counting(words: int) -> Select[*tuple[Any, ...]]:
    """Return how many names each of so many ranges holds, counted up to `most`."""

    def count(number: int) -> ScalarSelect[int]:
        token = _token.token
        some = select(_token.rank).where(token >= bindparam(f"low_{number}"), token < bindparam(f"high_{number}"))
        # In the order of the index, so that the walk stops at the limit instead of gathering the whole range first.
        walked = some.order_by(_token.token).limit(bindparam("most"))
        return select(func.count()).select_from(walked.subquery()).scalar_subquery()

    return select(*(count(number) for number in range(words)))


def _clause(number: int, kinds: Shape, words: Any, patient_id: Any) -> ColumnElement[bool]:
    return or_(*(_one_clause(kind, f"{number}_{other}", words, patient_id) for other, kind in enumerate(kinds)))


def _one_clause(kind: Kind, name: str, words: Any, patient_id: Any) -> ColumnElement[bool]:
    if kind == "words":
        matches: ColumnElement[bool] = words.like(bindparam(f"with_{name}"))
        return matches
    other = _keys.alias(f"key_{name}")
    in_range = and_(other.c.key >= bindparam(f"with_{name}"), other.c.key < bindparam(f"below_{name}"))
    return exists(select(other.c.key).where(other.c.patient_id == patient_id, in_range))
