"""Fills a new home with the demonstration practice: invented people, accounts with a password made on this machine."""

from datetime import timedelta

from socle.cli.terminal import print_table, print_words
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.errors import N_
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.foundation.toolbox import Toolbox
from socle.foundation.wording import say
from socle.identity.actor import Role, machine
from socle.identity.people import accounts, passwords
from socle.identity.people.directory import Directory, DirectoryPerson
from socle.practice.agenda import local_time, practitioners
from socle.practice.demonstration import loading

PASSWORD = "demonstration_password"  # noqa: S105 - the secret's name
PRACTICE = "Cabinet des Tilleuls"
SEED = 20_261_122
PATIENTS = 1_200
_ACTOR = machine("demonstration")
_PHYSIOTHERAPIST = "Masseur-kinésithérapeute"
_PEOPLE = (
    ("cmoreau", "Claire", "Moreau", Role.PRACTITIONER),
    ("tlefevre", "Thomas", "Lefèvre", Role.PRACTITIONER),
    ("ibenali", "Inès", "Benali", Role.PRACTITIONER),
    ("hgarnier", "Hugo", "Garnier", Role.PRACTITIONER),
    ("smarchand", "Sophie", "Marchand", Role.SECRETARY),
    ("nperrin", "Nathalie", "Perrin", Role.ADMINISTRATOR),
    ("khaddad", "Karim", "Haddad", Role.MAINTAINER),
)
_ROLES = {
    Role.PRACTITIONER: N_("practitioner"),
    Role.SECRETARY: N_("secretary"),
    Role.ADMINISTRATOR: N_("practice administrator"),
    Role.MAINTAINER: N_("maintainer"),
}


def ask_for(home: Home) -> None:
    """Note, in a home just made, that it is to hold the demonstration practice."""
    home.keys.write(PASSWORD, passwords.generate().encode())


def fill(tools: Toolbox) -> None:
    """Add accounts, patients and two years of agenda in one transaction, if asked for and not there yet."""
    keys = tools.of(Keys)
    if not keys.has(PASSWORD):
        return
    with tools.of(Database).reading() as session:
        if accounts.find(session, _PEOPLE[0][0]) is not None:
            return
    password = keys.read(PASSWORD).decode()
    today = local_time.local_day(tools.of(Clock).now())
    size = loading.Size(PATIENTS, today - timedelta(days=640), today + timedelta(days=90))
    print_words(N_("Inventing a demonstration practice…"))
    with tools.of(Database).writing() as session:
        numbers = []
        for username, given, family, role in _PEOPLE:
            person = DirectoryPerson(
                key="",
                username=username,
                display_name=f"{given} {family}",
                given_name=given,
                family_name=family,
                roles=frozenset({role}),
            )
            account = accounts.create(session, _ACTOR, tools.of(Directory), person, password)
            if role is Role.PRACTITIONER:
                account.profession = _PHYSIOTHERAPIST
                session.flush()
                practitioners.open_agenda(session, _ACTOR, account.id)
                numbers.append(account.id)
        loading.load(session, _ACTOR, numbers, size, SEED)


def tell(tools: Toolbox) -> None:
    """Say who may sign in to the demonstration practice, as long as it is one."""
    keys = tools.of(Keys)
    if not keys.has(PASSWORD):
        return
    print_words(
        N_("Demonstration accounts, all with the password %(password)s"), {"password": keys.read(PASSWORD).decode()}
    )
    rows = [(username, f"{given} {family}", say(_ROLES[role])) for username, given, family, role in _PEOPLE]
    print_table(rows, (N_("user name"), N_("person"), N_("role")))
