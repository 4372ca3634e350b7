"""Reading a sex: from its own column, else from the title, else from the social security number."""

from typing import Final, NamedTuple

from socle.practice.imports.names import sex_of_title
from socle.practice.imports.remarks import Remark, remark
from socle.practice.patients.details import Sex as SexCode
from socle.practice.patients.names import fold

_MALE: Final = frozenset({"m", "h", "1", "homme", "masculin", "masc", "male", "garcon", "g", "man", "boy"})
_FEMALE: Final = frozenset({"f", "2", "femme", "feminin", "fem", "female", "fille", "woman", "girl"})
_OF_FIRST_DIGIT: Final[dict[str, SexCode]] = {"1": "M", "2": "F"}
_UNKNOWN: Final = frozenset({"i", "0", "3", "9", "indetermine", "autre", "u", "unknown", "x"})


class Sex(NamedTuple):
    """A sex as read: "M", "F" or "" when nothing tells it."""

    sex: SexCode = ""
    remarks: tuple[Remark, ...] = ()
    kept: str = ""


def read_sex(text: str, title: SexCode, title_written: str, nir: str) -> Sex:
    """Choose the sex: the column first, then the title ("M", "F" or ""), then the number's first digit (INSEE)."""
    word = fold(text)
    sex: SexCode = "M" if word in _MALE else "F" if word in _FEMALE else sex_of_title(text)
    if sex:
        differs = title and title != sex
        return Sex(sex, (remark("sex-differs", title=title_written, written=text),) if differs else ())
    kept, remarks = ("", ()) if not word or word in _UNKNOWN else (text, (remark("sex-unreadable", written=text),))
    if title:
        return Sex(title, remarks, kept)
    if from_nir := _OF_FIRST_DIGIT.get(nir[:1]):
        return Sex(from_nir, (*remarks, remark("sex-from-nir")), kept)
    return Sex("", remarks, kept)
