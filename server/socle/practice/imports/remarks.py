"""Every reason and remark that a report can make about a line, by a stable code; doors translate the words."""

from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from socle.foundation.errors import N_


class Level(StrEnum):
    """How much a remark asks of the reader: nothing (we mended it, here is how), or a look."""

    REPAIR = "repair"
    WARNING = "warning"


class Words(NamedTuple):
    """The English msgid of a remark and how much it asks."""

    level: Level
    text: str


class Remark(msgspec.Struct, frozen=True, array_like=True):
    """One remark on one line: a code of `WORDS`, the values that fill its places, or another room's msgid."""

    code: str
    values: dict[str, str] = {}
    said: str = ""

    @property
    def level(self) -> Level:
        """How much the remark asks of the reader."""
        return WORDS[self.code].level

    @property
    def text(self) -> str:
        """The English msgid; its places are filled from `values`."""
        return self.said or WORDS[self.code].text


def remark(code: str, **values: object) -> Remark:
    """Make a remark; KeyError on a code that has no words."""
    if code not in WORDS:
        raise KeyError(code)
    return Remark(code, {name: str(value) for name, value in values.items()})


_REPAIR: Final = Level.REPAIR
_WARNING: Final = Level.WARNING

WORDS: Final[dict[str, Words]] = {
    # Names
    "name-order": Words(
        _WARNING,
        N_("“%(written)s” does not show where the family name ends: read as %(family)s, first name %(given)s."),
    ),
    "name-letter-lost": Words(
        _WARNING, N_("“%(written)s” holds a “?” where an earlier program lost a letter: correct the name.")
    ),
    "name-two-people": Words(_WARNING, N_("“%(written)s” may name two people: only one file was made.")),
    "name-given-missing": Words(_WARNING, N_("There is no first name.")),
    "name-family-missing": Words(_WARNING, N_("There is no family name: “%(written)s” stands in its place.")),
    "name-married": Words(_REPAIR, N_("“%(written)s” was read as birth name %(birth)s, married name %(used)s.")),
    "name-birth-differs": Words(
        _WARNING, N_("The line gives two birth names: %(kept)s was taken, %(other)s is kept in the notes.")
    ),
    # Birth dates
    "birth-missing": Words(_WARNING, N_("There is no birth date.")),
    "birth-unreadable": Words(
        _WARNING, N_("“%(written)s” is not a date: the birth date stays empty, the text is kept in the notes.")
    ),
    "birth-impossible": Words(
        _WARNING,
        N_("%(written)s does not exist in the calendar: the birth date stays empty, the text is kept in the notes."),
    ),
    "birth-too-old": Words(
        _WARNING, N_("Nobody born on %(written)s is alive: the birth date stays empty, the text is kept in the notes.")
    ),
    "birth-month-first": Words(
        _WARNING,
        N_(
            "%(written)s has no such month (%(perhaps)s if it was written month first): not guessed, kept in the notes."
        ),
    ),
    "birth-incomplete": Words(_WARNING, N_("“%(written)s” is not a whole date: only what it says is taken.")),
    "birth-future": Words(
        _WARNING, N_("The birth date %(written)s is in the future: it stays empty, the text is kept in the notes.")
    ),
    "birth-very-old": Words(_WARNING, N_("Born on %(date)s, this person would be %(age)s: check the birth date.")),
    "birth-century-clear": Words(_REPAIR, N_("Year on two digits: %(written)s was read as %(date)s.")),
    "birth-century-unsure": Words(
        _WARNING, N_("Year on two digits: %(written)s was read as %(date)s, but %(other)s is possible: check it.")
    ),
    "birth-serial": Words(_REPAIR, N_("The number %(written)s is a spreadsheet's count of days: read as %(date)s.")),
    # Sex
    "sex-from-nir": Words(_REPAIR, N_("The sex was read from the first digit of the social security number.")),
    "sex-differs": Words(_WARNING, N_("The title “%(title)s” and the sex “%(written)s” disagree: check the sex.")),
    "sex-unreadable": Words(_WARNING, N_("“%(written)s” is not a sex: the text is kept in the notes.")),
    # Telephones and e-mail
    "phone-zero": Words(_REPAIR, N_("The first 0 of the telephone %(written)s, lost by a spreadsheet, was put back.")),
    "phone-unreadable": Words(_WARNING, N_("The telephone “%(written)s” could not be read: kept in the notes.")),
    "email-unreadable": Words(_WARNING, N_("“%(written)s” is not an e-mail address: kept in the notes.")),
    # Address
    "postal-zero": Words(
        _REPAIR, N_("The first 0 of the postal code %(written)s, lost by a spreadsheet, was put back.")
    ),
    "postal-insee": Words(
        _WARNING,
        N_("%(written)s is not a postal code (2A and 2B are used in municipality codes only): kept as written."),
    ),
    "postal-unreadable": Words(_WARNING, N_("“%(written)s” is not a French postal code: kept as written.")),
    # Social security number
    "nir-key-missing": Words(_REPAIR, N_("The social security number has no key.")),
    "nir-doubtful": Words(_WARNING, N_("The social security number looks wrong.")),
    "nir-unreadable": Words(_WARNING, N_("“%(written)s” is not a social security number: kept in the notes.")),
    # The line itself
    "cell-invisible": Words(_REPAIR, N_("Control characters were taken out of the column %(column)s.")),
    "cell-formula-error": Words(
        _WARNING, N_("The column %(column)s holds a spreadsheet error (%(written)s): nothing to take.")
    ),
    "unfit": Words(_WARNING, N_("One cell does not fit where it belongs: kept in the notes.")),
    "quote-open": Words(_WARNING, N_("A quotation mark on this line is never closed: the line was read as it stands.")),
    "cells-beyond": Words(_WARNING, N_("The line has more cells than the header: “%(written)s” is kept in the notes.")),
    "looks-like": Words(_WARNING, N_("%(name)s, already in Socle, looks like this person: compare the two files.")),
    "looks-like-line": Words(_WARNING, N_("Line %(line)s of this file looks like this person: compare the two.")),
    "same-century-apart": Words(
        _WARNING, N_("The birth dates are a century apart (%(here)s here, %(there)s there): correct the wrong one.")
    ),
    "same-other-phone": Words(_WARNING, N_("The telephone %(written)s is not in the patient's file: add it there.")),
    "same-other-nir": Words(_WARNING, N_("The social security number %(written)s is not in the patient's file.")),
    "same-other-email": Words(_WARNING, N_("The e-mail address %(written)s is not in the patient's file.")),
    "same-birth-name": Words(_WARNING, N_("The birth name %(written)s is not in the patient's file.")),
    # Outcomes: what happens to the line, and why
    "new": Words(_REPAIR, N_("New person.")),
    "same-name-birth": Words(_REPAIR, N_("Same name and birth date as %(name)s, already in Socle.")),
    "same-nir": Words(_REPAIR, N_("Same social security number and name as %(name)s, already in Socle.")),
    "same-name-phone": Words(_REPAIR, N_("Same name and telephone as %(name)s, already in Socle; no birth date.")),
    "same-name-only": Words(_WARNING, N_("Same name as %(name)s, already in Socle; no birth date to compare.")),
    "same-line": Words(_REPAIR, N_("Same person as line %(line)s of this file.")),
    "refused-no-name": Words(_WARNING, N_("Nothing on this line names a person.")),
    "refused-total": Words(_REPAIR, N_("This is a total, not a person.")),
    "refused-header": Words(_REPAIR, N_("This is the header again, not a person.")),
    "refused-name-unfit": Words(_WARNING, N_("What stands for the name is too long or has no letter.")),
    "refused-notes-too-long": Words(
        _WARNING, N_("The line holds more text than the %(most)s characters of the notes.")
    ),
    "refused-cell-too-long": Words(
        _WARNING, N_("The column %(column)s holds %(length)s characters, more than the %(most)s that a cell may have.")
    ),
    # Lines that are passed over
    "skipped-title": Words(_REPAIR, N_("Text above the header.")),
    "skipped-header": Words(_REPAIR, N_("The header: it names the columns.")),
    "skipped-empty": Words(_REPAIR, N_("Empty.")),
}
