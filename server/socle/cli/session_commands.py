"""Sessions from the command line: who is signed in, and ending what should not be."""

import click
import msgspec

from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.database import Database, now
from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import Settings
from socle.identity.actor import machine
from socle.identity.people import accounts
from socle.identity.people.directory import PersonUnknown
from socle.identity.sessions import listing, sessions
from socle.identity.sessions.reasons import Why
from socle.identity.sessions.standing import Limits

_ACTOR = machine("command line")
_STATES = {"open": N_("open"), "locked": N_("locked")}


class SessionUnknown(SocleError):
    """No live session has that number."""

    code = "SESSION-UNKNOWN"
    message = N_("There is no live session number %(number)s.")
    hint = N_("“socle sessions list” shows them; it may have ended meanwhile.")
    kind = "missing"


@click.group("sessions")
def session_group() -> None:
    """Who is signed in."""


@session_group.command("list")
@json_option
@pass_terminal
def list_sessions(terminal: Terminal, as_json: bool) -> None:
    """Show every live session, newest first."""
    tools = terminal.tools()
    limits = Limits.from_settings(tools.of(Settings).sessions)
    with tools.of(Database).reading() as session:
        lines = listing.live(session, limits, now(session))
    if as_json:
        print_json([msgspec.to_builtins(line) for line in lines])
        return
    rows = [
        (
            line.id,
            line.display_name,
            line.door,
            line.address,
            line.browser,
            f"{line.last_input_at:%Y-%m-%d %H:%M}",
            line.state,
        )
        for line in lines
    ]
    print_table(
        rows,
        (N_("number"), N_("who"), N_("door"), N_("address"), N_("browser"), N_("last input (UTC)"), N_("state")),
    )


@session_group.command("end")
@click.argument("number", type=click.IntRange(1, 2**62))
@pass_terminal
def end(terminal: Terminal, number: int) -> None:
    """End one session."""
    with terminal.tools().of(Database).writing() as session:
        ended = sessions.end(session, _ACTOR, number, Why.REVOKED)
    if not ended:
        raise SessionUnknown(number=number)
    print_words(N_("Session %(number)s is ended."), {"number": number})


@session_group.command("end-all")
@click.option("--username", default="", help="Only this person's sessions.")
@json_option
@pass_terminal
def end_all(terminal: Terminal, username: str, as_json: bool) -> None:
    """End every session, or all those of one person."""
    with terminal.tools().of(Database).writing() as session:
        if username:
            account = accounts.find(session, username)
            if account is None:
                raise PersonUnknown
            count = sessions.end_of_account(session, _ACTOR, account.id, Why.REVOKED)
        else:
            count = sessions.end_all(session, _ACTOR, Why.REVOKED)
    if as_json:
        print_json({"ended": count})
    else:
        print_words(N_("Sessions ended: %(count)s."), {"count": count})
