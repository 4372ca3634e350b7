"""The reader's language in a request, and the words of the pages in it.

A page says a hundred words: flask_babel, which asks for the language at each, cost more than the rest of the frame.
"""

from functools import lru_cache

from flask import Flask, g, request
from flask_babel import Babel

from socle.foundation.clock import PARIS
from socle.foundation.wording import LOCALES, catalogue, catalogue_folders
from socle.web.kit import viewer


def install(app: Flask) -> None:
    """Let pages, and flask_babel's own gettext, speak the reader's language."""
    app.config.update(
        BABEL_DEFAULT_LOCALE="fr",
        BABEL_DEFAULT_TIMEZONE=PARIS.key,
        BABEL_TRANSLATION_DIRECTORIES=";".join(map(str, catalogue_folders())),
    )
    Babel(app, locale_selector=language)
    app.jinja_env.globals["language"] = language
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: said(language(), text),
        lambda one, many, num: _said_of_number(language(), one, many, num),
        newstyle=True,
    )


def language() -> str:
    """Return "fr" or "en": the person's own choice, the browser's, else French; found once in a request."""
    known: str | None = g.get("language")
    if known is None:
        known = g.language = _chosen()
    return known


def _chosen() -> str:
    who = viewer.current()
    asked = who.language if who else request.cookies.get("language", "")
    return asked if asked in LOCALES else str(request.accept_languages.best_match(LOCALES, default="fr"))


def gettext(text: str, **places: object) -> str:
    """Translate, and fill the places."""
    translated = said(language(), text)
    return translated % places if places else translated


def ngettext(one: str, many: str, num: int) -> str:
    """Translate the form that goes with a number."""
    return counted(language(), one, many, num)


@lru_cache(maxsize=4096)
def counted(language: str, one: str, many: str, num: int) -> str:
    """Return the form that goes with a number, with the number in it, in that language."""
    return _said_of_number(language, one, many, num) % {"num": num}


@lru_cache(maxsize=4096)
def said(language: str, text: str) -> str:
    """Return a text in that language."""
    return catalogue(language).gettext(text)


@lru_cache(maxsize=4096)
def _said_of_number(language: str, one: str, many: str, num: int) -> str:
    return catalogue(language).ngettext(one, many, num)
