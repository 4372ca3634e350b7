"""What is known of a patient, as a person typed it or as an import read it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Sex = Literal["F", "M", ""]
IdentityStatus = Literal["provisional", "retrieved", "validated"]

LIMITS: Mapping[str, int] = {
    "birth_family_name": 100,
    "birth_given_names": 200,
    "first_given_name": 100,
    "used_family_name": 100,
    "used_given_name": 100,
    "birth_place_code": 5,
    "birth_place_name": 100,
    "nir": 21,
    "ins": 21,
    "ins_oid": 30,
    "address": 300,
    "postal_code": 10,
    "city": 100,
    "country": 60,
    "contact_name": 100,
    "contact_relation": 60,
    "contact_phone": 30,
    "alerts": 300,
    "notes": 10_000,
}
"""The longest text of each field, in characters; the form, the room and the database hold to it alike."""
MOST_PHONES = 6
MOST_EMAILS = 4
LONGEST_PHONE = 30
LONGEST_LABEL = 40
LONGEST_EMAIL = 254
SEVERAL_LINES = frozenset({"address", "notes"})


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about one field: an English msgid and what fills its places."""

    field: str
    text: str
    details: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in its stored shape and whose or where it is ("domicile", "mère")."""

    number: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDetails:
    """Everything about a patient that a person may change. Empty text means unknown.

    `birth_date` is the beginning of an ISO date (see `birth`). `nir` is the number that pays for the care, which may
    be a parent's; `ins` is the person's own health identity, with the OID of its authority.
    """

    birth_family_name: str = ""
    birth_given_names: str = ""
    first_given_name: str = ""
    used_family_name: str = ""
    used_given_name: str = ""
    sex: Sex = ""
    birth_date: str = ""
    birth_place_code: str = ""
    birth_place_name: str = ""
    nir: str = ""
    ins: str = ""
    ins_oid: str = ""
    identity_status: IdentityStatus = "provisional"
    phones: tuple[Phone, ...] = ()
    emails: tuple[str, ...] = ()
    address: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    contact_name: str = ""
    contact_relation: str = ""
    contact_phone: str = ""
    alerts: str = ""
    notes: str = ""

    @property
    def family_name(self) -> str:
        """The family name this person goes by."""
        return self.used_family_name or self.birth_family_name

    @property
    def given_name(self) -> str:
        """The given name this person goes by."""
        return self.used_given_name or self.first_given_name
