"""The recovery kit from the command line: make, prove, status."""

import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from socle.appliance.backups.engine import Engines
from socle.appliance.backups.recovery_kit import making, proving, sheets, state
from socle.appliance.backups.recovery_kit.proving import Opening
from socle.appliance.backups.recovery_kit.words import SHEETS
from socle.appliance.backups.runs import Backups
from socle.cli.kit_input import given, scan_option, words_option
from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_words, warn
from socle.foundation.checks import Finding
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.settings import Settings
from socle.foundation.toolbox import Toolbox
from socle.foundation.wording import say, terminal_locale
from socle.identity.actor import machine

ACTOR = machine("command line")


class PdfExists(SocleError):
    """The file for the sheets is there already."""

    code = "KIT-FILE-EXISTS"
    message = N_("The file %(file)s exists already.")
    hint = N_("Nothing was made. Give a new file name, and delete the file once the sheets are printed.")
    kind = "conflict"


class PdfExposed(SocleError):
    """The disk does not keep the file to its owner."""

    code = "KIT-FILE-EXPOSED"
    message = N_("On that disk every user of the machine could read %(file)s.")
    hint = N_("Nothing was made. Give a file on a disk with rights of its own, such as your home folder.")
    kind = "refused"


@click.group("kit")
def kit_group() -> None:
    """The recovery kit: three printed sheets, any two of which bring the practice back."""


@kit_group.command("make")
@click.option("--pdf", "file", required=True, type=click.Path(path_type=Path, dir_okay=False), help="A new file.")
@click.option("--language", type=click.Choice(sheets.LANGUAGES), default=None, help="Of the sheets; the terminal's.")
@click.option("--separate", is_flag=True, help="One file for each sheet: FILE-1.pdf, FILE-2.pdf, FILE-3.pdf.")
@click.option("--holder", "holders", multiple=True, help="Who will hold sheet 1, 2, 3; give it up to three times.")
@json_option
@pass_terminal
def make(
    terminal: Terminal, file: Path, language: str | None, separate: bool, holders: tuple[str, ...], as_json: bool
) -> None:
    """Make a new kit and write its sheets to a PDF that only you can read; print it, then delete the file."""
    tools = terminal.tools()
    backups = tools.of(Backups)
    kit = making.draft(backups)
    wanted = range(1, SHEETS + 1) if separate else [None]
    files = [file if one is None else file.with_stem(f"{file.stem}-{one}") for one in wanted]
    spoken = language or terminal_locale()
    pages = [sheets.pdf(kit, holders, spoken, one) for one in wanted]
    for place, page in zip(files, pages, strict=True):
        _write(place, page)
    refused = making.add_keys(backups, kit)
    with tools.of(Database).writing() as session:
        making.remember(session, ACTOR, kit, list(holders[:SHEETS]))
    if as_json:
        without = {name: error.code for name, error in refused.items()}
        print_json({"kit": kit.number, "files": [str(one) for one in files], "without_key": without})
        return
    print_words(
        N_("Kit %(kit)s is in %(files)s: print it, delete it, then run “socle backup kit prove”."),
        {"kit": kit.number, "files": ", ".join(map(str, files))},
    )
    for name, error in refused.items():
        print_words(N_("“%(target)s” could not take the kit's key now; proving tries again."), {"target": name})
        warn(error)


@kit_group.command("prove")
@words_option
@scan_option
@json_option
@pass_terminal
def prove(terminal: Terminal, words_files: tuple[Path, ...], scans: tuple[Path, ...], as_json: bool) -> None:
    """Open every repository with two sheets, as on the worst day; exit 0 only when all of them open."""
    tools = terminal.tools()
    database = tools.of(Database)
    found = given(scans, words_files)
    with database.reading() as session:
        if state.current(session) is None:
            raise proving.NoKit()
    secret = proving.secret_of(*found.pair())
    with database.reading() as session:
        contents = proving.contents_of(proving.kit_of(session, secret), secret, found.envelope)
    openings = proving.open_all(contents, secret, tools.of(Engines), tools.of(Clock).now())
    with database.writing() as session:
        proving.remember(session, ACTOR, secret, openings)
    finding = _finding(tools)
    if as_json:
        print_json({"kit": secret.number, "targets": [_opening(one) for one in openings], **_told(finding)})
    else:
        _say_openings(openings)
        print_words(finding.what, finding.details)
    sys.exit(1 if any(one.error for one in openings) else 0)


@kit_group.command("status")
@json_option
@pass_terminal
def status(terminal: Terminal, as_json: bool) -> None:
    """Say whether the kit is good; exit 0 only when green."""
    tools = terminal.tools()
    finding = _finding(tools)
    with tools.of(Database).reading() as session:
        kit = state.current(session)
        about = {
            "kit": kit.number if kit else None,
            "made_at": kit.made_at if kit else None,
            "proven_at": kit.proven_at if kit else None,
            "proven": kit.proven if kit else {},
            "holders": kit.holders if kit else [],
        }
    if as_json:
        print_json({**_told(finding), **about})
    else:
        print_words(finding.what, finding.details)
        if finding.state != "green":
            print_words(finding.do, finding.details)
            click.echo(f"[{finding.code}]")
    sys.exit(0 if finding.state == "green" else 1)


def _finding(tools: Toolbox) -> Finding:
    with tools.of(Database).reading() as session:
        found = state.read(session, tools.of(Home), tools.of(Settings))
    days = {name: f"{value:%Y-%m-%d}" for name, value in found.details.items() if isinstance(value, datetime)}
    return replace(found, details={**found.details, **days})


def _told(finding: Finding) -> dict[str, Any]:
    return {
        "state": finding.state,
        "code": finding.code,
        "what": say(finding.what, finding.details),
        "do": say(finding.do, finding.details),
    }


def _opening(one: Opening) -> dict[str, Any]:
    error = one.error
    return {
        "target": one.target,
        "opened": error is None,
        "newest": one.newest,
        **({"code": error.code, "message": say(error.message, error.details)} if error else {}),
    }


def _say_openings(openings: Sequence[Opening]) -> None:
    for one in openings:
        details = {"target": one.target, "newest": f"{one.newest:%Y-%m-%d %H:%M}" if one.newest else say(N_("never"))}
        if one.error is None:
            print_words(N_("“%(target)s”: opened; its newest sealed set: %(newest)s."), details)
        else:
            print_words(N_("“%(target)s”: not opened."), details)
            warn(one.error)


def _write(file: Path, content: bytes) -> None:
    """Write a file that nobody else can read, or none; PdfExists, PdfExposed."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise PdfExists(file=file) from None
    with os.fdopen(handle, "wb") as opened:
        if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
            file.unlink()
            raise PdfExposed(file=file)
        opened.write(content)
