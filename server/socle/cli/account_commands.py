"""Accounts from the command line: for the first administrator, and for a day when nobody gets in."""

from dataclasses import replace
from typing import Any

import click
from sqlalchemy.orm import Session

from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.database import Database
from socle.foundation.errors import N_
from socle.foundation.secrets import Keys
from socle.foundation.wording import say
from socle.identity.actor import Role, machine
from socle.identity.people import accounts, passwords
from socle.identity.people.directory import Directory, DirectoryPerson, PersonUnknown
from socle.identity.people.models import Account
from socle.identity.sessions import sessions, throttling
from socle.identity.sessions.reasons import Why

_ACTOR = machine("command line")
ROLES = {
    Role.PRACTITIONER: N_("practitioner"),
    Role.SECRETARY: N_("secretary"),
    Role.ADMINISTRATOR: N_("practice administrator"),
    Role.MAINTAINER: N_("maintainer"),
}
_role_option = click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role])
)


@click.group("accounts")
def account_group() -> None:
    """Who may sign in, and as what."""


@account_group.command("list")
@json_option
@pass_terminal
def list_accounts(terminal: Terminal, as_json: bool) -> None:
    """Show every account, in the order of user names."""
    found: list[Account] = []
    with terminal.tools().of(Database).reading() as session:
        while page := accounts.listed(session, found[-1].username if found else ""):
            found += page
    if as_json:
        print_json([_plain(account) for account in found])
        return
    rows = [
        (
            account.id,
            account.username,
            account.display_name,
            ", ".join(say(ROLES[role]) for role in Role if role in account.role_set()),
            say(_state(account)),
            f"{account.last_sign_in_at:%Y-%m-%d %H:%M}" if account.last_sign_in_at else "",
        )
        for account in found
    ]
    print_table(rows, (N_("number"), N_("user name"), N_("person"), N_("roles"), N_("state"), N_("last sign-in (UTC)")))


@account_group.command("create")
@click.argument("username")
@click.option("--given-name", required=True)
@click.option("--family-name", required=True)
@click.option("--email", default="")
@_role_option
@json_option
@pass_terminal
def create(
    terminal: Terminal,
    username: str,
    given_name: str,
    family_name: str,
    email: str,
    roles: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add somebody; the password printed has to be changed at the first sign-in."""
    tools = terminal.tools()
    person = DirectoryPerson(
        key="",
        username=username,
        display_name=f"{given_name} {family_name}",
        given_name=given_name,
        family_name=family_name,
        email=email,
        roles=frozenset(Role(role) for role in roles),
        must_change_password=True,
    )
    password = passwords.generate()
    with tools.of(Database).writing() as session:
        account = accounts.create(session, _ACTOR, tools.of(Directory), person, password)
        shown = {**_plain(account), "password": password}
    _tell(N_("%(username)s may sign in with the password %(password)s (to be changed then)."), shown, as_json)


@account_group.command("disable")
@click.argument("username")
@json_option
@pass_terminal
def disable(terminal: Terminal, username: str, as_json: bool) -> None:
    """Close an account and end its sessions."""
    tools = terminal.tools()
    with tools.of(Database).writing() as session:
        account = _account(session, username)
        accounts.disable(session, _ACTOR, tools.of(Directory), account.id)
        ended = sessions.end_of_account(session, _ACTOR, account.id, Why.ACCOUNT_DISABLED)
        shown = {**_plain(account), "ended_sessions": ended}
    _tell(N_("%(username)s is disabled; sessions ended: %(ended_sessions)s."), shown, as_json)


@account_group.command("enable")
@click.argument("username")
@json_option
@pass_terminal
def enable(terminal: Terminal, username: str, as_json: bool) -> None:
    """Open a closed account again."""
    tools = terminal.tools()
    with tools.of(Database).writing() as session:
        account = accounts.enable(session, _ACTOR, tools.of(Directory), _account(session, username).id)
        shown = _plain(account)
    _tell(N_("%(username)s may sign in again."), shown, as_json)


@account_group.command("reset-password")
@click.argument("username")
@json_option
@pass_terminal
def reset_password(terminal: Terminal, username: str, as_json: bool) -> None:
    """Print a new password, to be changed at the next sign-in; also the emergency administrator's."""
    tools = terminal.tools()
    with tools.of(Database).writing() as session:
        account = _account(session, username)
        if account.break_glass_hash is not None:
            password = accounts.make_break_glass(session, _ACTOR, renew=True)
        else:
            password = accounts.reset_password(session, _ACTOR, tools.of(Directory), account.id)
        sessions.end_of_account(session, _ACTOR, account.id, Why.PASSWORD_CHANGED)
        throttling.clear(session, throttling.name_key(tools.of(Keys).read("forms"), account.username))
        shown = {**_plain(account), "password": password}
    _tell(N_("The new password of %(username)s is %(password)s; it is shown only now."), shown, as_json)


@account_group.command("roles")
@click.argument("username")
@_role_option
@json_option
@pass_terminal
def set_roles(terminal: Terminal, username: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Give an account these roles and no others, and end its sessions."""
    tools = terminal.tools()
    with tools.of(Database).writing() as session:
        number = _account(session, username).id
        account = accounts.set_roles(session, _ACTOR, tools.of(Directory), number, [Role(role) for role in roles])
        sessions.end_of_account(session, _ACTOR, account.id, Why.ROLES_CHANGED)
        shown = _plain(account)
    _tell(N_("The roles of %(username)s are changed."), shown, as_json)


@account_group.command("rename")
@click.argument("username")
@click.option("--username", "new_username", default="", help="The new user name; the old one by default.")
@click.option("--given-name", default="")
@click.option("--family-name", default="")
@click.option("--email", default=None)
@json_option
@pass_terminal
def rename(
    terminal: Terminal,
    username: str,
    new_username: str,
    given_name: str,
    family_name: str,
    email: str | None,
    as_json: bool,
) -> None:
    """Give somebody another user name or other names; what they did stays theirs, and no session ends."""
    tools = terminal.tools()
    person = tools.of(Directory).find(username)
    if person is None:
        raise PersonUnknown
    names = (given_name or person.given_name, family_name or person.family_name)
    renamed = replace(
        person,
        username=new_username or person.username,
        given_name=names[0],
        family_name=names[1],
        display_name=" ".join(names) if given_name or family_name else person.display_name,
        email=person.email if email is None else email,
    )
    with tools.of(Database).writing() as session:
        number = _account(session, username).id
        shown = _plain(accounts.rename(session, _ACTOR, tools.of(Directory), number, renamed))
    _tell(N_("The account is now %(display_name)s, user name %(username)s."), shown, as_json)


@account_group.command("link")
@click.argument("username")
@json_option
@pass_terminal
def link(terminal: Terminal, username: str, as_json: bool) -> None:
    """After a change of directory: tie an account to the person who has its user name there."""
    tools = terminal.tools()
    person = tools.of(Directory).find(username)
    if person is None:
        raise PersonUnknown
    with tools.of(Database).writing() as session:
        account = accounts.link(session, _ACTOR, _account(session, username).id, person)
        shown = _plain(account)
    _tell(N_("%(username)s is now the person of that name in the present directory."), shown, as_json)


def _account(session: Session, username: str) -> Account:
    account = accounts.find(session, username)
    if account is None:
        raise PersonUnknown
    return account


def _state(account: Account) -> str:
    if account.active:
        return N_("active")
    return N_("disabled") if account.left_directory_at is None else N_("left the directory")


def _plain(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "username": account.username,
        "display_name": account.display_name,
        "roles": sorted(account.roles),
        "active": account.active,
        "left_directory_at": account.left_directory_at,
        "emergency": account.break_glass_hash is not None,
        "last_sign_in_at": account.last_sign_in_at,
    }


def _tell(words: str, shown: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(shown)
    else:
        print_words(words, shown)
