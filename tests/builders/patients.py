"""Made-up patients for tests."""

from dataclasses import replace
from typing import Any

from socle.practice.patients.details import PatientDetails, Phone

ANNE = PatientDetails(
    birth_family_name="Martin",
    birth_given_names="Anne-Marie Éléonore",
    first_given_name="Anne-Marie",
    used_family_name="Le Goff",
    sex="F",
    birth_date="1980-03-12",
    birth_place_code="75056",
    birth_place_name="Paris",
    nir="280037505612357",
    phones=(Phone("0612345678"), Phone("0240112233", "domicile")),
    emails=("anne.legoff@exemple.fr",),
    address="12, rue des Tilleuls",
    postal_code="44000",
    city="Nantes",
)


def person(family: str, given: str, birth_date: str = "", **others: Any) -> PatientDetails:
    """Return the details of somebody of whom little is known."""
    return PatientDetails(birth_family_name=family, first_given_name=given, birth_date=birth_date, **others)


def anne(**changes: Any) -> PatientDetails:
    """Return Mme Le Goff née Martin, with changes."""
    return replace(ANNE, **changes)
