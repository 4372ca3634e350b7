"""Workstations and cards from the command line."""

import click

from socle.appliance.maintenance import authority
from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.database import Database
from socle.foundation.errors import N_
from socle.foundation.secrets import Keys
from socle.identity.actor import machine
from socle.identity.people import accounts
from socle.identity.people.directory import PersonUnknown
from socle.identity.sessions import card_numbers, workstations
from socle.identity.sessions.card_policy import CardPolicy
from socle.identity.sessions.models import Workstation

_ACTOR = machine("command line")


@click.group("workstations")
def workstation_group() -> None:
    """Workstations where a card opens a session."""


@click.group("cards")
def card_group() -> None:
    """Professional cards: whose they are, and what was revoked."""


@workstation_group.command("list")
@json_option
@pass_terminal
def list_workstations(terminal: Terminal, as_json: bool) -> None:
    """Show every workstation."""
    with terminal.tools().of(Database).reading() as session:
        rows = [_row(each) for each in workstations.listed(session)]
    if as_json:
        print_json(rows)
        return
    headings = (N_("number"), N_("name"), N_("system"), N_("address"), N_("last seen (UTC)"), N_("withdrawn"))
    print_table([tuple(row.values()) for row in rows], headings)


@workstation_group.command("add")
@click.argument("name")
@json_option
@pass_terminal
def add(terminal: Terminal, name: str, as_json: bool) -> None:
    """Name a workstation and print the code its agent enrols with."""
    with terminal.tools().of(Database).writing() as session:
        station, code = workstations.add(session, _ACTOR, name)
    _print_code(terminal, station, code, as_json)


@workstation_group.command("code")
@click.argument("number", type=click.IntRange(1, 2**62))
@json_option
@pass_terminal
def new_code(terminal: Terminal, number: int, as_json: bool) -> None:
    """Print another code for a workstation."""
    with terminal.tools().of(Database).writing() as session:
        station, code = workstations.new_code(session, _ACTOR, number)
    _print_code(terminal, station, code, as_json)


@workstation_group.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**62))
@pass_terminal
def revoke(terminal: Terminal, number: int) -> None:
    """Withdraw a workstation; its sessions end."""
    with terminal.tools().of(Database).writing() as session:
        station = workstations.revoke(session, _ACTOR, number)
    print_words(N_("The workstation “%(name)s” is withdrawn."), {"name": station.name})


@card_group.command("give")
@click.argument("username")
@click.argument("number")
@pass_terminal
def give(terminal: Terminal, username: str, number: str) -> None:
    """Say which RPPS or ADELI number is somebody's ("" takes it away)."""
    with terminal.tools().of(Database).writing() as session:
        account = accounts.find(session, username)
        if account is None:
            raise PersonUnknown
        card_numbers.give(session, _ACTOR, account, number)
    print_words(N_("The card's number is kept."))


@card_group.command("refresh")
@pass_terminal
def refresh(terminal: Terminal) -> None:
    """Fetch the revocation lists now."""
    count = terminal.tools().of(CardPolicy).lists.refresh()
    print_words(N_("Revocation lists fetched: %(count)s."), {"count": count})


def _print_code(terminal: Terminal, station: Workstation, code: str, as_json: bool) -> None:
    fingerprint = authority.shown_fingerprint(terminal.tools().of(Keys))
    if as_json:
        print_json({"number": station.id, "name": station.name, "code": code, "fingerprint": fingerprint})
        return
    print_words(N_("Code, good once and for ten minutes: %(code)s"), {"code": code})
    print_words(N_("Fingerprint of this server: %(fingerprint)s"), {"fingerprint": fingerprint})


def _row(each: Workstation) -> dict[str, object]:
    return {
        "number": each.id,
        "name": each.name,
        "system": each.system,
        "address": each.address,
        "last_seen": f"{each.last_seen_at:%Y-%m-%d %H:%M}" if each.last_seen_at else None,
        "revoked": f"{each.revoked_at:%Y-%m-%d %H:%M}" if each.revoked_at else None,
    }
