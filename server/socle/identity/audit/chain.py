"""How entries are chained: each digest is keyed and covers the entry and the digest before it in its lane."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

LANES = 8
"""As many transactions write the trail at once on PostgreSQL; on the embedded database only one writes anyway."""
BEGINNING = ""
_COVERED = (
    "lane",
    "sequence",
    "at",
    "account_id",
    "actor",
    "workstation",
    "session_id",
    "action",
    "subject_type",
    "subject_id",
    "fields",
    "reason",
    "previous",
)


def digest(key: bytes, entry: Mapping[str, Any]) -> str:
    """Return the keyed digest (hex) of an entry given as a mapping of its columns."""
    return _keyed(key, [_plain(entry[name]) for name in _COVERED])


def seal(key: bytes, lane: int, sequence: int, last: str) -> str:
    """Return the keyed seal of a lane's head."""
    return _keyed(key, ["head", lane, sequence, last])


def _keyed(key: bytes, content: list[Any]) -> str:
    return hmac.digest(key, msgspec.json.encode(content), "sha256").hex()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
