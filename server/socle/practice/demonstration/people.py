"""Invents patients, the same ones for the same seed. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from stdnum.fr import nir

from socle.practice.demonstration import words
from socle.practice.patients.details import PatientDetails, Phone, Sex
from socle.practice.patients.phones import canonical

OLDEST_DAYS = 97 * 365


def patients(count: int, today: date, seed: int) -> Iterator[PatientDetails]:
    """Yield `count` invented patients as of `today`."""
    random = Random(seed)  # noqa: S311 - invented people need no secret randomness
    for _ in range(count):
        yield _patient(random, today)


def _patient(random: Random, today: date) -> PatientDetails:
    sex: Sex = "F" if random.random() < 0.56 else "M"
    # Two draws lean towards the older ages a physiotherapy practice sees most.
    age_days = max(random.randrange(200, OLDEST_DAYS), random.randrange(200, OLDEST_DAYS))
    born = today - timedelta(days=age_days if random.random() < 0.7 else random.randrange(200, OLDEST_DAYS))
    given = random.choice(words.WOMEN if sex == "F" else words.MEN)
    family = random.choice(words.FAMILIES)
    married = sex == "F" and age_days > 25 * 365 and random.random() < 0.45
    place_code, place = random.choice(words.BIRTH_PLACES)
    postal_code, city, _town = random.choice(words.TOWNS)
    has_number = random.random() < 0.85
    return PatientDetails(
        birth_family_name=family,
        birth_given_names=" ".join(dict.fromkeys((given, *_other_names(random, sex)))),
        first_given_name=given,
        used_family_name=random.choice(words.FAMILIES) if married else "",
        sex=sex,
        birth_date=born.isoformat() if random.random() < 0.99 else str(born.year),
        birth_place_code=place_code,
        birth_place_name=place,
        nir=_number(random, sex, born, place_code) if has_number else "",
        phones=tuple(_phones(random)),
        emails=(f"{_plain(given)}.{_plain(family)}{random.randrange(10, 99)}@courriel.example",)
        if random.random() < 0.6
        else (),
        address=f"{random.randrange(1, 180)} {random.choice(words.STREETS)}",
        postal_code=postal_code,
        city=city,
        alerts=random.choice(words.ALERTS) if random.random() < 0.07 else "",
    )


def _other_names(random: Random, sex: Sex) -> list[str]:
    return random.sample(words.WOMEN if sex == "F" else words.MEN, random.choice((0, 0, 1, 2)))


def _phones(random: Random) -> Iterator[Phone]:
    yield Phone(canonical(f"063998{random.randrange(10_000):04}"))
    if random.random() < 0.35:
        yield Phone(canonical(f"026191{random.randrange(10_000):04}"), "domicile")


def _number(random: Random, sex: Sex, born: date, place_code: str) -> str:
    first = f"{1 if sex == 'M' else 2}{born:%y%m}{place_code}{random.randrange(990, 1000)}"
    return f"{first}{nir.calc_check_digits(first)}"


def _plain(name: str) -> str:
    simple = name.casefold().translate(str.maketrans("àâäçéèêëîïôöùûü", "aaaceeeeiioouuu")).replace("œ", "oe")
    return "".join(letter for letter in simple if letter.isascii() and letter.isalnum())
