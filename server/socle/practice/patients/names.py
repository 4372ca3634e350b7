"""Folding names, so that « Œuvrard-Le Goff » is found by whoever types “oeuvrard legoff”.

A folded name holds lower-case letters and digits without accents, its words parted by single spaces. Everything that
searches or compares people goes through this file, so that both databases see the same plain keys.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

MOST_WORDS = 16
"""More words than any civil-status record holds: what a pasted page would add is left out of the keys."""
LONGEST_WORD = 60

_SPECIAL = str.maketrans(
    {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
)


_ASCII_BREAKS = {code: " " for code in range(128) if not chr(code).isalnum()}


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Return the folded form: accents, ligatures, case, hyphens and apostrophes make no difference any more."""
    if text.isascii():
        return " ".join(text.lower().translate(_ASCII_BREAKS).split())
    plain = text.lower() if text.isascii() else _caseless(text).translate(_SPECIAL)
    kept = (letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    return " ".join("".join(kept).split())


def _caseless(text: str) -> str:
    # Unicode's compatibility caseless match (The Unicode Standard, D146): once is not enough for a few letters.
    for _ in range(2):
        text = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFKD", text)


def words(*names: str) -> list[str]:
    """Return the distinct folded words of several names, in order."""
    found = dict.fromkeys(word[:LONGEST_WORD] for name in names for word in fold(name).split())
    return list(found)[:MOST_WORDS]


def compact(name: str) -> str:
    """Return the folded name without its spaces: “Le Goff”, “Le-Goff” and “Legoff” become one."""
    return fold(name).replace(" ", "")[:LONGEST_WORD]


def joined(*names: str) -> list[str]:
    """Return what people type when they leave out the hyphen or the space: neighbouring words, and whole names."""
    found: dict[str, None] = {}
    for name in names:
        parts = fold(name).split()[:MOST_WORDS]
        found |= dict.fromkeys((first + second)[:LONGEST_WORD] for first, second in pairwise(parts))
        if len(parts) == 3:
            found["".join(parts)[:LONGEST_WORD]] = None
    return list(found)[:MOST_WORDS]


_SOUNDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[^a-z]", ""),
        (r"ph", "f"),
        (r"sch|sh|ch", "j"),
        (r"qu|ck|q|c(?![eiy])", "k"),
        (r"c", "s"),
        (r"g(?=[eiy])", "j"),
        (r"gu(?=[eiy])", "g"),
        (r"eau|au", "o"),
        (r"ai|ei", "e"),
        (r"y", "i"),
        (r"z", "s"),
        (r"w", "v"),
        (r"h", ""),
        (r"[ae]n|[ae]m(?=[bp])", "a"),
        (r"(.)\1+", r"\1"),
        (r"(?<=..)[sxtdpe]+$", ""),
    )
)


@lru_cache(maxsize=8192)
def sound(word: str) -> str:
    """Return roughly how a folded French word sounds: “philippe” and “filipe”, “gauthier” and “gautier” agree."""
    for pattern, replacement in _SOUNDS:
        word = pattern.sub(replacement, word)
    return word


def best_first(names: Iterable[str]) -> list[str]:
    """Return the non-empty names, distinct, in order."""
    return list(dict.fromkeys(name for name in names if name))
