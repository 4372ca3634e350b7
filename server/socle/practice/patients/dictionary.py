"""The distinct words of all names, kept in the process, to find what a mistyped word was meant to be.

Comparing with a few thousand words costs less than a millisecond however many patients there are. The list is shared
by the threads of a process and extended by what was added since; it is read again whole from time to time, for a
transaction may commit words with numbers below those already seen.
"""

import time
from bisect import bisect_left
from threading import Lock
from weakref import WeakKeyDictionary

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import Engine, bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from socle.practice.patients import names
from socle.practice.patients.models import NameToken

WHOLE_AGAIN_SECONDS = 600.0
OVERLAP = 100
"""How many numbers are read again each time: those of people being added at this moment are committed in any order."""
MOST_CORRECTIONS = 4
_SHORTEST = 4
"""A word of three letters is one mistake away from too many others."""

_token = NameToken.__table__.c
_newer = select(_token.id, _token.token).where(_token.id > bindparam("last")).order_by(_token.id)


class NameDictionary:
    """Words sorted, and by sound."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read_whole_at = float("-inf")
        self._last_id = 0
        self._known: set[str] = set()
        self._words: list[str] = []
        self._sounds: dict[str, str] = {}
        self._by_sound: dict[str, list[str]] = {}
        self._by_length: dict[int, list[str]] = {}

    def refresh(self, session: Session) -> None:
        """Learn the words added since the last time."""
        with self._lock:
            started = time.monotonic()
            whole = started - self._read_whole_at > WHOLE_AGAIN_SECONDS
            last = 0 if whole else max(0, self._last_id - OVERLAP)
            rows = session.execute(_newer, {"last": last}).all()
            read = {token for _id, token in rows}
            if whole:
                self._read_whole_at = started
            if rows:
                self._last_id = max(self._last_id, rows[-1].id)
            if read != self._known if whole else not read <= self._known:
                self._known = read if whole else self._known | read
                self._take(self._known)

    def _take(self, words: set[str]) -> None:
        in_order = sorted(words)
        # How a word sounds is the dear part: 10 µs each, and a large practice knows 30,000.
        self._sounds = {word: self._sounds.get(word) or names.sound(word) for word in in_order}
        by_sound: dict[str, list[str]] = {}
        by_length: dict[int, list[str]] = {}
        for word in in_order:
            by_sound.setdefault(self._sounds[word], []).append(word)
            by_length.setdefault(len(word), []).append(word)
        # Readers hold no lock: they see the old lists or the new ones, each whole.
        self._words, self._by_sound, self._by_length = in_order, by_sound, by_length

    def knows_beginning(self, word: str) -> bool:
        """Tell whether some name begins so."""
        words = self._words
        place = bisect_left(words, word)
        return place < len(words) and words[place].startswith(word)

    def close_to(self, word: str) -> list[str]:
        """Return beginnings of names that the word may have been meant for, the closest first."""
        if len(word) < _SHORTEST:
            return []
        alike = [other for other in self._by_sound.get(names.sound(word), ()) if other != word]
        mistakes = 1 if len(word) < 7 else 2
        lengths = range(len(word) - mistakes, len(word) + mistakes + 1)
        near = _nearest(word, [other for length in lengths for other in self._by_length.get(length, ())], mistakes)
        if not near and not alike:
            near = _nearest(word, sorted({other[: len(word)] for other in self._words}), 1)
        return names.best_first([*near, *alike])[:MOST_CORRECTIONS]


def _nearest(word: str, words: list[str], mistakes: int) -> list[str]:
    found = process.extract(word, words, scorer=OSA.distance, score_cutoff=mistakes, limit=MOST_CORRECTIONS)
    return [other for other, _distance, _place in found if other != word]


_dictionaries: WeakKeyDictionary[Pool, NameDictionary] = WeakKeyDictionary()
_making = Lock()


def of(session: Session) -> NameDictionary:
    """Return the dictionary of the session's database, as it was when last refreshed."""
    bind = session.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    with _making:
        return _dictionaries.setdefault(engine.pool, NameDictionary())
