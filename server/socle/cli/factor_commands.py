"""Second factors from the command line: who has one, and removing what was lost."""

from typing import Any

import click
import msgspec

from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.database import Database
from socle.foundation.errors import N_
from socle.foundation.secrets import Keys
from socle.foundation.settings import Settings
from socle.foundation.wording import say
from socle.identity.actor import machine
from socle.identity.people import accounts
from socle.identity.people.directory import PersonUnknown
from socle.identity.sessions import sign_in, throttling
from socle.identity.sessions.factors import holdings, policy, remembered
from socle.identity.sessions.factors.holdings import REMOVAL_REASONS

_ACTOR = machine("command line")


@click.group("factors")
def factor_group() -> None:
    """Second factors beside the password."""


@factor_group.command("list")
@json_option
@pass_terminal
def list_factors(terminal: Terminal, as_json: bool) -> None:
    """Show what each active account has, and what its roles need."""
    tools = terminal.tools()
    lines: list[dict[str, Any]] = []
    with tools.of(Database).reading() as session:
        last = ""
        while page := accounts.listed(session, last):
            last = page[-1].username
            for account in page:
                if not account.active or account.break_glass_hash is not None:
                    continue
                held = holdings.of(session, account.id)
                rules = policy.for_roles(tools.of(Settings).access, account.role_set())
                lines.append(
                    {
                        "username": account.username,
                        "totp_since": held.totp_since,
                        "passkeys": len(held.passkeys),
                        "recovery_codes_left": held.recovery.count,
                        "remembered_browsers": len(remembered.listed(session, account.id)),
                        "required": rules.required,
                        "ask": rules.ask,
                    }
                )
    if as_json:
        print_json([msgspec.to_builtins(line) for line in lines])
        return
    rows = [
        (
            line["username"],
            f"{line['totp_since']:%Y-%m-%d}" if line["totp_since"] else "",
            line["passkeys"],
            line["recovery_codes_left"],
            line["remembered_browsers"],
            say(N_("required")) if line["required"] else say(N_("optional")),
        )
        for line in lines
    ]
    columns = (
        N_("user name"),
        N_("code since"),
        N_("passkeys"),
        N_("recovery codes left"),
        N_("remembered"),
        N_("second factor"),
    )
    print_table(rows, columns)


@factor_group.command("remove")
@click.argument("username")
@click.option("--reason", type=click.Choice(list(REMOVAL_REASONS)), default="lost", show_default=True)
@json_option
@pass_terminal
def remove(terminal: Terminal, username: str, reason: str, as_json: bool) -> None:
    """Remove somebody's second factor and end their sessions; they are told at the next sign-in."""
    tools = terminal.tools()
    with tools.of(Database).writing() as session:
        account = accounts.find(session, username)
        if account is None:
            raise PersonUnknown
        holdings.remove_all(session, _ACTOR, account.id, reason)
        throttling.clear(session, sign_in.second_key(tools.of(Keys).read("forms"), account.username))
        shown = {"username": account.username, "reason": reason}
    if as_json:
        print_json(shown)
    else:
        print_words(N_("The second factor of %(username)s is removed; they will be told."), shown)
