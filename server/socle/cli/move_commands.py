"""`socle directory move`: from the embedded directory to LDAP, every account staying itself."""

from collections.abc import Sequence
from contextlib import closing

import click

from socle.cli.directory_commands import ACTOR
from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.database import Database
from socle.foundation.errors import N_
from socle.foundation.wording import say
from socle.identity.people import moving
from socle.identity.people.moving import STAYING, Line, Outcome, Roads
from socle.identity.sessions import sessions

_WORDS = {
    Outcome.CREATE: N_("added, with the password they have"),
    Outcome.CREATE_ANEW: N_("added, with a new password to change at the first sign-in"),
    Outcome.MATCH: N_("there already: tied to them, with the password they have there"),
    Outcome.MOVED: N_("moved before, brought up to date"),
    Outcome.ABSENT: N_("not there, and Socle may not add them: add them first"),
    Outcome.TAKEN: N_("the person of that name there belongs to another account"),
}


@click.command("move")
@click.option("--yes", is_flag=True, help="Move people; without it, only say what would become of each.")
@click.option("--undo", is_flag=True, help="Take a move back, as long as the settings still say “embedded”.")
@json_option
@pass_terminal
def move(terminal: Terminal, yes: bool, undo: bool, as_json: bool) -> None:
    """Move people from the embedded directory to the one under [directory.ldap]; accounts and history stay theirs."""
    tools = terminal.tools()
    database = tools.of(Database)
    origin, destination = tools.of(Roads).open()
    with closing(destination):
        if undo:
            count = moving.undo(database, ACTOR, origin, destination)
            _tell_count(count, as_json)
            return
        lines = (
            moving.move(database, ACTOR, origin, destination) if yes else moving.rehearse(database, origin, destination)
        )
    with database.reading() as session:
        live = len(sessions.live(session))
    _tell(lines, yes, live, as_json)


def _tell_count(count: int, as_json: bool) -> None:
    if as_json:
        print_json({"undone": count})
    else:
        print_words(N_("People given back to the embedded directory: %(count)s."), {"count": count})


def _tell(lines: Sequence[Line], moved: bool, live: int, as_json: bool) -> None:
    staying = sum(line.outcome in STAYING for line in lines)
    if as_json:
        told = [
            {
                "username": line.kept.person.username,
                "outcome": line.outcome.value,
                "roles_differ": line.roles_differ,
                **({"password": line.password} if line.password else {}),
            }
            for line in lines
        ]
        print_json({"moved": moved, "people": told, "staying": staying, "open_sessions": live})
        return
    rows = [(line.kept.person.username, say(_WORDS[line.outcome]), _notes(line)) for line in lines]
    print_table(rows, (N_("user name"), N_("what becomes of them"), N_("to know")))
    if not moved:
        print_words(N_("Nothing was changed. Add --yes to move them; open sessions (%(live)s) go on."), {"live": live})
    elif staying:
        print_words(N_("Not everybody could be moved: mend that and move again before changing the settings."))
    else:
        print_words(
            N_(
                'Everybody is moved; open sessions (%(live)s) go on. Now write kind = "ldap" under [directory] and '
                "restart: people sign in there with the same accounts. Until then --undo takes it back."
            ),
            {"live": live},
        )


def _notes(line: Line) -> str:
    if line.password:
        return say(N_("password: %(password)s"), {"password": line.password})
    return say(N_("other roles there, which will hold")) if line.roles_differ else ""
