"""What the forms of accounts hold, read and judged before any room is asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict

from socle.foundation.errors import N_
from socle.identity.actor import Actor, Role
from socle.identity.people.accounts import HANDED_OUT_BY_MAINTAINERS
from socle.identity.people.directory import DirectoryPerson

ROLE_NAMES: Mapping[Role, str] = {
    Role.PRACTITIONER: N_("Practitioner"),
    Role.SECRETARY: N_("Secretary"),
    Role.ADMINISTRATOR: N_("Practice administrator"),
    Role.MAINTAINER: N_("Maintainer"),
}
ROLE_HINTS: Mapping[Role, str] = {
    Role.PRACTITIONER: N_("patients, agenda, records"),
    Role.SECRETARY: N_("patients and agenda"),
    Role.ADMINISTRATOR: N_("accounts and the practice's settings"),
    Role.MAINTAINER: N_("the server; never sees a patient"),
}
LONGEST = 100
_NEEDED = {
    "username": N_("The user name is needed."),
    "given_name": N_("The given name is needed."),
    "family_name": N_("The family name is needed."),
}


@dataclass(frozen=True)
class NewAccount:
    """A new account as it was typed, with what is wrong with it by field."""

    username: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    roles: frozenset[Role] = field(default_factory=frozenset)
    errors: Mapping[str, str] = field(default_factory=dict)

    def person(self) -> DirectoryPerson:
        """Return the person to add."""
        return DirectoryPerson(
            key="",
            username=self.username,
            display_name=f"{self.given_name} {self.family_name}".strip(),
            given_name=self.given_name,
            family_name=self.family_name,
            email=self.email,
            roles=self.roles,
            must_change_password=True,
        )


def roles_open_to(actor: Actor) -> list[Role]:
    """Return the roles this person may give."""
    return [role for role in Role if actor.has(Role.ADMINISTRATOR) or role in HANDED_OUT_BY_MAINTAINERS]


def chosen_roles(values: Iterable[str]) -> frozenset[Role]:
    """Return the roles ticked; what no form of ours holds is left out."""
    known = {role.value: role for role in Role}
    return frozenset(known[value] for value in values if value in known)


def named(person: DirectoryPerson) -> NewAccount:
    """Return somebody's present names, to be changed in a form."""
    return NewAccount(person.username, person.given_name, person.family_name, person.email, person.roles)


def names(sent: MultiDict[str, str]) -> NewAccount:
    """Read names and say what is wrong with them, by field; roles are not asked."""
    typed = new_account(sent)
    return replace(typed, errors={name: words for name, words in typed.errors.items() if name != "roles"})


def new_account(sent: MultiDict[str, str]) -> NewAccount:
    """Read a new account and say what is missing, by field."""
    values = {name: " ".join(sent.get(name, "").split()) for name in ("username", "given_name", "family_name", "email")}
    roles = chosen_roles(sent.getlist("roles"))
    errors = {}
    for name, value in values.items():
        if not value and name != "email":
            errors[name] = _NEEDED[name]
        elif len(value) > LONGEST or not value.isprintable():
            errors[name] = N_("At most 100 characters, without control characters.")
    if values["email"] and "@" not in values["email"]:
        errors["email"] = N_("An address has an @ in it.")
    if not roles:
        errors["roles"] = N_("Choose at least one role.")
    return NewAccount(**values, roles=roles, errors=errors)
