"""Backups from the command line: run, list, status, verify, restore, drill."""

import sys
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from msgspec import structs

from socle.appliance.backups import access, plan, runs, sets
from socle.appliance.backups import status as statuses
from socle.appliance.backups.drill import drill as run_drill
from socle.appliance.backups.engine import Engines
from socle.appliance.backups.restore import History, Restoration, Restored, restore_home
from socle.appliance.backups.runs import Backups
from socle.appliance.backups.self_test import self_test
from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.addresses import database_address, has_password
from socle.foundation.checks import Finding
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.engines import postgresql_engine
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.secrets import DATABASE_PASSWORD, Keys
from socle.foundation.settings import BackupTarget
from socle.foundation.toolbox import Toolbox
from socle.foundation.wording import say
from socle.identity.actor import machine

ACTOR = machine("command line")
target_option = click.option("--target", default=None, help="One target by its name; all of them by default.")


class PasswordVisible(SocleError):
    """A password would stand among the arguments of a program."""

    code = "PASSWORD-ON-COMMAND-LINE"
    message = N_("There is a password in this address: on the command line every user of this machine can read it.")
    hint = N_("Nothing was done. Put the whole address into the variable %(variable)s, and change the password.")
    kind = "invalid"


class NoDisksInTurn(SocleError):
    """--disk was given, and no target is of disks that take turns."""

    code = "BACKUP-NO-DISKS-IN-TURN"
    message = N_("No backup target is of disks that take turns.")
    hint = N_("Write its repository with a star in the settings, such as /media/*/socle, then try again.")
    kind = "invalid"


@click.group()
def backup() -> None:
    """Backups, and the proof that they restore."""


@backup.command("init")
@target_option
@click.option("--disk", type=click.Path(path_type=Path, file_okay=False), help="The folder on one of disks in turn.")
@pass_terminal
def init(terminal: Terminal, target: str | None, disk: Path | None) -> None:
    """Make the repository of each target that has none; of disks that take turns, one by one with --disk."""
    backups = terminal.tools().of(Backups)
    chosen = plan.chosen(backups.sources.settings, backups.sources.home, target)
    if disk is not None:
        rotated = next((one for one in chosen if plan.is_rotated(one)), None)
        if rotated is None:
            raise NoDisksInTurn()
        chosen = (structs.replace(rotated, repository=str(disk.absolute())),)
    for one in chosen:
        runs.prepare(backups, one)
        print_words(N_("“%(target)s” is ready: %(repository)s"), {"target": one.name, "repository": one.shown})


@backup.command("run")
@target_option
@json_option
@pass_terminal
def run(terminal: Terminal, target: str | None, as_json: bool) -> None:
    """Make a sealed set on each target; exit 0 only when all of them are sealed."""

    def one(backups: Backups, where: BackupTarget) -> dict[str, Any]:
        manifest = runs.back_up(backups, where, ACTOR)
        return {"outcome": "sealed", "set_id": manifest.set_id, **runs.summary(manifest)}

    words = N_("“%(target)s”: sealed %(set_id)s (%(rows)s rows, %(documents)s documents, %(bytes)s bytes).")
    _each(terminal.tools(), target, as_json, one, words)


@backup.command("verify")
@target_option
@json_option
@pass_terminal
def verify(terminal: Terminal, target: str | None, as_json: bool) -> None:
    """Check each target: its structure, a part of its data, its newest seal; exit 0 only when all are good."""

    def one(backups: Backups, where: BackupTarget) -> dict[str, Any]:
        return {"outcome": "verified", "set_id": runs.verify(backups, where, ACTOR).set_id}

    _each(terminal.tools(), target, as_json, one, N_("“%(target)s”: verified, newest set %(set_id)s."))


@backup.command("drill")
@target_option
@click.option("--self-test", "of_itself", is_flag=True, help="Damage copies on purpose: the drill must refuse each.")
@json_option
@pass_terminal
def drill(terminal: Terminal, target: str | None, of_itself: bool, as_json: bool) -> None:
    """Restore the newest set of each target to a scratch place, compare it, and write a signed report."""
    tools = terminal.tools()
    if of_itself:
        _self_test(tools, as_json)
        return

    def one(backups: Backups, where: BackupTarget) -> dict[str, Any]:
        done = run_drill(backups, where, tools.of(History), ACTOR)
        checks = {check.name: check.count for check in done.report.checks}
        return {
            "outcome": "proven",
            "set_id": done.report.set_id,
            "seconds": done.report.seconds,
            "report": str(done.file),
            "checks": checks,
        }

    _each(tools, target, as_json, one, N_("“%(target)s”: restored and compared in %(seconds)s s. Report: %(report)s"))


def _self_test(tools: Toolbox, as_json: bool) -> None:
    done = self_test(tools.of(Backups), tools.of(History), ACTOR)
    refused = {check.name: check.code for check in done.report.checks}
    facts = {"outcome": "proven", "seconds": done.report.seconds, "report": str(done.file), "refused": refused}
    if as_json:
        print_json(facts)
        return
    words = N_("The drill refused all %(count)s damaged copies, in %(seconds)s s. Report: %(report)s")
    print_words(words, {**facts, "count": len(refused) - 1})


@backup.command("list")
@target_option
@json_option
@pass_terminal
def list_sets(terminal: Terminal, target: str | None, as_json: bool) -> None:
    """Show the sets of each target, newest first, as the repository has them."""
    backups = terminal.tools().of(Backups)
    found = []
    for where in plan.chosen(backups.sources.settings, backups.sources.home, target):
        stored = sets.stored_sets(backups.engine(where).snapshots())
        found += [(where.name, one) for one in reversed(stored)]
    if as_json:
        print_json([_listed(name, one) for name, one in found])
        return
    marks = {True: say(N_("sealed")), False: say(N_("not sealed"))}
    rows = [(name, one.set_id, f"{one.made_at:%Y-%m-%d %H:%M:%S}", marks[one.sealed]) for name, one in found]
    print_table(rows, (N_("target"), N_("set"), N_("when (UTC)"), N_("seal")))


@backup.command("status")
@json_option
@pass_terminal
def status(terminal: Terminal, as_json: bool) -> None:
    """Say whether the backups are good; exit 0 only when green."""
    tools = terminal.tools()
    with tools.of(Database).reading() as session:
        found = statuses.read(session, tools.of(Backups), look=True)
    if as_json:
        print_json(
            {
                "state": found.state,
                "reasons": [_finding(finding) for finding in found.findings],
                "targets": [
                    {
                        "name": one.name,
                        "repository": one.repository,
                        "engine": one.engine,
                        "state": one.state,
                        "running": one.running,
                        "sealed_at": one.sealed_at,
                        "verified_at": one.verified_at,
                        "drilled_at": one.drilled_at,
                        "append_only": one.append_only,
                        "deletion": one.deletion,
                    }
                    for one in found.targets
                ],
                "advice": [_finding(finding) for finding in found.advice],
            }
        )
    else:
        _say_status(found)
    sys.exit(0 if found.state == "green" else 1)


@backup.command("restore")
@click.option("--into", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new or empty folder.")
@click.option("--set", "wanted", default="newest", show_default=True, help="A set's id, or how it begins.")
@click.option("--target", default=None, help="The target to restore from; the first one by default.")
@click.option(
    "--from",
    "repository",
    envvar="SOCLE_RESTORE_FROM",
    default=None,
    help="A repository's address, when there is no home any more.",
)
@click.option("--keys", "keys_folder", type=click.Path(path_type=Path, file_okay=False), help="The keys that open it.")
@click.option("--keys-into", type=click.Path(path_type=Path, file_okay=False), help="Where the restored keys go.")
@click.option(
    "--database",
    "url",
    envvar="SOCLE_RESTORE_DATABASE",
    default=None,
    help="An empty PostgreSQL database, for a set that holds one; its password only in SOCLE_DATABASE_PASSWORD.",
)
@json_option
@pass_terminal
def restore(
    terminal: Terminal,
    into: Path,
    wanted: str,
    target: str | None,
    repository: str | None,
    keys_folder: Path | None,
    keys_into: Path | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Make a complete home again from a sealed set, and compare it with the seal before saying so."""
    hide_passwords(repository=repository, url=url)
    into = into.absolute()
    keys, where = _source(terminal, target, repository, keys_folder)
    keys.read(access.PASSWORDS[where.engine])
    tools = terminal.open_toolbox(Home(into, keys))
    engine = tools.of(Engines).open(where, access.with_keys(where, keys))
    engine.version()
    cancel = threading.Event()
    manifest = sets.find(engine, wanted, tools.of(Clock).now(), cancel)
    restoration = Restoration(engine, manifest, tools.of(History), cancel)
    # The password of the server there was is in the set's own keys, and no use on another one.
    database = postgresql_engine(database_address(url, Keys(into), DATABASE_PASSWORD)) if url else None
    place = keys_into.absolute() if keys_into else None
    done = restore_home(restoration, into, place, database, tools.of(Clock), ACTOR)
    _say_restored(done, as_json)


def hide_passwords(**addresses: str | None) -> None:
    """Refuse an address with a password among the arguments: PasswordVisible."""
    restoring = click.get_current_context().info_name in {"restore", "recover"}
    variables = {
        "repository": "SOCLE_RESTORE_FROM" if restoring else "SOCLE_PRUNE_REPOSITORY",
        "url": "SOCLE_RESTORE_DATABASE",
    }
    for name, address in addresses.items():
        typed = click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE
        if address and typed and has_password(address):
            raise PasswordVisible(variable=variables[name])


def _source(
    terminal: Terminal, target: str | None, repository: str | None, keys_folder: Path | None
) -> tuple[Keys, BackupTarget]:
    given = keys_folder or terminal.keys_folder
    if repository is not None:
        keys = Keys(given.absolute()) if given else terminal.home().keys
        address = repository if ":" in repository.split("/", 1)[0] else str(Path(repository).absolute())
        return keys, BackupTarget(name="given", repository=address)
    home = terminal.home()
    settings = terminal.tools().of(Backups).sources.settings
    where = plan.target_named(settings, home, target) if target else plan.targets(settings, home)[0]
    return Keys(given.absolute()) if given else home.keys, where


def _say_restored(done: Restored, as_json: bool) -> None:
    facts = {
        "home": str(done.home.folder),
        "keys": str(done.home.keys.folder),
        "set_id": done.manifest.set_id,
        "sealed_at": done.manifest.sealed_at.isoformat(timespec="seconds"),
        "rows": done.rows,
        "documents": done.documents,
        "sessions_ended": done.sessions_ended,
    }
    if as_json:
        print_json(facts)
        return
    print_words(N_("Restored and compared: %(rows)s rows, %(documents)s documents, as sealed at %(sealed_at)s."), facts)
    print_words(N_("  Home: %(home)s"), facts)
    print_words(N_("  Keys: %(keys)s"), facts)
    print_words(N_("Everybody signs in again. Start it with: socle --home %(home)s up --no-demo"), facts)


def _each(
    tools: Toolbox,
    target: str | None,
    as_json: bool,
    work: Callable[[Backups, BackupTarget], dict[str, Any]],
    words: str,
) -> None:
    """Work on each target; one that fails is told and never stops the next."""
    backups = tools.of(Backups)
    outcomes, failed = [], False
    for where in plan.chosen(backups.sources.settings, backups.sources.home, target):
        try:
            outcome = {"target": where.name, **work(backups, where)}
        except SocleError as error:
            failed = True
            outcome = {"target": where.name, "outcome": "failed", **_error(error)}
        outcomes.append(outcome)
        if not as_json:
            print_words(words if outcome["outcome"] != "failed" else _FAILED, outcome)
    if as_json:
        print_json({"targets": outcomes})
    sys.exit(1 if failed else 0)


_FAILED = N_("“%(target)s”: failed. %(message)s %(hint)s [%(code)s]")


def _error(error: SocleError) -> dict[str, str]:
    return {
        "code": error.code,
        "message": say(error.message, error.details),
        "hint": say(error.hint, error.details),
    }


def _listed(target: str, one: sets.StoredSet) -> dict[str, Any]:
    return {
        "target": target,
        "set_id": one.set_id,
        "made_at": one.made_at,
        "sealed": one.sealed,
        "parts": sorted(one.parts),
    }


def _finding(finding: Finding) -> Mapping[str, str]:
    return {
        "code": finding.code,
        "state": finding.state,
        "what": say(finding.what, finding.details),
        "do": say(finding.do, finding.details),
    }


def _say_status(found: statuses.Status) -> None:
    states = {"green": N_("green"), "amber": N_("amber"), "red": N_("red")}
    print_words(N_("Backups: %(state)s"), {"state": say(states[found.state])})
    rows = [
        (
            one.name,
            say(states[one.state]),
            *(_day(moment) for moment in (one.sealed_at, one.verified_at, one.drilled_at)),
        )
        for one in found.targets
    ]
    print_table(rows, (N_("target"), N_("state"), N_("sealed"), N_("verified"), N_("restored")))
    for finding in (*found.findings, *found.advice):
        told = _finding(finding)
        click.echo(f"- {told['what']} {told['do']} [{told['code']}]")


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else say(N_("never"))
