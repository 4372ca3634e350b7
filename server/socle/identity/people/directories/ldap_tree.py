"""The practice's tree in an OpenLDAP that Socle manages: people, roles, workstations, password policy.

The policy is the embedded directory's (`passwords`, `throttling`; CNIL deliberation 2022-100): nobody changes a good
password on a date, a reset one is changed at once, at least 12 characters, not the present one again. 25 wrong
passwords within a day lock an account for a quarter of an hour: no more than the doors themselves let through, so
that it stops those who go round them and keeps no doctor from her patients.
"""

from collections.abc import Mapping, Sequence

from socle.foundation.errors import N_
from socle.foundation.settings import LdapSettings, RoleGroups
from socle.identity.actor import Role
from socle.identity.people.directories import ldap_server_configuration as configuration
from socle.identity.people.directories.ldap_changes import Add, Change, Modify
from socle.identity.people.directories.ldap_link import LdapLink
from socle.identity.people.directories.ldap_workstations import ENROLLED
from socle.identity.people.directories.ldap_writing import NOBODY
from socle.identity.people.directory import DirectoryMisconfigured, DirectoryRefusesChange
from socle.identity.people.passwords import Hasher
from socle.identity.people.roles import same_name
from socle.identity.people.tree import Ground, State, Step, SuffixInUse, SuffixUnknown

POLICY = {
    "pwdAttribute": "userPassword",
    "pwdMustChange": "TRUE",
    "pwdAllowUserChange": "TRUE",
    "pwdMinLength": "12",
    "pwdCheckQuality": "1",
    "pwdInHistory": "1",
    "pwdMaxAge": "0",
    "pwdLockout": "TRUE",
    "pwdMaxFailure": "25",
    "pwdFailureCountInterval": "86400",
    "pwdLockoutDuration": "900",
}
SERVICE_POLICY = {"pwdAttribute": "userPassword", "pwdLockout": "FALSE", "pwdMaxAge": "0"}
"""Socle's own account is never locked: guesses at it must not keep the whole practice out."""
_THERE_ALREADY = 68
_PAGE = 20


class LdapTrees:
    """Opens trees on OpenLDAP servers."""

    def at(self, ground: Ground, practice: str, service_password: bytes) -> "LdapTree":
        """Return the tree."""
        return LdapTree(ground, practice, service_password)


class LdapTree:
    """One practice's tree."""

    def __init__(self, ground: Ground, practice: str, service_password: bytes, hasher: Hasher | None = None) -> None:
        self._ground = ground
        self._practice = practice
        self._password = service_password
        self._hasher = hasher or Hasher()
        where = LdapSettings(
            urls=(ground.url,),
            certificate_file=ground.certificate_file,
            bind_dn=ground.admin_dn,
            people_base=ground.suffix,
        )
        self._link = LdapLink(where, ground.admin_password)
        self._service = f"cn=socle,{ground.suffix}"

    def settings(self) -> LdapSettings:
        """Return the settings by which Socle manages this tree."""
        groups = f"ou=groups,{self._ground.suffix}"
        return LdapSettings(
            urls=(self._ground.url,),
            certificate_file=self._ground.certificate_file,
            bind_dn=self._service,
            people_base=f"ou=people,{self._ground.suffix}",
            groups_base=groups,
            role_groups=RoleGroups(**{role.value: (f"cn={role.value},{groups}",) for role in Role}),
            manage_people=True,
            workstations_base=f"ou=workstations,{self._ground.suffix}",
        )

    def steps(self) -> Sequence[Step]:
        """Look at the server's configuration, then at the tree."""
        return [step for step, _ in (*self._configuration(), *self._entries())]

    def lay_out(self) -> Sequence[Step]:
        """Configure first: the rights to write the tree are among it."""
        for step, changes in self._configuration():
            self._make(step, changes)
        for step, changes in self._entries():
            self._make(step, changes)
        return self.steps()

    def close(self) -> None:
        """Close the connections."""
        self._link.close()

    def _make(self, step: Step, changes: Sequence[Change]) -> None:
        if step.state is not State.TO_DO:
            return
        for change in changes:
            answer = self._link.apply(change)
            if answer.code not in {0, _THERE_ALREADY}:
                raise DirectoryRefusesChange(answer=f"{answer.code} {answer.text}".strip())

    def _configuration(self) -> list[tuple[Step, list[Change]]]:
        found = configuration.find(self._link, self._ground.suffix)
        if found is None:
            words = N_(
                "The server's configuration: password policy, argon2, access rules (run this as root on the server)"
            )
            return [(Step(words, State.NOT_FROM_HERE), [])]
        return [
            (Step(words, State.TO_DO if changes else State.DONE, {"suffix": self._ground.suffix}), changes)
            for words, changes in configuration.wanted(self._link, found, self._ground, self._service)
        ]

    def _entries(self) -> list[tuple[Step, list[Change]]]:
        suffix = self._ground.suffix
        self._refuse_if_in_use()
        steps: list[tuple[Step, list[Change]]] = []
        for words, entries in self._wanted().items():
            missing: list[Change] = [Add(dn, what) for dn, what in entries if self._link.read(dn, ["1.1"]) is None]
            steps.append((Step(words, State.TO_DO if missing else State.DONE, {"suffix": suffix}), missing))
        steps.append(self._service_step())
        return steps

    def _refuse_if_in_use(self) -> None:
        if self._link.read(self._service, ["1.1"]) is not None or self._link.read(self._ground.suffix, ["1.1"]) is None:
            return
        own = {same_name(dn) for entries in self._wanted().values() for dn, _ in entries}
        try:
            found = self._link.search(self._ground.suffix, "(objectClass=*)", ["objectClass"], limit=_PAGE)
        except DirectoryMisconfigured:
            raise SuffixUnknown(suffix=self._ground.suffix) from None
        for entry in found:
            # Debian's own package puts its administrator there.
            harmless = b"simpleSecurityObject" in entry.values.get("objectclass", ())
            if same_name(entry.dn) not in own and not harmless:
                raise SuffixInUse(suffix=self._ground.suffix, entry=entry.dn)

    def _wanted(self) -> Mapping[str, list[tuple[str, Mapping[str, list[str]]]]]:
        """Return the entries of each step, in the order in which they are added."""
        suffix = self._ground.suffix
        nobody = f"cn={NOBODY},ou=groups,{suffix}"
        units = {
            name: (f"ou={name},{suffix}", {"objectClass": ["organizationalUnit"], "ou": [name]})
            for name in ("people", "groups", "workstations", "policies")
        }

        def group(name: str, unit: str) -> tuple[str, Mapping[str, list[str]]]:
            return f"cn={name},ou={unit},{suffix}", {"objectClass": ["groupOfNames"], "cn": [name], "member": [nobody]}

        def policy(name: str, rules: Mapping[str, str]) -> tuple[str, Mapping[str, list[str]]]:
            what = {
                "objectClass": ["device", "pwdPolicy"],
                "cn": [name],
                **{key: [text] for key, text in rules.items()},
            }
            return f"cn={name},ou=policies,{suffix}", what

        nobody_is = {
            "objectClass": ["organizationalRole"],
            "cn": [NOBODY],
            "description": ["Keeps groups from being empty"],
        }
        return {
            N_("The suffix %(suffix)s"): [(suffix, _top(suffix, self._practice))],
            N_("The password policy of people and of Socle's own account"): [
                units["policies"],
                policy("people", POLICY),
                policy("services", SERVICE_POLICY),
            ],
            N_("People and the groups that give roles"): [
                units["people"],
                units["groups"],
                (nobody, nobody_is),
                *(group(role.value, "groups") for role in Role),
            ],
            N_("Workstations and their group"): [units["workstations"], group(ENROLLED, "workstations")],
        }

    def _service_step(self) -> tuple[Step, list[Change]]:
        words, changes = N_("Socle's own account in the directory, with its password"), list[Change]()
        if self._link.read(self._service, ["1.1"]) is None:
            kept = f"{{ARGON2}}{self._hasher.keep(self._password.decode())}"
            what = {
                "objectClass": ["organizationalRole", "simpleSecurityObject"],
                "cn": ["socle"],
                "userPassword": [kept],
                "pwdPolicySubentry": [f"cn=services,ou=policies,{self._ground.suffix}"],
            }
            changes = [Add(self._service, what)]
        elif self._link.check_password(self._service, self._password).code != 0:
            kept = f"{{ARGON2}}{self._hasher.keep(self._password.decode())}"
            changes = [Modify(self._service, {"userPassword": [("replace", [kept])]})]
        return Step(words, State.TO_DO if changes else State.DONE), changes


def _top(suffix: str, practice: str) -> Mapping[str, list[str]]:
    kind, _, value = suffix.split(",", maxsplit=1)[0].partition("=")
    if kind.lower() == "dc":
        return {"objectClass": ["dcObject", "organization"], "dc": [value], "o": [practice]}
    return {"objectClass": ["organization" if kind.lower() == "o" else "organizationalUnit"], kind: [value]}
