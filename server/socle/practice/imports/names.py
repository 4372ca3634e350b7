"""Telling family name, birth name and given names apart in what people type: “Mme DUPONT née MARTIN Anne-Marie”."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from socle.practice.imports.remarks import Remark, remark
from socle.practice.patients.details import Sex
from socle.practice.patients.names import fold

_MEN: Final = frozenset({"m", "mr", "monsieur", "garcon"})
_WOMEN: Final = frozenset({"mme", "mle", "mlle", "melle", "madame", "mademoiselle", "fille"})
_OTHER_TITLES: Final = frozenset({"dr", "docteur", "pr", "professeur", "me", "maitre", "enfant", "bebe"})
_BORN: Final = frozenset({"nee", "ne", "ne e", "njf"})
_MARRIED: Final = frozenset({"ep", "epouse", "epse", "vve", "veuve", "div"})
_PARTICLES: Final = frozenset(
    "de du des d la le les l da das do dos di del della ben ibn bou abou abu el al ait van von vander der den ter ten "
    "saint sainte st ste mac mc o n bel san santa y".split()
)
_GLUED: Final = re.compile(r"^(d|l|n|o)['’]", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"\(([^()]*)\)")
_TWO_PEOPLE: Final = re.compile(r"\b(m|mr|monsieur|mme|madame)( et | ou | )(m|mr|monsieur|mme|madame)\b")


class Name(NamedTuple):
    """A person's names as read. `title` is "M", "F" or "" (the sex a title tells); `title_written` the title itself."""

    family: str = ""
    birth: str = ""
    given: str = ""
    title: Sex = ""
    title_written: str = ""
    remarks: tuple[Remark, ...] = ()


def sex_of_title(text: str) -> Sex:
    """Return "M" or "F" for a title that tells the sex, else ""."""
    title = fold(text)
    return "M" if title in _MEN else "F" if title in _WOMEN else ""


def read_family_name(text: str) -> Name:
    """Read a cell that holds a family name, perhaps with more: “DUPONT ép. BERNARD”, “Faure née Roux”, “Mme Faure”."""
    title, words = _without_title(_words(_BRACKETS.sub(r" \1 ", text)))
    before, born, married = _split_at_markers(words)
    family, birth, remarks = _family_and_birth(before, born, married, text)
    return Name(family, birth, "", sex_of_title(title), title, tuple(remarks))


def read_full_name(text: str) -> Name:
    """Read a cell that holds the whole name, in any of the orders people use."""
    if "," in text and not _BRACKETS.search(text):
        return _read_with_comma(text)
    remarks = [remark("name-two-people", written=text)] if _TWO_PEOPLE.search(fold(text)) else []
    inside = " ".join(_BRACKETS.findall(text))
    title, words = _without_title(_words(_BRACKETS.sub(" ", text)))
    before, born, married = _split_at_markers(words)
    _, born_inside, married_inside = _split_at_markers(_words(inside))
    remarks += [remark("name-family-missing", written=text)] if not before and not born and not married else []
    if born or married:
        # The given names stand behind the last name that a marker opens: "née ROUX Nathalie-Louise".
        last = married if married else born
        names, given, sure = _split_names(last)
        born, married = (born, names) if married else (names, [])
        if before and not given:
            before, given, sure = _split_names(before)
    else:
        before, given, sure = _split_names(before)
    family, birth, more = _family_and_birth(before, born or born_inside, married or married_inside, text)
    if not sure:
        more.append(remark("name-order", written=text, family=family, given=" ".join(given)))
    return Name(family, birth, tidy(" ".join(given)), sex_of_title(title), title, (*remarks, *more))


def _read_with_comma(text: str) -> Name:
    before, _, after = text.partition(",")
    name = read_family_name(before.strip())
    title, words = _without_title(_words(after))
    return name._replace(given=tidy(" ".join(words)), title=name.title or sex_of_title(title))


_folded = lru_cache(maxsize=4096)(fold)
"""Titles and particles come again on every line."""


def _words(text: str) -> list[str]:
    return text.replace("’", "'").replace(":", " ").split()


def _without_title(words: list[str]) -> tuple[str, list[str]]:
    titles: list[str] = []
    kinds = _MEN | _WOMEN | _OTHER_TITLES | {""}
    # "et" and "ou" join two titles; where no title came before, they are somebody's name.
    while len(words) > 1 and _folded(words[0]) in (kinds | {"et", "ou"} if titles else kinds):
        titles.append(words[0])
        words = words[1:]
    if len(words) == 1 and sex_of_title(words[0]):
        return words[0], []
    sexes = {sex_of_title(title) for title in titles} - {""}
    if len(sexes) != 1:
        return " ".join(titles), words
    return next(title for title in titles if sex_of_title(title)), words


def _split_at_markers(words: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Return the words before any marker, those after “née”, and those after “épouse”."""
    parts: dict[str, list[str]] = {"": [], "born": [], "married": []}
    current = ""
    for word in words:
        bare = _folded(word)
        if bare in _BORN:
            current = "born"
        elif bare in _MARRIED:
            current = "married"
        else:
            parts[current].append(word)
    return parts[""], parts["born"], parts["married"]


def _family_and_birth(
    before: list[str], born: list[str], married: list[str], written: str
) -> tuple[str, str, list[Remark]]:
    """Choose what each name is: “A née B” uses A and was born B; “A ép. B” was born A and uses B."""
    first, birth, spouse = tidy(" ".join(before)), tidy(" ".join(born)), tidy(" ".join(married))
    if not spouse:
        return first or birth, birth, []
    if birth:
        return spouse, birth, []
    if not first:
        return spouse, "", []
    return spouse, first, [remark("name-married", written=written, birth=first, used=spouse)]


def _split_names(words: list[str]) -> tuple[list[str], list[str], bool]:
    """Split words into (family, given, sure). Capitals show the family name; without them, it comes first."""
    capital = [_is_capital(word) for word in words]
    if len(words) < 2:
        return words, [], True
    if any(capital) and not all(capital):
        return _split_by_capitals(words, capital)
    end = _end_of_family_name(words)
    return words[:end], words[end:], len(words) - end == 1


def _split_by_capitals(words: list[str], capital: list[bool]) -> tuple[list[str], list[str], bool]:
    if capital[0] or (capital[-1] is False and any(capital) and _folded(words[0]) in _PARTICLES):
        # A family name may open with small particles: "de LA TOUR Jeanne".
        start = capital.index(True)
        end = next((place for place in range(start, len(words)) if not capital[place]), len(words))
        return words[:end], words[end:], True
    first = capital.index(True)
    return words[first:], words[:first], all(capital[first:])


def _end_of_family_name(words: list[str]) -> int:
    """Return where the family name ends when it comes first: particles, one name, then what an elision glues on."""
    place = 0
    while place < len(words) - 2 and _folded(words[place]) in _PARTICLES:
        place += 1
    place += 1
    while place < len(words) - 1 and (_GLUED.match(words[place]) or _folded(words[place]) in {"de", "du", "des"}):
        place += 1 if _GLUED.match(words[place]) else 2
    return min(place, len(words) - 1)


def _is_capital(word: str) -> bool:
    letters = [letter for letter in word if letter.isalpha()]
    # "ß" and a dotless "ı" survive in capitals that an old program wrote.
    return bool(letters) and all(letter.isupper() or letter in "ßı" for letter in letters)


def tidy(name: str) -> str:
    """Return a name in ordinary writing: one that shouts or whispers gets its capitals back, a mixed one stays."""
    if not name or not (name.islower() or name.isupper()):
        return name
    return re.sub(r"[^\W\d_]+", _capitalised, name.lower())


def _capitalised(word: re.Match[str]) -> str:
    text = word.group()
    following = word.string[word.end() : word.end() + 1]
    if following == "'" and text in {"d", "l"} and word.start() > 0:
        return text
    return text[:1].upper() + text[1:]


def letter_lost(*names: str) -> bool:
    """Tell whether a name holds the mark of a letter that some program could not write."""
    return any("?" in name or "\ufffd" in name for name in names)
