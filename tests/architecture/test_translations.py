"""No string is left out of the French catalogues, none is translated twice or for nothing, and the places agree."""

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

SERVER = Path(__file__).resolve().parents[2] / "server/socle"
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"silent": "false", "trimmed": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "say": None, "counted": (2, 3)}
PLACES = re.compile(r"%\((\w+)\)[sdif]|%[sd]|\{(\w*)\}")
Text = str | tuple[str, ...]


@cache
def spoken() -> dict[Text, str]:
    """Return each message of the code and the templates, with one place where it stands."""
    found: dict[Text, str] = {}
    for path, line, message, _comments, _context in extract_from_dir(SERVER, METHODS, OPTIONS, KEYWORDS):
        text = message if isinstance(message, str) else tuple(message)
        if text:
            found.setdefault(text, f"{path}:{line}")
    return found


@cache
def translated() -> dict[Text, list[tuple[str, Message]]]:
    """Return each message of the French catalogues, with the areas that translate it."""
    found: dict[Text, list[tuple[str, Message]]] = defaultdict(list)
    for path in sorted(SERVER.glob("translations/*/fr/LC_MESSAGES/messages.po")):
        with path.open("rb") as source:
            catalogue = read_po(source, locale="fr", abort_invalid=True)
        for message in catalogue:
            if message.id:
                text = message.id if isinstance(message.id, str) else tuple(message.id)
                found[text].append((path.parents[2].name, message))
    return found


def _sayings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def _singular(text: Text) -> str:
    return text if isinstance(text, str) else text[0]


def test_every_message_has_its_french() -> None:
    whole = {_singular(text) for text, places in translated().items() if _complete(places[0][1])}
    missing = [f"{place}: {text!r}" for text, place in spoken().items() if _singular(text) not in whole]
    assert not missing, "no French for:\n" + "\n".join(sorted(missing))


def _complete(message: Message) -> bool:
    sayings = _sayings(message)
    return not message.fuzzy and bool(sayings) and all(sayings)


def test_the_places_of_each_translation_agree() -> None:
    wrong = []
    for text, places in translated().items():
        wanted = {match.group() for match in PLACES.finditer(text if isinstance(text, str) else text[-1])}
        for area, message in places:
            for saying in _sayings(message):
                found = {match.group() for match in PLACES.finditer(saying)}
                # A plural's "one" may leave the number out: "un rendez-vous".
                if not (found == wanted or (isinstance(text, tuple) and found < wanted)):
                    wrong.append(f"{area}: {text!r} → {saying!r}")
    assert not wrong, "\n".join(wrong)


def test_no_message_has_two_different_translations() -> None:
    torn = []
    for text, places in translated().items():
        meant: dict[str | None, set[tuple[str, ...]]] = defaultdict(set)
        for _area, message in places:
            meant[message.context].add(tuple(_sayings(message)))
        torn += [f"{text!r}: {sorted(ways)}" for ways in meant.values() if len(ways) > 1]
    assert not torn, "\n".join(torn)


def test_no_translation_is_for_nothing() -> None:
    used = {_singular(text) for text in spoken()}
    idle = [f"{places[0][0]}: {text!r}" for text, places in translated().items() if _singular(text) not in used]
    assert not idle, "translated, but no code says it:\n" + "\n".join(sorted(idle))


@pytest.mark.parametrize("sign", ["...", "l'", "d'", "n'", "qu'"])
def test_french_is_typeset_with_its_own_signs(sign: str) -> None:
    """The ellipsis and the apostrophe are typographic."""
    plain = [
        f"{area}: {saying!r}"
        for places in translated().values()
        for area, message in places
        for saying in _sayings(message)
        if sign in saying
    ]
    assert not plain, "\n".join(plain)
