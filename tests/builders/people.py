"""A small practice's people, as every kind of directory should know them."""

from contextlib import closing
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from msgspec import structs
from tests.parts import slapd

from socle.foundation.settings import LdapSettings, RoleGroups
from socle.identity.actor import Role
from socle.identity.people import ldif
from socle.identity.people.directories.ldap import LdapDirectory
from socle.identity.people.directories.ldap_tree import LdapTree
from socle.identity.people.passwords import Hasher
from socle.identity.people.tree import Ground

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""argon2id at a cost fit for tests of everything but its cost."""


@dataclass(frozen=True)
class Person:
    """What is known of a test person, their password included."""

    username: str
    password: str
    given_name: str
    family_name: str
    roles: frozenset[Role] = field(default_factory=frozenset)
    active: bool = True
    must_change: bool = False

    @property
    def display_name(self) -> str:
        """Given name and family name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def email(self) -> str:
        """An address that leads nowhere."""
        return f"person{sum(map(ord, self.username))}@cabinet.test"


ANNE = Person("anne.martin", "Tk7$wq9!Lmz2", "Anne", "Martin", frozenset({Role.PRACTITIONER}))
CLAIRE = Person("claire.roussel", "vélo nuage tigre pomme", "Claire", "Roussel", frozenset({Role.SECRETARY}))
PAUL = Person("paul.lemoine", " début et fin ", "Paul", "Lemoine", frozenset({Role.PRACTITIONER, Role.ADMINISTRATOR}))
ZOE = Person("zoé.noël", "Crème brûlée à l'été ²€", "Zoé", "Noël", frozenset({Role.SECRETARY, Role.MAINTAINER}))
ODD = Person(
    "o'brien+1", "*)(uid=*))(|(uid=*", " Seán, (Dr) #1", 'O\'Brien \\ «+» = <x>; "y"', frozenset({Role.SECRETARY})
)
GONE = Person("marc.parti", "Rz8!kwQ2pLx5", "Marc", "Parti", frozenset({Role.SECRETARY}), active=False)
NEW = Person("lea.nouvelle", "Hn4?vbT7sWd9", "Léa", "Nouvelle", frozenset({Role.SECRETARY}), must_change=True)
GUEST = Person("visiteur", "Yq6&gzM3cFk8", "Un", "Visiteur")
EVERYBODY = (ANNE, CLAIRE, PAUL, ZOE, ODD, GONE, NEW, GUEST)
SERVICE_PASSWORD = "service-password"


def dn(person: Person) -> str:
    """Return the person's DN in the test directory."""
    return f"uid={ldif.escaped_name(person.username)},{slapd.PEOPLE}"


def group(name: str) -> str:
    """Return a group's DN."""
    return f"cn={ldif.escaped_name(name)},{slapd.GROUPS}"


def entries(crowd: int = 0) -> bytes:
    """Return the whole test directory as LDIF, with `crowd` more people who hold no role.

    Practitioners are reached through two inner groups, one of which contains its own container.
    """
    written = _top()
    written += [_person(person) for person in EVERYBODY]
    written += [_person(Person(f"person{number:05}", "x", "Personne", str(number))) for number in range(crowd)]
    members = {role: [dn(person) for person in EVERYBODY if role in person.roles] for role in Role}
    inner, circle = group("kinés, étage 1"), group("tous les kinés")
    written += [
        _group("kinés, étage 1", members[Role.PRACTITIONER]),
        _group("tous les kinés", [inner, group("practitioners")]),
        _group("practitioners", [circle]),
        _group("secretaries", members[Role.SECRETARY]),
        _group("administrators", members[Role.ADMINISTRATOR]),
        _group("maintainers", members[Role.MAINTAINER], unique=True),
        _group("chess club", [dn(person) for person in EVERYBODY]),
    ]
    return b"".join(written)


def settings(*urls: str, certificate_file: str = "", **changed: object) -> LdapSettings:
    """Return settings for the test directory; the group names are spelt otherwise than in the directory."""
    groups = RoleGroups(
        practitioner=(group("Practitioners").replace(",", ", "),),
        secretary=(group("secretaries").upper(),),
        administrator=(group("administrators"), group("not there")),
        maintainer=(group("maintainers"),),
    )
    values: dict[str, object] = {
        "urls": urls,
        "certificate_file": certificate_file,
        "bind_dn": slapd.SERVICE,
        "people_base": slapd.PEOPLE,
        "groups_base": slapd.GROUPS,
        "role_groups": groups,
        "connect_seconds": 5.0,
        "answer_seconds": 10.0,
    }
    return LdapSettings(**{**values, **changed})  # type: ignore[arg-type]


def laid_out(server: slapd.Slapd, **changed: object) -> LdapDirectory:
    """Make an empty server the directory that Socle manages, as `socle directory init` does."""
    ground = Ground(server.socket_url, slapd.SUFFIX)
    with closing(LdapTree(ground, "Cabinet", SERVICE_PASSWORD.encode(), Hasher(1, 64))) as tree:
        tree.lay_out()
        return LdapDirectory(structs.replace(tree.settings(), **changed), SERVICE_PASSWORD.encode())


def _top() -> list[bytes]:
    return [
        ldif.entry(
            slapd.SUFFIX,
            [("objectClass", "dcObject"), ("objectClass", "organization"), ("dc", "cabinet"), ("o", "Cabinet")],
        ),
        *(
            ldif.entry(name, [("objectClass", "organizationalUnit"), ("ou", name.partition("=")[2].partition(",")[0])])
            for name in (slapd.PEOPLE, slapd.GROUPS)
        ),
        ldif.entry(
            slapd.SERVICE,
            [
                *(("objectClass", name) for name in ("organizationalRole", "simpleSecurityObject")),
                *(("cn", "socle"), ("userPassword", _kept(SERVICE_PASSWORD))),
            ],
        ),
        ldif.entry(
            f"cn=policy,{slapd.SUFFIX}",
            [
                *(("objectClass", name) for name in ("device", "pwdPolicy")),
                *(("cn", "policy"), ("pwdAttribute", "userPassword"), ("pwdMustChange", "TRUE")),
                *(("pwdLockout", "TRUE"), ("pwdMaxFailure", "50"), ("pwdMinLength", "8"), ("pwdCheckQuality", "2")),
            ],
        ),
    ]


def _kept(password: str) -> str:
    return f"{{ARGON2}}{QUICK.hash(password)}"


def _person(person: Person) -> bytes:
    attributes = [
        ("objectClass", "inetOrgPerson"),
        ("uid", person.username),
        ("cn", person.display_name),
        ("displayName", person.display_name),
        ("givenName", person.given_name),
        ("sn", person.family_name),
        ("mail", person.email),
        ("userPassword", _kept(person.password)),
    ]
    if not person.active:
        attributes.append(("pwdAccountLockedTime", "000001010000Z"))
    if person.must_change:
        attributes.append(("pwdReset", "TRUE"))
    return ldif.entry(dn(person), attributes)


def _group(name: str, members: list[str], *, unique: bool = False) -> bytes:
    kind, member = ("groupOfUniqueNames", "uniqueMember") if unique else ("groupOfNames", "member")
    return ldif.entry(
        f"cn={ldif.escaped_name(name)},{slapd.GROUPS}",
        [("objectClass", kind), ("cn", name), *((member, one) for one in members)],
    )
