"""What is strange about a new set beside the one before: data that shrank, and documents that changed.

Documents are written once and never changed. One that holds something else today was damaged or encrypted by somebody,
so a set that contains it is shown, and nothing older is removed until a person has looked.
"""

from collections.abc import Iterator, Mapping

from socle.appliance.backups.seal import Manifest

SHRUNK_BY = 0.2
FEW = 20
"""Below so many, a fifth less means nothing."""


def found(before: Manifest | None, now: Manifest) -> list[dict[str, object]]:
    """Return what is strange, each with its code, the counts before and now, and a table's name where it has one."""
    if before is None:
        return []
    strange = [*_shrunk(before, now)]
    changed = _changed(before, now)
    if changed:
        strange.append({"code": "documents-changed", "before": len(before.documents), "now": changed})
    return strange


def _shrunk(before: Manifest, now: Manifest) -> Iterator[dict[str, object]]:
    sizes = {
        "fewer-documents": (len(before.documents), len(now.documents)),
        "fewer-people": (before.directory.entries, now.directory.entries if now.directory.reached else None),
        "smaller-documents": (_bytes(before), _bytes(now)),
    }
    for code, (was, is_now) in sizes.items():
        if is_now is not None and _less(was, is_now):
            yield {"code": code, "before": was, "now": is_now}
    yield from _fewer_rows(_rows(before), _rows(now))


def _fewer_rows(before: Mapping[str, int], now: Mapping[str, int]) -> Iterator[dict[str, object]]:
    """A table that a migration took away has gone on purpose; one that is there and lost a fifth has not."""
    for table, was in before.items():
        if table in now and not _is_fleeting(table) and _less(was, now[table]):
            yield {"code": "fewer-rows", "table": table, "before": was, "now": now[table]}


def _is_fleeting(table: str) -> bool:
    """Sessions, tries, drafts and the search index shrink by themselves every night."""
    return any(word in table for word in ("session", "attempt", "throttl", "held_", "import", "search", "_fts", "job_"))


def _less(before: int, now: int) -> bool:
    return before >= FEW and now < before * (1 - SHRUNK_BY)


def _changed(before: Manifest, now: Manifest) -> int:
    both = before.documents.keys() & now.documents.keys()
    return sum(now.documents[name].sha256 != before.documents[name].sha256 for name in both)


def _bytes(manifest: Manifest) -> int:
    return sum(one.size for one in manifest.documents.values())


def _rows(manifest: Manifest) -> dict[str, int]:
    return {name: table.rows for name, table in manifest.database.tables.items()}
