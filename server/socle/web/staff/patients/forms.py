"""The patient's form: its fields, what was typed in them, and what to say beside them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast

import msgspec
from werkzeug.datastructures import MultiDict

from socle.foundation.errors import N_
from socle.practice.patients import birth
from socle.practice.patients.details import (
    LIMITS,
    MOST_EMAILS,
    MOST_PHONES,
    IdentityStatus,
    PatientDetails,
    Phone,
    Remark,
    Sex,
)
from socle.practice.patients.field_names import LABELS
from socle.practice.patients.identifiers import OIDS
from socle.practice.patients.phones import shown as phone_shown
from socle.web.kit.language import gettext

SEXES: Mapping[str, str] = {"": N_("Not given"), "F": N_("Female"), "M": N_("Male")}
STATUSES: Mapping[str, str] = {
    "provisional": N_("Provisional"),
    "validated": N_("Validated (identity document seen)"),
    "retrieved": N_("Retrieved (INS obtained, identity document not seen)"),
}


def labels() -> dict[str, str]:
    """Return the names of the fields in the reader's language."""
    return {name: gettext(label) for name, label in LABELS.items()}


def choices() -> dict[str, list[tuple[str, str]]]:
    """Return what the lists of the form offer, in the reader's language."""
    offered = {"sexes": SEXES, "statuses": STATUSES, "oids": {"": N_("Not given"), **OIDS}}
    return {name: [(value, gettext(label)) for value, label in each.items()] for name, each in offered.items()}


@dataclass(frozen=True)
class FilledForm:
    """The form as a page shows it: `details` as typed, remarks by field, and what the edit started from."""

    details: PatientDetails
    problems: Mapping[str, list[str]] = field(default_factory=dict)
    doubts: Mapping[str, list[str]] = field(default_factory=dict)
    version: int = 0
    base: str = ""

    @property
    def phones(self) -> list[Phone]:
        """The telephones, and empty lines to add others."""
        return _with_room(list(self.details.phones), Phone(""), MOST_PHONES)

    @property
    def emails(self) -> list[str]:
        """The e-mail addresses, and an empty line to add another."""
        return _with_room(list(self.details.emails), "", MOST_EMAILS, spare=1)

    @property
    def errors(self) -> dict[str, str]:
        """What forbids to save, one sentence a field."""
        return {name: " ".join(sentences) for name, sentences in self.problems.items()}

    @property
    def limits(self) -> Mapping[str, int]:
        """The longest text of each field."""
        return LIMITS


def _with_room(filled: list[Any], empty: Any, most: int, spare: int = 2) -> list[Any]:
    room = max(0, min(most - len(filled), max(spare - len(filled), 1)))
    return filled + [empty] * room


def typed(form: MultiDict[str, str]) -> PatientDetails:
    """Return what was typed, as it was typed."""
    texts: dict[str, Any] = {name: form.get(name, "") for name in LIMITS}
    numbers, labels = form.getlist("phone_number"), form.getlist("phone_label")
    labels += [""] * (len(numbers) - len(labels))
    return PatientDetails(
        **texts,
        sex=cast("Sex", form.get("sex", "")),
        birth_date=form.get("birth_date", ""),
        identity_status=cast("IdentityStatus", form.get("identity_status", "provisional")),
        phones=tuple(Phone(number, label) for number, label in zip(numbers, labels, strict=False) if number.strip()),
        emails=tuple(address for address in form.getlist("email") if address.strip()),
    )


def readable(details: PatientDetails) -> PatientDetails:
    """Return stored details as a person types them."""
    return replace(
        details,
        birth_date=birth.shown(details.birth_date),
        phones=tuple(replace(phone, number=phone_shown(phone.number)) for phone in details.phones),
        contact_phone=phone_shown(details.contact_phone),
    )


def by_field(remarks: Iterable[Remark]) -> dict[str, list[str]]:
    """Return the remarks in the reader's language, by field."""
    found: dict[str, list[str]] = {}
    for remark in remarks:
        text = gettext(remark.text)
        found.setdefault(remark.field, []).append(text % remark.details if remark.details else text)
    return found


def as_base(details: PatientDetails) -> str:
    """Return what an edit starts from, for the form to carry: it tells the two editors' changes apart later."""
    return msgspec.json.encode(details).decode()


def from_base(text: str) -> PatientDetails | None:
    """Return what an edit started from; None if the form does not say it in our words."""
    try:
        return msgspec.json.decode(text, type=PatientDetails)
    except (msgspec.DecodeError, RecursionError):
        return None


@dataclass(frozen=True)
class Difference:
    """One field that somebody else changed meanwhile. `clash`: the person at the form changed it too."""

    label: str
    before: str
    theirs: str
    mine: str
    clash: bool


def merged(
    base: PatientDetails, theirs: PatientDetails, mine: PatientDetails
) -> tuple[PatientDetails, list[Difference]]:
    """Return the form to show after somebody else saved first, and what they changed.

    Fields only they changed take their value; fields changed here keep what was typed.
    """
    values: dict[str, Any] = {}
    differences: list[Difference] = []
    for name in (each.name for each in fields(PatientDetails)):
        old, other, own = (getattr(details, name) for details in (base, theirs, mine))
        clash = own not in (old, other)
        values[name] = own if clash or other == old else other
        if other not in (old, own) or (other != old and clash):
            before, now, typed_here = (display(name, value) for value in (old, other, own))
            differences.append(Difference(gettext(LABELS[name]), before, now, typed_here, clash))
    return PatientDetails(**values), differences


def display(name: str, value: Any) -> str:
    """Return a field's value in words."""
    if name == "phones":
        return ", ".join(" ".join(filter(None, (phone_shown(each.number), each.label))) for each in value)
    if name == "emails":
        return ", ".join(value)
    if name == "birth_date":
        return birth.shown(value)
    if name == "contact_phone":
        return phone_shown(value)
    if name in {"sex", "identity_status"}:
        return str(gettext({**SEXES, **STATUSES}.get(value, value))) if value else ""
    return str(value)
