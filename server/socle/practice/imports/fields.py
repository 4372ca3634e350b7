"""What a column of a file can hold, and the titles by which people and programs call it."""

import re
from enum import StrEnum
from typing import Final

from socle.foundation.errors import N_
from socle.practice.patients.names import fold


class Field(StrEnum):
    """What a column holds."""

    FULL_NAME = "full_name"
    TITLE = "title"
    FAMILY_NAME = "family_name"
    BIRTH_NAME = "birth_name"
    GIVEN_NAMES = "given_names"
    BIRTH_DATE = "birth_date"
    BIRTH_PLACE = "birth_place"
    SEX = "sex"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    POSTAL_CODE = "postal_code"
    CITY = "city"
    COUNTRY = "country"
    NIR = "nir"
    ALERTS = "alerts"
    NOTES = "notes"
    KEEP = "keep"
    IGNORE = "ignore"


LABELS: Final = {
    Field.FULL_NAME: N_("Whole name (Mme DUPONT Anne née Martin)"),
    Field.TITLE: N_("Title (M., Mme)"),
    Field.FAMILY_NAME: N_("Family name"),
    Field.BIRTH_NAME: N_("Birth name"),
    Field.GIVEN_NAMES: N_("Given names"),
    Field.BIRTH_DATE: N_("Birth date"),
    Field.BIRTH_PLACE: N_("Birth place"),
    Field.SEX: N_("Sex"),
    Field.PHONE: N_("Telephone"),
    Field.EMAIL: N_("E-mail"),
    Field.ADDRESS: N_("Address"),
    Field.POSTAL_CODE: N_("Postal code"),
    Field.CITY: N_("Town"),
    Field.COUNTRY: N_("Country"),
    Field.NIR: N_("Social security number"),
    Field.ALERTS: N_("Alerts"),
    Field.NOTES: N_("Notes"),
    Field.KEEP: N_("Keep in the notes, with its title"),
    Field.IGNORE: N_("Leave out"),
}
REPEATABLE: Final = frozenset(
    {Field.PHONE, Field.EMAIL, Field.ADDRESS, Field.ALERTS, Field.NOTES, Field.KEEP, Field.IGNORE}
)
"""Fields that several columns may hold."""
NAMES: Final = frozenset({Field.FULL_NAME, Field.FAMILY_NAME})

_TITLES: Final = tuple(
    (field, re.compile("|".join(patterns)))
    for field, *patterns in (
        (Field.BIRTH_DATE, "(date|jour|d) (de )?nais", "^naissance$", "^ne e? ?(e )?le", "^nee? le", "^ddn", "^dn$"),
        (Field.BIRTH_DATE, "^dob$", "birth ?d", "of birth$"),
        (Field.BIRTH_PLACE, "(lieu|ville|commune|pays) (de )?nais", "^ne e? ?a$", "birth ?place", "place of birth"),
        (Field.BIRTH_NAME, "nom .*(naissance|jeune fille|patronymique)", "^njf", "nom jf", "birth ?name", "maiden"),
        (Field.FULL_NAME, "^noms? (et |)prenom", "^prenoms? (et |)nom", "nom complet", "^patient(e|s|es|e s)?$"),
        (Field.FULL_NAME, "identite", "full name", "patient name", "^beneficiaire"),
        (Field.GIVEN_NAMES, "prenom", "first ?name", "given", "forename"),
        (Field.FAMILY_NAME, "^noms?( |$)", "surname", "last ?name", "family ?name", "^usage"),
        (Field.TITLE, "civilite", "^civ$", "^titre$", "^title$"),
        (Field.SEX, "^sexe?( |$)", "^genre$", "gender"),
        (Field.EMAIL, "mail", "courriel", "mel$"),
        (Field.PHONE, "^tel", "telephone", "portable", "mobile", "^gsm", "phone", "^fixe"),
        (Field.POSTAL_CODE, "^c ?p( |$)", "postal ?code", "code ?post", "^zip", "postcode"),
        (Field.CITY, "^ville", "commune", "localite", "^city$", "^town$"),
        (Field.COUNTRY, "^pays", "country"),
        (Field.ADDRESS, "adresse", "^rue", "voie", "address", "street", "domicile"),
        (Field.NIR, "secu", "^nir", "^n ?ss", "nss", "immatriculation", "^ins$", "^assure n"),
        (Field.ALERTS, "allerg", "alerte"),
        (Field.NOTES, "remarque", "commentaire", "^notes?$", "observation", "comment", "^memo"),
    )
)
_USED: Final = re.compile(r"usage|usuel|marital|epou")


def field_of_title(title: str) -> Field:
    """Return what a column with that title holds; KEEP when nobody can tell."""
    words = fold(title)
    return next((field for field, pattern in _TITLES if pattern.search(words)), Field.KEEP)


def names_the_used_name(title: str) -> bool:
    """Tell whether the title says that its family name is the one in use, not the birth name."""
    return bool(_USED.search(fold(title)))
