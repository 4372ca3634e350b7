"""Making a home and serving it: `socle init`, `socle up`, `socle migrate`, `socle scheduler`."""

from functools import partial

import click

from socle.cli import demonstration, serving
from socle.cli.preparation import prepare
from socle.cli.terminal import Terminal, pass_terminal, print_words
from socle.foundation import home as homes
from socle.foundation.errors import N_


@click.command()
@click.option("--practice", default="Cabinet", show_default=True, help="The practice's name.")
@pass_terminal
def init(terminal: Terminal, practice: str) -> None:
    """Make a home folder, its keys, its database and its emergency administrator; changes nothing that exists."""
    prepare(terminal, homes.create(terminal.home_folder, terminal.keys_folder), practice)


@click.command()
@click.option("--demo/--no-demo", default=True, show_default=True, help="Fill a new home with an invented practice.")
@pass_terminal
def up(terminal: Terminal, demo: bool) -> None:
    """Serve the practice until Ctrl-C; the first start makes the home."""
    new = not homes.exists(terminal.home_folder)
    home = homes.create(terminal.home_folder, terminal.keys_folder)
    if new and demo:
        demonstration.ask_for(home)
    tools = prepare(terminal, home, demonstration.PRACTICE if demo else "Cabinet")
    demonstration.fill(tools)
    parts = {name: partial(run, home) for name, run in terminal.parts.items()}
    serving.serve(home, tools, parts, lambda: demonstration.tell(tools))


@click.command()
@pass_terminal
def migrate(terminal: Terminal) -> None:
    """Bring the database to this version's tables."""
    prepare(terminal, terminal.home())
    print_words(N_("The database is up to date."))


@click.command()
@pass_terminal
def scheduler(terminal: Terminal) -> None:
    """Run the jobs that are due, until stopped (`socle up` does so by itself)."""
    terminal.parts["scheduler"](terminal.home())


COMMANDS = (init, up, migrate, scheduler)
