"""docs/reference/settings.md lists every key the settings file may hold."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from socle.foundation.settings import BackupTarget, Settings

REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference/settings.md"


def _keys(kind: type[msgspec.Struct], path: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(kind):
        place = f"{path}{field.encode_name}"
        if isinstance(field.default, msgspec.Struct):
            yield from _keys(type(field.default), f"{place}.")
        elif place == "backup.targets":
            yield from _keys(BackupTarget, "backup.targets.")
        else:
            yield place


def test_every_key_is_listed() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    missing = [
        key for key in _keys(Settings) if f"`{key}`" not in text and f"`.{key.rpartition('.')[2]}`" not in text
        and f"`{key.rpartition('.')[2]}`" not in text
    ]  # fmt: skip
    assert not missing
