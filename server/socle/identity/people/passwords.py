"""Passwords: how strong a new one must be, how one is kept and checked.

The rule is the CNIL's recommendation of 21 July 2022 (délibération 2022-100) for a password used alone, 80 bits: 12
characters drawn from capitals, small letters, digits and signs; 14 without signs; or a phrase of 7 words. Nobody
is made to change a good password on a date, as the same text asks. Kept as argon2id at OWASP's setting.
"""

import math
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from socle.foundation.errors import N_
from socle.identity.people.directory import PasswordTooWeak

LONGEST = 256
"""Characters; a longer one is refused before any hashing."""
BITS_NEEDED = 79.5
"""12 × log2(99) = 79.55: the CNIL's own figure for 12 characters among 99 signs, which it rounds to 80."""
WORDS_NEEDED = 7
_LONG_WORD = 5
_CLASSES = (  # the CNIL counts 37 signs
    (re.compile(r"[a-z]"), 26, N_("Or fewer, with small letters too.")),
    (re.compile(r"[A-Z]"), 26, N_("Or fewer, with capitals too.")),
    (re.compile(r"[0-9]"), 10, N_("Or fewer, with digits too.")),
    (re.compile(r"[^a-zA-Z0-9]"), 37, N_("Or fewer, with signs too.")),
)
# What people try first. Endings (years, digits, signs), capitals, accents and look-alike digits are undone by rule
# before comparing, so each line here stands for thousands of passwords.
_COMMON = frozenset(
    "password passwort motdepasse mdp azerty azertyuiop qwerty qwertyuiop qsdfgh wxcvbn soleil bonjour chouchou doudou "
    "loulou cheval france marseille paris lyon bienvenue welcome letmein iloveyou jetaime admin administrateur root "
    "secret test demo cabinet docteur medecin kine kinesitherapeute infirmier secretaire secretariat patient patients "
    "sante hopital clinique socle printemps automne hiver janvier fevrier juin juillet septembre octobre novembre "
    "decembre lundi mardi mercredi jeudi vendredi samedi dimanche changeme temporaire provisoire nouveau".split()
)
_LOOK_ALIKES = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_PHRASE = re.compile(r"[^\W\d_]+(?:[ \-_.,;:/']+[^\W\d_]+){2,}[.!?]?\Z")
_SEPARATORS = re.compile(r"[ \-_.,;:/'!?]+")


@dataclass(frozen=True)
class Missing:
    """One thing a refused password lacks: an English msgid and what fills its places."""

    text: str
    details: dict[str, object]


def prepared(password: str) -> bytes:
    """Return the bytes that are kept or sent: one spelling (NFC) for accents, whatever keyboard made them.

    Raises UnicodeEncodeError for text that no keyboard makes (lone surrogates).
    """
    return unicodedata.normalize("NFC", password).encode()


def words_of(name: str) -> list[str]:
    """Return a practice's name and each of its words long enough to build a password on."""
    return [name, *(word for word in re.split(r"[\W\d_]+", name) if len(word) >= _LONG_WORD)]


def check(password: str, *, username: str = "", names: Iterable[str] = ()) -> None:
    """Accept a new password or raise PasswordTooWeak, whose details hold `missing`, a list of Missing.

    `names` are words others would try first: the person's own, the practice's.
    """
    missing = list(_refusals(password, username, [name for name in names if name]))
    if missing:
        raise PasswordTooWeak(missing=missing)


def _refusals(password: str, username: str, names: list[str]) -> Iterator[Missing]:
    if len(password) > LONGEST:
        yield Missing(N_("At most %(limit)s characters."), {"limit": LONGEST})
        return
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in password):
        yield Missing(N_("No invisible control characters."), {})
        return
    if not password:
        yield Missing(N_("It is empty."), {})
        return
    plain = _folded(password)
    if len(username) >= 4 and _folded(username) in plain:
        yield Missing(N_("The user name must not be in it."), {})
    if any(len(_folded(name)) >= 4 and _folded(name) in plain for name in names):
        yield Missing(N_("Your own name and the practice's must not be in it."), {})
    if _is_common(password):
        yield Missing(N_("It is among the passwords that everybody tries first."), {})
    elif _PHRASE.match(password):
        words = {_folded(word) for word in _SEPARATORS.split(password) if word}
        if len(words) < WORDS_NEEDED:
            yield Missing(
                N_("A phrase needs %(needed)s different words: %(more)s more."),
                {"needed": WORDS_NEEDED, "more": WORDS_NEEDED - len(words)},
            )
    else:
        yield from _too_short(password)


def _too_short(password: str) -> Iterator[Missing]:
    counted = _without_runs(password)
    alphabet = sum(size for pattern, size, _ in _CLASSES if pattern.search(password))
    if len(counted) * math.log2(alphabet) >= BITS_NEEDED:
        return
    more = math.ceil(BITS_NEEDED / math.log2(alphabet)) - len(counted)
    yield Missing(N_("Characters of the same kinds to add: %(more)s."), {"more": more})
    for pattern, _, advice in _CLASSES:
        if not pattern.search(password):
            yield Missing(advice, {})
    if len(counted) < len(password):
        yield Missing(N_("Repetitions and sequences (aaa, 1234, abcabc) count once."), {})


def _without_runs(password: str) -> str:
    """Return the password without the characters that only go on what came before."""
    for size in range(1, len(password) // 2 + 1):
        if password == (password[:size] * len(password))[: len(password)]:
            return _without_runs(password[:size])
    kept = password[:2]
    for before, sign, after in zip(password, password[1:], password[2:], strict=False):
        step = ord(sign) - ord(before)
        if abs(step) > 1 or ord(after) - ord(sign) != step:
            kept += after
    return kept


def _folded(text: str) -> str:
    """Return letters and digits only, small, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if sign.isalnum())


def _is_common(password: str) -> bool:
    """Tell whether only common words are left without digits and signs, or with look-alikes read as letters."""
    spoken = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", password).translate(_LOOK_ALIKES)
    plain = (re.sub(r"\d", "", _folded(password)), _folded(spoken))
    return any(text and _made_of_common(text) for text in plain)


def _made_of_common(text: str) -> bool:
    reached = {0}
    for end in range(1, len(text) + 1):
        if any(text[start:end] in _COMMON for start in reached):
            reached.add(end)
    return len(text) in reached


def generate() -> str:
    """Return a new password of 89 bits that can be read aloud: 18 signs in groups of 6, none like another."""
    while True:
        signs = [secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(18)]
        password = "-".join("".join(signs[start : start + 6]) for start in (0, 6, 12))
        if not list(_refusals(password, "", [])):
            return password


class Hasher:
    """Keeps and checks passwords as argon2id: time 2, 19 MiB, 1 lane (OWASP's setting) unless told otherwise."""

    def __init__(self, time_cost: int = 2, memory_kib: int = 19 * 1024, lanes: int = 1) -> None:
        self._argon2 = PasswordHasher(time_cost, memory_kib, lanes, type=Type.ID)

    def keep(self, password: str) -> str:
        """Return the hash to keep."""
        return self._argon2.hash(prepared(password))

    def is_right(self, kept: str | None, password: str) -> bool:
        """Tell whether the password is the one kept; takes as long when nothing is kept (an unknown person)."""
        try:
            return self._argon2.verify(kept or self._nobody, prepared(password)) and kept is not None
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False

    def is_old(self, kept: str) -> bool:
        """Tell whether the hash was made with other settings and should be made again at the next sign-in."""
        return self._argon2.check_needs_rehash(kept)

    @cached_property
    def _nobody(self) -> str:
        return self._argon2.hash(b"nobody has this password")
