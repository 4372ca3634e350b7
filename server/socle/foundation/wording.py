"""The catalogues outside a web request: the command line and printed reports speak the reader's language too."""

import gettext
import os
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

LOCALES = ("fr", "en")


def catalogue_folders() -> list[Path]:
    """Return every folder of catalogues, one per area of the house."""
    root = Path(str(files("socle") / "translations"))
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


@lru_cache
def catalogue(locale: str) -> gettext.NullTranslations:
    """Return all areas' catalogues of one language, as one; English needs none."""
    merged = gettext.NullTranslations()
    for folder in catalogue_folders() if locale != "en" else []:
        try:
            found = gettext.translation("messages", folder, [locale])
        except FileNotFoundError:
            continue
        if not isinstance(merged, gettext.GNUTranslations):
            merged = found
        else:
            merged.add_fallback(found)
    return merged


def terminal_locale() -> str:
    """Return the language of the person at the terminal: SOCLE_LANGUAGE, else French."""
    wanted = os.environ.get("SOCLE_LANGUAGE", "fr")[:2]
    return wanted if wanted in LOCALES else "fr"


def say(text: str, details: Mapping[str, object] | None = None, locale: str | None = None) -> str:
    """Translate an English msgid and fill its places."""
    spoken = locale or terminal_locale()
    translated = catalogue(spoken).gettext(text) if text else ""
    if not details:
        return translated
    return translated % {name: _number(value, spoken) for name, value in details.items()}


def _number(value: object, locale: str) -> object:
    """Write a fraction as the language does: 80,3 in French."""
    return f"{value}".replace(".", ",") if isinstance(value, float) and locale == "fr" else value
