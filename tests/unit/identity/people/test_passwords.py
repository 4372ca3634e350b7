"""The rule for new passwords, and how they are kept."""

import pytest
from argon2 import extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from socle.identity.people import passwords
from socle.identity.people.directory import PasswordTooWeak
from socle.identity.people.passwords import Hasher

QUICK = Hasher(time_cost=1, memory_kib=64, lanes=1)


def missing(password: str, username: str = "anne.martin", names: tuple[str, ...] = ()) -> list[str]:
    """Return what a password is told to lack, in English."""
    try:
        passwords.check(password, username=username, names=names)
    except PasswordTooWeak as error:
        told = error.details["missing"]
        assert isinstance(told, list)
        return [one.text % one.details for one in told]
    return []


@pytest.mark.parametrize(
    "password",
    [
        "Tk7$wq9!Lmz2",  # 12 characters of 4 classes: 79.55 bits
        "aBcD3fGh1jKlMn",  # 14 without signs
        "tigre vélo nuage pomme fusée carte lampe",  # 7 words
        "Tigre, vélo, nuage ; pomme - fusée carte lampe !",
        "ptqzvbkrmwgnhjyxd",  # 17 small letters: 79.9 bits
        "859306172940618537206493",  # 24 digits
        "長い日本語のパスワードをここに書きます",
    ],
)
def test_80_bits_are_enough(password: str) -> None:
    assert missing(password) == []


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("", "It is empty."),
        ("Tk7$wq9!Lmz", "Characters of the same kinds to add: 1."),
        ("aBcD3fGh1jKlM", "Characters of the same kinds to add: 1."),
        ("aBcD3fGh1jKlM", "Or fewer, with signs too."),
        ("tigre vélo nuage pomme fusée carte", "A phrase needs 7 different words: 1 more."),
        ("tigre tigre tigre tigre tigre tigre tigre", "A phrase needs 7 different words: 6 more."),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "Repetitions and sequences (aaa, 1234, abcabc) count once."),
        ("Aa1!Aa1!Aa1!Aa1!Aa1!", "Repetitions and sequences (aaa, 1234, abcabc) count once."),
        ("abcdefghijklmnopqrstuvwxyz", "Repetitions and sequences (aaa, 1234, abcabc) count once."),
        ("98765432109876543210987654", "Repetitions and sequences (aaa, 1234, abcabc) count once."),
        ("Tk7$wq9!Lmz2\0", "No invisible control characters."),
        ("Tk7$wq9!Lmz2\ud800", "No invisible control characters."),
        ("x" * 257, "At most 256 characters."),
        ("Anne.Martin-Tk7$wq9!", "The user name must not be in it."),
        ("ANNÉ-mártin!Tk7$wq9!", "The user name must not be in it."),
    ],
)
def test_a_refusal_says_what_is_missing(password: str, told: str) -> None:
    assert told in missing(password)


@pytest.mark.parametrize(
    "password",
    ["azerty", "Motdepasse2026!", "M0tDeP4sse-Cabinet!", "P@ssw0rd123456!", "Soleil2026Soleil!", "Docteur.Kine.2027"],
)
def test_what_everybody_tries_first_is_refused_whatever_its_length(password: str) -> None:
    assert missing(password) == ["It is among the passwords that everybody tries first."]


def test_names_others_would_try_are_refused() -> None:
    told = missing("Tilleuls-Tk7$wq9!Lm", names=("Cabinet", "Tilleuls", "Lou", ""))
    assert told == ["Your own name and the practice's must not be in it."]
    assert missing("Louvre-Tk7$wq9!Lm", names=("Lou",)) == []


def test_no_word_of_the_practices_name_is_a_password() -> None:
    names = tuple(passwords.words_of("Cabinet médical des Tilleuls-Fleuris 31"))
    for word in ("Tilleuls", "FLEURIS", "medical", "cabinet"):
        assert missing(f"{word}-Tk7$wq9!Lm", names=names) == ["Your own name and the practice's must not be in it."]
    assert missing("desert-Tk7$wq9!Lm", names=names) == []


@given(st.text(max_size=300))
def test_any_text_gets_an_answer(password: str) -> None:
    assert missing(password) is not None


@given(st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=11))
def test_no_password_of_less_than_12_characters_passes(password: str) -> None:
    assert missing(password)


def test_what_is_made_here_passes_and_is_never_the_same() -> None:
    made = {passwords.generate() for _ in range(200)}
    assert len(made) == 200
    assert not any(missing(password) for password in made)


def test_a_kept_password_is_argon2id_at_owasps_setting() -> None:
    parameters = extract_parameters(Hasher().keep("Tk7$wq9!Lmz2"))
    assert (parameters.type.name, parameters.time_cost) == ("ID", 2)
    assert (parameters.memory_cost, parameters.parallelism) == (19 * 1024, 1)


def test_only_the_same_password_is_right() -> None:
    kept = QUICK.keep("Crème brûlée")
    assert QUICK.is_right(kept, "Crème brûlée")
    assert QUICK.is_right(kept, "Cre\u0300me bru\u0302le\u0301e")
    for other in ("", "Creme brulee", "Crème brûlée ", "\ud800"):
        assert not QUICK.is_right(kept, other)


def test_nobodys_password_is_never_right() -> None:
    assert not QUICK.is_right(None, "nobody has this password")
    assert not QUICK.is_right(None, "")
    assert not QUICK.is_right("not a hash", "x")


def test_a_hash_made_with_other_settings_is_old() -> None:
    assert not QUICK.is_old(QUICK.keep("x"))
    assert QUICK.is_old(Hasher(time_cost=2, memory_kib=64).keep("x"))
