"""Column types that mean the same on PostgreSQL and on the embedded database."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

Identifier = BigInteger().with_variant(Integer(), "sqlite")
"""A row's number: 64 bits on both databases (SQLite numbers rows by itself only in an INTEGER column)."""

FoldedText = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""A folded search key, compared byte by byte so that a prefix is an index range (SQLite compares so already)."""


@lru_cache(maxsize=8192)
def _moment(text: str) -> datetime:
    """Read a moment; kept, for lists of appointments name the same few hundred times again and again."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class _TextMoment(sqlite.DATETIME):
    """SQLite's text of a moment in UTC."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None]:
        """Read a whole column."""
        return lambda text: None if text is None else _moment(text)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC: `timestamptz` on PostgreSQL, sortable text on SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pick the database's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(_TextMoment())  # type: ignore[no-untyped-call]

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment: nobody knows which hour it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back, aware, in UTC."""
        return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """A small structure, stored as compact JSON text with sorted keys, the same bytes on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Encode."""
        return None if value is None else msgspec.json.encode(value, order="sorted").decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Decode."""
        return None if value is None else msgspec.json.decode(value)
