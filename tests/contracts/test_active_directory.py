"""An existing Active Directory, read-only: a real Samba domain controller with every state an account can be in."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ldap3 import MODIFY_ADD, MODIFY_REPLACE, NONE, Connection, Server
from sqlalchemy.orm import Session
from tests.conftest import AUDIT_KEY, DATABASE_KEY
from tests.parts import domain_controller as samba
from tests.parts import door

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine
from socle.foundation.errors import SocleError
from socle.foundation.settings import LdapSettings, RoleGroups
from socle.identity.actor import Role
from socle.identity.people import accounts
from socle.identity.people.directories.ldap import LdapDirectory
from socle.identity.people.directories.ldap_answers import Entry
from socle.identity.people.directory import (
    AccountDisabled,
    AccountExpired,
    AccountLocked,
    AccountRestricted,
    CertificateRefused,
    DirectoryReadOnly,
    PasswordChangesElsewhere,
    PasswordExpired,
    WrongCredentials,
)
from socle.web.apps import staff_app

# One domain for the run: it takes its time to come up.
DOOR = "https://localhost:8443"
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.xdist_group("active-directory")]
PASSWORD = "Tk7$wq9!Lmz2"
WRONG = "Wm5#dpV8xJt3"
SERVICE = "Rz8!kwQ2pLx5"
NAMES = {"given_name": "Anne", "family_name": "Martin", "email": "anne@cabinet.test"}
BASE = samba.BASE
MOST_LISTED = 1000
"""Windows lists 1,500 members (MaxValRange), or as many as the domain's owner sets."""
CROWD = f"OU=Foule,{BASE}"
DOMAIN_USERS = f"CN=Domain Users,CN=Users,{BASE}"


def crowd() -> list[str]:
    """Return people enough for Windows to cut the list of their group, the last ones cut off."""
    names = [f"CN=p{number:04d},{CROWD}" for number in range(MOST_LISTED + 1)]
    made = [f"dn: {name}\nobjectClass: user\nsAMAccountName: {name[3:8]}\n" for name in names]
    members = "".join(f"member: {name}\n" for name in names)
    group = f"dn: CN=Remplaçants,{CROWD}\nobjectClass: group\nsAMAccountName: remplacants\n{members}"
    above = f"dn: CN=Soignants,{CROWD}\nobjectClass: group\nsAMAccountName: soignants\n"
    return ["\n".join(made), group, f"{above}member: CN=Remplaçants,{CROWD}\n"]


def person(username: str, **more: Any) -> dict[str, Any]:
    return {"username": username, "password": PASSWORD, "unit": "OU=Cabinet", **NAMES, **more}


def group(name: str, *members: str) -> dict[str, Any]:
    return {"name": name, "unit": "OU=Cabinet", "members": list(members)}


A_SECOND = 10_000_000
USUAL_AGE = -A_SECOND * 86400 * 42
PLAN: dict[str, Any] = {
    "units": [f"OU=Cabinet,{BASE}", CROWD],
    "people": [
        person("anne.martin"),
        person("claire", family_name="Roussel", given_name="Claire"),
        person("O'Neil (Dr)"),
        person("parti", active=False),
        person("fini", expires_in=-86400),
        person("nouvelle", must_change=True),
        person("vieux", password_age=100),
        person("bloque"),
        person("nuit"),
        {**person("socle"), "password": SERVICE},
    ],
    "groups": [
        group("Praticiens", "Étage 1"),
        group("Étage 1", "Kinés"),
        group("Kinés", "anne.martin", "O'Neil (Dr)"),
        group("Secrétariat", "claire", "parti", "fini", "nouvelle", "vieux", "bloque", "nuit"),
        group("Échecs", "claire"),
    ],
    "ldif": [
        *crowd(),
        # A circle of groups, as people make them.
        f"dn: CN=Kinés,OU=Cabinet,{BASE}\nchangetype: modify\nadd: member\nmember: CN=Praticiens,OU=Cabinet,{BASE}\n",
        # A service account's password does not expire.
        f"dn: CN=socle,OU=Cabinet,{BASE}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 66048\n",
        # A stricter rule for one person: a lock after three wrong passwords.
        f"""dn: CN=lock,CN=Password Settings Container,CN=System,{BASE}
objectClass: msDS-PasswordSettings
msDS-PasswordSettingsPrecedence: 11
msDS-PasswordReversibleEncryptionEnabled: FALSE
msDS-PasswordHistoryLength: 0
msDS-PasswordComplexityEnabled: FALSE
msDS-MinimumPasswordLength: 7
msDS-MinimumPasswordAge: 0
msDS-MaximumPasswordAge: {USUAL_AGE}
msDS-LockoutThreshold: 3
msDS-LockoutObservationWindow: -{A_SECOND * 1800}
msDS-LockoutDuration: -{A_SECOND * 1800}
msDS-PSOAppliesTo: CN=bloque,OU=Cabinet,{BASE}
""",
    ],
}


@pytest.fixture(scope="module")
def domain() -> Iterator[samba.Domain]:
    with samba.running(PLAN) as one:
        yield one


@pytest.fixture
def directory(domain: samba.Domain) -> Iterator[LdapDirectory]:
    with closing(LdapDirectory(settings(domain), SERVICE.encode())) as one:
        yield one


def settings(domain: samba.Domain, **changed: Any) -> LdapSettings:
    groups = RoleGroups(
        practitioner=(f"cn=praticiens,ou=cabinet,{BASE.lower()}",), secretary=(f"CN=Secrétariat,OU=Cabinet,{BASE}",)
    )
    values: dict[str, Any] = {
        "urls": (domain.url,),
        "certificate_file": str(domain.authority.file),
        "bind_dn": "socle@cabinet.test",
        "people_base": f"OU=Cabinet,{BASE}",
        "groups_base": f"OU=Cabinet,{BASE}",
        "role_groups": groups,
        "active_directory": True,
        "connect_seconds": 10.0,
        "answer_seconds": 30.0,
    }
    return LdapSettings(**{**values, **changed})


@pytest.mark.parametrize(
    "typed",
    ["anne.martin", "ANNE.Martin", "anne.martin@cabinet.test", "Anne.Martin@CABINET.test", "CABINET\\anne.martin"],
)
def test_every_name_windows_knows_brings_the_same_person_in(directory: LdapDirectory, typed: str) -> None:
    found = directory.authenticate(typed, PASSWORD)
    assert (found.username, found.given_name, found.family_name) == ("anne.martin", "Anne", "Martin")
    assert found.email == "anne@cabinet.test"
    assert found.key == directory.authenticate("anne.martin", PASSWORD).key
    assert len(found.key) == 36


def test_groups_inside_groups_give_roles_even_in_a_circle(directory: LdapDirectory) -> None:
    assert directory.authenticate("anne.martin", PASSWORD).roles == {Role.PRACTITIONER}
    assert directory.authenticate("o'neil (dr)", PASSWORD).roles == {Role.PRACTITIONER}
    assert directory.authenticate("claire", PASSWORD).roles == {Role.SECRETARY}


@pytest.mark.parametrize("nested", [False, True])
def test_a_primary_group_gives_its_role_though_it_lists_nobody(domain: samba.Domain, *, nested: bool) -> None:
    everybody, above = DOMAIN_USERS, f"CN=Échecs,OU=Cabinet,{BASE}"
    groups = RoleGroups(secretary=(above if nested else everybody,))
    base = f"OU=Cabinet,{BASE}" if nested else BASE
    if nested:
        with administering(domain) as connection:
            joined = {"member": [(MODIFY_ADD, [everybody])]}
            assert connection.modify(above, joined), connection.result  # type: ignore[no-untyped-call]
    with closing(LdapDirectory(settings(domain, groups_base=base, role_groups=groups), SERVICE.encode())) as found:
        assert found.authenticate("anne.martin", PASSWORD).roles == {Role.SECRETARY}
        assert all(one.roles == {Role.SECRETARY} for one in found.people())


def test_a_group_of_more_people_than_windows_lists_gives_all_of_them_their_role(
    domain: samba.Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = {"people_base": CROWD, "groups_base": CROWD}
    groups = RoleGroups(practitioner=(f"CN=Soignants,{CROWD}",))
    with closing(LdapDirectory(settings(domain, role_groups=groups, **base), SERVICE.encode())) as found:
        monkeypatch.setattr(found.link, "pages", as_windows_lists(found.link.pages))
        listed = {one.username: one.roles for one in found.people()}
        last = f"p{MOST_LISTED}"
        assert len(listed) == MOST_LISTED + 1
        assert set(listed.values()) == {frozenset({Role.PRACTITIONER})}
        one = found.find(last)
        assert one is not None
        assert one.roles == {Role.PRACTITIONER}


@pytest.mark.parametrize(
    ("username", "error"),
    [
        ("parti", AccountDisabled),
        ("fini", AccountExpired),
        ("nouvelle", PasswordChangesElsewhere),
        ("vieux", PasswordExpired),
        ("nuit", AccountRestricted),
    ],
)
def test_each_state_of_an_account_has_its_own_reason(
    directory: LdapDirectory, domain: samba.Domain, username: str, error: type[SocleError]
) -> None:
    if username == "nuit":
        change(domain, f"CN=nuit,OU=Cabinet,{BASE}", logonHours=bytes(21))  # no hour of the week
    with pytest.raises(error):
        directory.authenticate(username, PASSWORD)
    with pytest.raises(WrongCredentials):
        directory.authenticate(username, WRONG)


def test_too_many_wrong_passwords_lock_for_a_while(directory: LdapDirectory) -> None:
    for _ in range(3):
        with pytest.raises(WrongCredentials):
            directory.authenticate("bloque", WRONG)
    with pytest.raises(AccountLocked):
        directory.authenticate("bloque", PASSWORD)
    found = directory.find("bloque")
    assert found is not None
    assert found.active  # locked for a while is not gone: no account is closed for it


@pytest.mark.parametrize(
    "name", ["*", "anne*", "anne.martin)(objectClass=*", "CN=anne.martin", "\\", "@", "x@", "a\\*"]
)
def test_a_name_stands_for_itself_only(directory: LdapDirectory, name: str) -> None:
    assert directory.find(name) is None
    with pytest.raises(WrongCredentials):
        directory.authenticate(name, PASSWORD)


def test_everybody_is_listed_as_they_are_found(directory: LdapDirectory) -> None:
    listed = {one.username: one for one in directory.people()}
    assert set(listed) == {person["username"].lower() for person in PLAN["people"]}
    for username, one in listed.items():
        assert directory.find(username) == one
    assert {username for username, one in listed.items() if not one.active} == {"parti", "fini"}
    assert listed["nouvelle"].must_change_password
    assert listed["anne.martin"].roles == {Role.PRACTITIONER}


def test_a_renamed_person_keeps_their_key(directory: LdapDirectory, domain: samba.Domain) -> None:
    before = directory.find("claire")
    assert before is not None
    dn, married = f"CN=claire,OU=Cabinet,{BASE}", f"CN=Claire Durand,OU=Cabinet,{BASE}"
    change(domain, dn, sAMAccountName="claire.durand", sn="Durand")
    with administering(domain) as connection:
        assert connection.modify_dn(dn, "CN=Claire Durand")
    after = directory.authenticate("claire.durand", PASSWORD)
    assert (after.key, after.family_name, after.roles) == (before.key, "Durand", before.roles)
    assert directory.find("claire") is None
    change(domain, married, sAMAccountName="claire")


def test_it_is_only_read(directory: LdapDirectory) -> None:
    assert directory.capabilities == frozenset()
    anne = directory.find("anne.martin")
    assert anne is not None
    session = Session()
    for change_it in (
        lambda: directory.create(session, anne, PASSWORD),
        lambda: directory.change(session, anne.key, roles=anne.roles, active=True),
        lambda: directory.rename(session, anne.key, anne),
        lambda: directory.set_password(session, anne.key, WRONG, must_change=True),
        lambda: directory.change_own_password(session, "anne.martin", PASSWORD, WRONG),
    ):
        with pytest.raises(DirectoryReadOnly):
            change_it()
    assert directory.probe().state == "green"
    assert b"anne.martin" in b"".join(directory.export_ldif())


@pytest.mark.parametrize(
    ("username", "code"),
    [("nouvelle", "PASSWORD-MUST-CHANGE-ELSEWHERE"), ("vieux", "PASSWORD-EXPIRED"), ("fini", "ACCOUNT-EXPIRED")],
)
def test_the_sign_in_page_says_the_reason_and_offers_no_form_that_cannot_work(
    directory: LdapDirectory, sqlcipher_template: Path, tmp_path: Path, clock: SettableClock, username: str, code: str
) -> None:
    shutil.copyfile(sqlcipher_template, tmp_path / "practice.db")
    engine = embedded_engine(tmp_path / "practice.db", DATABASE_KEY)
    database = Database(engine, clock, {"audit_key": AUDIT_KEY})
    client = staff_app(door.tools(database, clock, tmp_path, directory)).test_client()
    answer = client.post("/sign-in", base_url=DOOR, data={"username": f"{username}@cabinet.test", "password": PASSWORD})
    assert answer.status_code == 403
    assert code in answer.text
    assert "new_password" not in answer.text
    signed_in = client.post("/sign-in", base_url=DOOR, data={"username": "CABINET\\claire", "password": PASSWORD})
    assert signed_in.status_code == 303
    with database.reading() as session:
        assert [one.username for one in accounts.listed(session)] == ["claire"]
    engine.dispose()


def test_a_certificate_of_somebody_else_is_refused(domain: samba.Domain) -> None:
    with closing(LdapDirectory(settings(domain, certificate_file=""), SERVICE.encode())) as stranger:
        with pytest.raises(CertificateRefused):
            stranger.find("anne.martin")


def as_windows_lists(pages: Callable[..., Iterator[list[Entry]]]) -> Callable[..., Iterator[list[Entry]]]:
    """Cut long lists of members as Windows does (MS-ADTS 3.1.1.3.1.3.3); Samba hands them out whole."""

    def cut(*asked: Any) -> Iterator[list[Entry]]:
        for page in pages(*asked):
            yield [
                Entry(one.dn, {**one.values, "member": [], f"member;range=0-{MOST_LISTED - 1}": members[:MOST_LISTED]})
                if len(members := one.values.get("member", [])) > MOST_LISTED
                else one
                for one in page
            ]

    return cut


@contextmanager
def administering(domain: samba.Domain) -> Iterator[Connection]:
    server, secret = Server(domain.url, get_info=NONE), samba.ADMINISTRATOR_PASSWORD
    connection = Connection(server, samba.ADMINISTRATOR, secret, auto_bind=True, check_names=False)
    try:
        yield connection
    finally:
        connection.unbind()


def change(domain: samba.Domain, dn: str, **values: Any) -> None:
    """Change an entry as the domain's administrator."""
    asked = {name: [(MODIFY_REPLACE, [value])] for name, value in values.items()}
    with administering(domain) as connection:
        assert connection.modify(dn, asked), connection.result  # type: ignore[no-untyped-call]
