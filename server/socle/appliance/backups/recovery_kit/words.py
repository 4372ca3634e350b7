"""A sheet's twenty words: SLIP-39 shares, any 2 of 3, made and combined by `shamir-mnemonic`.

Never with a SLIP-39 passphrase: a wrong one gives another secret without a word. What a person types is judged word
by word, because "the checksum is wrong" helps nobody who holds a sheet in the hand.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations

import shamir_mnemonic
from shamir_mnemonic import MnemonicError, Share, rs1024
from shamir_mnemonic.wordlist import WORDLIST

from socle.foundation.errors import N_, SocleError

WORDS, SHEETS, NEEDED = 20, 3, 2
SHORTEST = 4
"""Letters that tell every word of the list from all others (SLIP-39)."""
KNOWN: tuple[str, ...] = tuple(WORDLIST)
"""The 1024 words a sheet is made of."""
_NUMBERS: dict[str, int] = {word: number for number, word in enumerate(WORDLIST)}
_BY_BEGINNING: dict[str, str] = {word[:SHORTEST]: word for word in WORDLIST}


class WordUnknown(SocleError):
    """A word is not one of the 1024."""

    code = "KIT-WORD-UNKNOWN"
    message = N_("Word %(position)s, “%(word)s”, is not a word of a recovery sheet.")
    hint = N_("Look at that word on the sheet again. Close to it: %(close)s.")
    kind = "invalid"


class WordsMissing(SocleError):
    """Too few words, or too many."""

    code = "KIT-WORD-COUNT"
    message = N_("A sheet has 20 words; here are %(count)s.")
    hint = N_("Type the words in their order, from 1 to 20, with a space between them.")
    kind = "invalid"


class WordsExchanged(SocleError):
    """Two words stand in each other's place."""

    code = "KIT-WORDS-EXCHANGED"
    message = N_("Words %(first)s and %(second)s stand in each other's place.")
    hint = N_("Exchange them, as they stand on the sheet.")
    kind = "invalid"


class WordWrong(SocleError):
    """One word of the list stands where another belongs."""

    code = "KIT-WORD-WRONG"
    message = N_("Word %(position)s, “%(word)s”, is not the one that stands there on the sheet.")
    hint = N_("Look at that word on the sheet again; the other nineteen fit together.")
    kind = "invalid"


class SheetWrong(SocleError):
    """Several words are wrong: nobody can say which."""

    code = "KIT-SHEET-WRONG"
    message = N_("These twenty words do not fit together: several of them are not what the sheet says.")
    hint = N_("Compare each word with the sheet, in its order, or scan the sheet's code instead.")
    kind = "invalid"


class NotAKit(SocleError):
    """Words of the same kind that are not from a recovery kit of ours."""

    code = "KIT-NOT-A-KIT"
    message = N_("These words are whole, but they are not from a recovery sheet of Socle.")
    hint = N_("They may belong to something else that uses SLIP-39. Take a sheet that says “Recovery kit”.")
    kind = "invalid"


class SheetTwice(SocleError):
    """The same sheet, twice."""

    code = "KIT-SHEET-TWICE"
    message = N_("Sheet %(sheet)s was given twice.")
    hint = N_("Two different sheets are needed: take sheet %(others)s as well.")
    kind = "invalid"


class SheetsMixed(SocleError):
    """Sheets of two kits."""

    code = "KIT-SHEETS-MIXED"
    message = N_("These two sheets are from different recovery kits.")
    hint = N_("Compare the kit's number at the top of each sheet: both must be the same.")
    kind = "invalid"


@dataclass(frozen=True)
class Sheet:
    """One sheet as it was read: its number (1 to 3), and what combines with another."""

    number: int
    share: Share

    def __repr__(self) -> str:
        """Show the number alone."""
        return f"Sheet({self.number})"


def split(secret: bytes) -> tuple[str, ...]:
    """Return the words of each of the three sheets."""
    [sheets] = shamir_mnemonic.generate_mnemonics(1, [(NEEDED, SHEETS)], secret)
    return tuple(sheets)


def read(text: str) -> Sheet:
    """Return the sheet these words are; WordUnknown, WordsMissing, WordsExchanged, WordWrong, SheetWrong, NotAKit.

    Case, numbers before the words, and what stands between them do not matter; four letters of a word are enough.
    """
    typed = re.findall(r"[^\W\d_]+", text.lower())
    found = [_word(position, word) for position, word in enumerate(typed[: 2 * WORDS], 1)]
    if len(found) != WORDS:
        raise WordsMissing(count=len(typed))
    try:
        share = Share.from_mnemonic(" ".join(found))
    except MnemonicError:
        raise _what_is_wrong(found) from None
    if (share.group_count, share.group_threshold, share.member_threshold) != (1, 1, NEEDED) or share.index >= SHEETS:
        raise NotAKit()
    return Sheet(share.index + 1, share)


def combine(first: Sheet, second: Sheet) -> bytes:
    """Return the secret of two sheets; SheetTwice, SheetsMixed."""
    if first.share.group_parameters() != second.share.group_parameters():
        raise SheetsMixed()
    if first.number == second.number:
        if first.share != second.share:
            raise SheetsMixed()
        others = [str(number) for number in range(1, SHEETS + 1) if number != first.number]
        raise SheetTwice(sheet=first.number, others="/".join(others))
    try:
        return bytes(shamir_mnemonic.combine_mnemonics([first.share.mnemonic(), second.share.mnemonic()]))
    except MnemonicError:  # the shares carry a digest of the secret: two that do not belong together are noticed
        raise SheetsMixed() from None


def _word(position: int, typed: str) -> str:
    known: str | None = _BY_BEGINNING.get(typed[:SHORTEST])
    if known is not None and known.startswith(typed):
        return known
    close = get_close_matches(typed, WORDLIST, n=3, cutoff=0.5) or ["?"]
    raise WordUnknown(position=position, word=typed[:20], close=", ".join(close))


def _what_is_wrong(found: Sequence[str]) -> SocleError:
    """Find the one exchange, or the one word, that would make the checksum right.

    The code tells any three wrong words from a right sheet, so what mends it with one or two is what happened.
    """
    numbers = [_NUMBERS[word] for word in found]
    for first, second in combinations(range(WORDS), 2):
        tried = numbers.copy()
        tried[first], tried[second] = tried[second], tried[first]
        if tried != numbers and _fits(tried):
            return WordsExchanged(first=first + 1, second=second + 1)
    for position in range(WORDS):
        before, after = numbers[:position], numbers[position + 1 :]
        if any(_fits([*before, number, *after]) for number in range(len(WORDLIST))):
            return WordWrong(position=position + 1, word=found[position])
    return SheetWrong()


def _fits(numbers: Sequence[int]) -> bool:
    return bool(rs1024.verify_checksum(numbers, b"shamir_extendable"))
