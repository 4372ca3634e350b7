"""What each field of a patient's file is called: on the pages, and in a file brought back from a past day."""

from collections.abc import Mapping

from socle.foundation.errors import N_

LABELS: Mapping[str, str] = {
    "birth_family_name": N_("Birth family name"),
    "used_family_name": N_("Name in use"),
    "first_given_name": N_("First given name"),
    "birth_given_names": N_("All birth given names"),
    "used_given_name": N_("Given name in use"),
    "sex": N_("Sex"),
    "birth_date": N_("Birth date"),
    "birth_place_name": N_("Birth place"),
    "birth_place_code": N_("INSEE code of the birth place"),
    "nir": N_("Social security number"),
    "ins": N_("INS (national health identity)"),
    "ins_oid": N_("Authority of the INS"),
    "identity_status": N_("Identity status"),
    "phones": N_("Telephones"),
    "emails": N_("E-mail addresses"),
    "address": N_("Address"),
    "postal_code": N_("Postal code"),
    "city": N_("City"),
    "country": N_("Country"),
    "contact_name": N_("Person to contact"),
    "contact_relation": N_("Relation to the patient"),
    "contact_phone": N_("Telephone of this person"),
    "alerts": N_("Alerts"),
    "notes": N_("Notes"),
}
