"""Data for measuring: `socle bench data`."""

import click
import msgspec

from socle.cli.preparation import prepare
from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_words
from socle.foundation import home as homes
from socle.foundation.database import Database
from socle.foundation.errors import N_
from socle.foundation.secrets import Keys
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role, machine
from socle.identity.people import accounts, passwords
from socle.identity.people.directory import Directory, DirectoryPerson
from socle.practice.demonstration import bulk

USERNAME = "mesure"
PASSWORD = "bench_password"  # noqa: S105 - the secret's name
_ACTOR = machine("command line")


@click.group()
def bench() -> None:
    """Measuring Socle."""


@bench.command("data")
@click.option("--patients", type=click.IntRange(1, 5_000_000), default=50_000, show_default=True)
@click.option("--appointments", type=click.IntRange(0, 50_000_000), default=1_000_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same practice.")
@json_option
@pass_terminal
def data(terminal: Terminal, patients: int, appointments: int, seed: int, as_json: bool) -> None:
    """Fill a new home with a practice of any size, always the same for the same numbers."""
    home = homes.create(terminal.home_folder, terminal.keys_folder)
    tools = prepare(terminal, home, "Cabinet de mesure")
    with tools.of(Database).writing() as session:
        filled = bulk.fill(session, _ACTOR, patients, appointments, seed)
    _add_reader(tools)
    if as_json:
        print_json(msgspec.to_builtins(filled))
        return
    counts = {"patients": patients, "appointments": appointments, "practitioners": len(filled.practitioners)}
    print_words(
        N_("%(patients)s patients and %(appointments)s appointments of %(practitioners)s practitioners."), counts
    )


def _add_reader(tools: Toolbox) -> None:
    """Add the secretary as whom the measures are taken; the password lies with the keys."""
    tools.of(Keys).write(PASSWORD, passwords.generate().encode())
    person = DirectoryPerson(
        key="",
        username=USERNAME,
        display_name="Mesure",
        given_name="Mesure",
        family_name="Mesure",
        roles=frozenset({Role.SECRETARY}),
    )
    with tools.of(Database).writing() as session:
        password = tools.of(Keys).read(PASSWORD).decode()
        accounts.create(session, _ACTOR, tools.of(Directory), person, password)
