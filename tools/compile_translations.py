"""Compiles each catalogue that changed: server/socle/translations/<area>/<language>/LC_MESSAGES/messages.po to .mo."""

import sys
from pathlib import Path

TRANSLATIONS = Path(__file__).resolve().parents[1] / "server/socle/translations"


def stale() -> list[Path]:
    """Return the catalogues that have no compiled twin, or an older one."""
    catalogues = sorted(TRANSLATIONS.glob("*/*/LC_MESSAGES/messages.po"))
    return [path for path in catalogues if not _is_fresh(path.with_suffix(".mo"), path)]


def _is_fresh(compiled: Path, source: Path) -> bool:
    return compiled.exists() and compiled.stat().st_mtime_ns > source.stat().st_mtime_ns


def compile_catalogues(paths: list[Path]) -> None:
    """Write each catalogue's compiled twin in one move, so that a running server never reads half of it."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415  most runs compile nothing: they skip this import
    from babel.messages.pofile import read_po  # noqa: PLC0415

    for path in paths:
        with path.open("rb") as source:
            catalogue = read_po(source, locale=path.parents[1].name, abort_invalid=True)
        partial = path.with_suffix(".mo.new")
        with partial.open("wb") as target:
            write_mo(target, catalogue)
        partial.replace(path.with_suffix(".mo"))


if __name__ == "__main__":
    try:
        compile_catalogues(stale())
    except ValueError as error:
        sys.exit(f"A catalogue cannot be read: {error}")
