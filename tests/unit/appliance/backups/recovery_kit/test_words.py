"""Two sheets give the secret; one gives nothing; and every slip of a tired person is named."""

from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics

from socle.appliance.backups.recovery_kit import kit_secret, words
from socle.foundation.errors import SocleError

SECRET = bytes(range(16))
SHEETS = words.split(SECRET)


@given(some.binary(min_size=16, max_size=16), some.permutations([0, 1, 2]))
@settings(max_examples=15, deadline=None)
def test_any_two_sheets_in_any_order_give_the_secret(secret: bytes, order: list[int]) -> None:
    sheets = [words.read(text) for text in words.split(secret)]
    assert [sheet.number for sheet in sheets] == [1, 2, 3]
    assert words.combine(sheets[order[0]], sheets[order[1]]) == secret


def test_one_sheet_alone_gives_nothing() -> None:
    for text in SHEETS:
        with pytest.raises(MnemonicError):
            combine_mnemonics([text])
        with pytest.raises(words.SheetTwice) as refused:
            words.combine(words.read(text), words.read(text.upper()))
        assert refused.value.details["sheet"] == words.read(text).number


def test_sheets_hold_no_part_of_the_secret() -> None:
    """Two kits of one secret have no sheet in common, and no share is the secret itself."""
    again = words.split(SECRET)
    assert not set(SHEETS) & set(again)
    assert all(words.read(text).share.value != SECRET for text in (*SHEETS, *again))


def test_sheets_of_two_kits_are_refused() -> None:
    for other in (words.split(SECRET), words.split(bytes(16))):
        for mine, theirs in combinations((*SHEETS[:2], *other[:2]), 2):
            if (mine in SHEETS) != (theirs in SHEETS):
                with pytest.raises(words.SheetsMixed):
                    words.combine(words.read(mine), words.read(theirs))


def _with(change: Callable[[list[str]], object]) -> str:
    changed = SHEETS[1].split()
    change(changed)
    return " ".join(changed)


def _exchange(place: int, other: int) -> Callable[[list[str]], object]:
    def change(found: list[str]) -> None:
        found[place], found[other] = found[other], found[place]

    return change


def refused(text: str) -> SocleError:
    with pytest.raises(SocleError) as caught:
        words.read(text)
    return caught.value


def test_every_pair_of_exchanged_words_is_named() -> None:
    typed = SHEETS[1].split()
    for place, other in combinations(range(20), 2):
        if typed[place] != typed[other]:
            error = refused(_with(_exchange(place, other)))
            assert (error.code, error.details) == ("KIT-WORDS-EXCHANGED", {"first": place + 1, "second": other + 1})


def test_a_word_of_the_list_in_anothers_place_is_named() -> None:
    typed = SHEETS[1].split()
    for place, others in ((0, ("academic", "acid")), (7, ("zero", "yoga")), (19, ("acid", "acne"))):
        wrong = others[typed[place] == others[0]]  # the words are drawn anew for each run
        error = refused(_with(lambda found, place=place, wrong=wrong: found.__setitem__(place, wrong)))  # type: ignore[misc]
        assert error.code == "KIT-WORD-WRONG"
        assert error.details == {"position": place + 1, "word": wrong}


def test_a_word_that_is_no_word_is_named_with_those_close_to_it() -> None:
    error = refused(_with(lambda found: found.__setitem__(4, "acadmic")))
    assert error.code == "KIT-WORD-UNKNOWN"
    assert error.details["position"] == 5
    assert "academic" in str(error.details["close"])


def test_words_left_out_doubled_or_all_wrong() -> None:
    assert refused(_with(lambda found: found.pop())).details == {"count": 19}
    assert refused(_with(lambda found: found.append("acid"))).details == {"count": 21}
    assert refused("").details == {"count": 0}
    assert refused(" ".join(["academic"] * 20)).code == "KIT-SHEET-WRONG"


def test_what_a_person_types_may_be_untidy() -> None:
    sheet = words.read(SHEETS[0])
    numbered = "\n".join(f"{place:>2}. {word.upper()}" for place, word in enumerate(SHEETS[0].split(), 1))
    short = ", ".join(word[:4] for word in SHEETS[0].split())
    assert words.read(numbered) == words.read(short) == sheet


def test_shares_of_something_else_are_not_taken_for_a_kit() -> None:
    [wallet] = generate_mnemonics(1, [(3, 5)], bytes(16))
    assert refused(wallet[0]).code == "KIT-NOT-A-KIT"


def test_what_the_secret_gives_is_fixed_for_ever() -> None:
    """These values are on paper: a later version must find the very same."""
    secret = kit_secret.KitSecret(SECRET)
    assert secret.number == "SUB4-YFYC"
    assert secret.password == b"RYXYDG2QFY64ALPKS2RNWFYXPTESWNIJXPKBLY2B"
    assert secret.envelope_key.hex() == "f9351c063af75d6bbe5f972daed82e12ada5d34860d3b91e38230d318d0d5ba1"
    assert len({secret.password, secret.envelope_key, secret.raw}) == 3
    assert SECRET.hex() not in repr(secret)
