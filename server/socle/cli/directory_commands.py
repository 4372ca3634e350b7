"""The directory of people from the command line: asked how it is, or laid out in an empty OpenLDAP."""

import os
import secrets
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

import click
import msgspec

from socle.cli.account_commands import ROLES
from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_words
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.errors import N_
from socle.foundation.secrets import BIND_PASSWORD, Keys
from socle.foundation.settings import LdapSettings, Settings
from socle.foundation.wording import say
from socle.identity.actor import Role, machine
from socle.identity.audit import trail
from socle.identity.people import accounts, leavers
from socle.identity.people.directory import Directory, DirectoryPerson
from socle.identity.people.tree import Ground, State, Step, Trees
from socle.identity.sessions import leaving

ACTOR = machine("command line")
_MARKS = {State.DONE: "✓", State.TO_DO: "+", State.NOT_FROM_HERE: "!"}


@click.group("directory")
def directory_group() -> None:
    """The directory of people."""


@directory_group.command("check")
@click.option("--people", is_flag=True, help="Also count the people of each role.")
@json_option
@pass_terminal
def check(terminal: Terminal, people: bool, as_json: bool) -> None:
    """Ask the directory's servers; exit 0 only when all of them answer as they should."""
    tools = terminal.tools()
    directory = tools.of(Directory)
    finding = directory.probe()
    counts = _count(directory.people()) if people and finding.state != "red" else None
    if as_json:
        told: dict[str, Any] = {"kind": tools.of(Settings).directory.kind, **msgspec.to_builtins(finding)}
        print_json({**told, "people": counts} if people else told)
    else:
        for words in filter(None, (finding.what, finding.why, finding.do)):
            print_words(words, finding.details)
        for role, count in (counts or {}).items():
            name = ROLES[Role(role)] if role in set(Role) else N_("no role")
            click.echo(f"{count:6}  {say(name)}")
    sys.exit(0 if finding.state == "green" else 1)


@directory_group.command("init")
@click.option("--suffix", required=True, help="Where the tree goes, such as dc=cabinet,dc=lan.")
@click.option("--url", default="ldapi://%2Frun%2Fslapd%2Fldapi", show_default=True, help="The OpenLDAP server.")
@click.option("--certificate-file", default="", help="The authority that signed the server's certificate.")
@click.option("--admin-dn", default="", help="Who may write there; over ldapi:// the Unix user root is enough.")
@click.option("--yes", is_flag=True, help="Lay the tree out; without it, only say what there is to do.")
@json_option
@pass_terminal
def init(
    terminal: Terminal, suffix: str, url: str, certificate_file: str, admin_dn: str, yes: bool, as_json: bool
) -> None:
    """Make an empty OpenLDAP the practice's directory, managed by Socle; may be done again at any time.

    The administrator's password is asked, or read from SOCLE_DIRECTORY_ADMIN_PASSWORD.
    """
    tools = terminal.tools()
    keys = tools.of(Keys)
    password = _admin_password() if admin_dn else b""
    made = not keys.has(BIND_PASSWORD)
    service = secrets.token_urlsafe(32).encode() if made else keys.read(BIND_PASSWORD).rstrip(b"\r\n")
    ground = Ground(url, suffix, certificate_file, admin_dn, password)
    with closing(tools.of(Trees).at(ground, tools.of(Settings).practice.name, service)) as tree:
        steps = tree.steps()
        if yes and any(step.state is State.TO_DO for step in steps):
            if made:
                keys.write(BIND_PASSWORD, service)
            with tools.of(Database).writing() as session:
                trail.record(session, ACTOR, "directory.init", "directory", None, ["tree"])
            steps = tree.lay_out()
        with tools.of(Database).reading() as session:
            people = any(account.directory_key for account in accounts.listed(session))
        some_to_move = people and tools.of(Settings).directory.kind == "embedded"
        _tell(steps, tree.settings(), some_to_move, as_json)


@directory_group.command("sync")
@click.option("--rehearse", is_flag=True, help="Only say what would change.")
@click.option("--confirm", is_flag=True, help="Also close the accounts held back, as “check” tells of them.")
@json_option
@pass_terminal
def sync(terminal: Terminal, rehearse: bool, confirm: bool, as_json: bool) -> None:
    """Compare the accounts with the directory now: leavers are closed, their sessions ended; exit 1 if some are held.

    When more than one account in five would close, nobody is closed until --confirm. It also runs by itself, every
    quarter of an hour.
    """
    tools = terminal.tools()
    began = tools.of(Clock).now()
    people = list(tools.of(Directory).people())
    with tools.of(Database).writing() as session:
        agreed = [account.id for account in leavers.held_back(session)] if confirm else []
        if rehearse:
            compared = leavers.compare(session, people, began, agreed)
        else:
            compared = leaving.compare_and_end(session, ACTOR, people, began, agreed)
        groups = {name: [one.username for one in getattr(compared, name)] for name in _OUTCOMES}
    if as_json:
        print_json({"listed": compared.listed, "rehearsed": rehearse, **groups})
    else:
        print_words(N_("People in the directory: %(count)s."), {"count": compared.listed})
        for name, usernames in groups.items():
            if usernames:
                click.echo(f"{say(_OUTCOMES[name])} {', '.join(usernames)}")
    sys.exit(1 if compared.held else 0)


_OUTCOMES = {
    "closed": N_("Closed, their sessions ended:"),
    "held": N_("Missing, too many at once to be closed without --confirm:"),
    "returned": N_("Back, open again:"),
    "changed": N_("Brought up to date:"),
}


def _admin_password() -> bytes:
    given = os.environ.get("SOCLE_DIRECTORY_ADMIN_PASSWORD")
    if given is not None:
        return given.encode()
    asked: str = click.prompt(
        say(N_("Password of the directory's administrator")), hide_input=True, default="", show_default=False
    )
    return asked.encode()


def _tell(steps: Sequence[Step], settings: LdapSettings, some_to_move: bool, as_json: bool) -> None:
    to_do = sum(step.state is State.TO_DO for step in steps)
    if as_json:
        told = [{"what": say(step.what, step.details), "state": step.state.value} for step in steps]
        print_json({"steps": told, "to_do": to_do, "settings": msgspec.to_builtins(settings)})
        return
    for step in steps:
        click.echo(f"{_MARKS[step.state]} {say(step.what, step.details)}")
    if to_do:
        print_words(N_("Steps to do: %(count)s. Add --yes to do them."), {"count": to_do})
        return
    print_words(N_("All is laid out. These lines go into the settings file:"))
    click.echo(_as_toml(settings, "embedded" if some_to_move else "ldap"))
    if some_to_move:
        print_words(N_('Then “socle directory move” takes the people there, and kind becomes "ldap".'))


def _as_toml(settings: LdapSettings, kind: str) -> str:
    said = msgspec.to_builtins(settings)
    usual = msgspec.to_builtins(LdapSettings())
    changed = {name: value for name, value in said.items() if value != usual[name] and name != "role_groups"}
    blocks = (
        ("directory", {"kind": kind}),
        ("directory.ldap", changed),
        ("directory.ldap.role_groups", said["role_groups"]),
    )
    # A JSON text, list or truth value is one of TOML too.
    lines = [[f"\n[{name}]", *(f"{key} = {_in_json(value)}" for key, value in block.items())] for name, block in blocks]
    return "\n".join(line for block in lines for line in block)


def _in_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _count(people: Iterable[DirectoryPerson]) -> dict[str, int]:
    counts = {**{role.value: 0 for role in Role}, "none": 0}
    for person in people:
        for role in person.roles or {"none"}:
            counts[role] += 1
    return counts
