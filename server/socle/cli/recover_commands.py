"""`socle recover`: from a bare machine and two sheets of the recovery kit to the practice as it was."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from socle.appliance.backups import report_pages
from socle.appliance.backups.engine import Engines
from socle.appliance.backups.recovery_kit import envelope, grouped_text, proving, reaching, recovery
from socle.appliance.backups.recovery_kit.envelope import Contents, Reach
from socle.appliance.backups.recovery_kit.finishing import Paper, finish
from socle.appliance.backups.recovery_kit.kit_secret import KitSecret
from socle.appliance.backups.recovery_kit.recovery import Candidate, Recovered
from socle.appliance.backups.restore import History
from socle.appliance.backups.seal import Manifest
from socle.cli import server_commands
from socle.cli.backup_commands import hide_passwords
from socle.cli.kit_input import Given, given, scan_option, typed_envelope, words_option
from socle.cli.terminal import RecoveryPlace, Terminal, json_option, pass_terminal, print_json, print_words, warn
from socle.foundation.addresses import database_address
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.engines import postgresql_engine
from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.secrets import DATABASE_PASSWORD, Keys
from socle.foundation.settings import Settings
from socle.foundation.toolbox import Toolbox
from socle.foundation.wording import say, terminal_locale
from socle.identity.actor import machine

ACTOR = machine("recovery")
_YES = {"y", "yes", "o", "oui"}


class TargetNotInKit(SocleError):
    """The envelope knows no target of that name."""

    code = "RECOVER-TARGET-UNKNOWN"
    message = N_("This kit knows no backup target called “%(target)s”.")
    hint = N_("It knows: %(known)s.")
    kind = "missing"


class NotAgreed(SocleError):
    """The person did not say yes."""

    code = "RECOVER-NOT-AGREED"
    message = N_("Nothing was restored.")
    hint = N_("Give the command again, with --set for another set or --target for another place.")
    kind = "conflict"


@click.command("recover")
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), help="A new or empty folder; --home's.")
@words_option
@scan_option
@click.option(
    "--envelope",
    "envelope_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A text file with the envelope's lines, where its codes cannot be scanned.",
)
@click.option(
    "--from",
    "repository",
    envvar="SOCLE_RESTORE_FROM",
    default=None,
    help="The repository's address, if it is not where the kit says (with --target: that target's new address).",
)
@click.option("--target", default=None, help="One target of the kit; by default the one with the newest set.")
@click.option("--set", "wanted", default="newest", show_default=True, help="A set's id, or how it begins.")
@click.option("--keys-into", type=click.Path(path_type=Path, file_okay=False), help="Where the restored keys go.")
@click.option(
    "--database",
    "url",
    envvar="SOCLE_RESTORE_DATABASE",
    default=None,
    help="An empty PostgreSQL database, for a set that holds one; its password only in SOCLE_DATABASE_PASSWORD.",
)
@click.option("--page", "by_page", is_flag=True, help="Do it in a browser, here or on the practice's network.")
@click.option("--page-address", default="0.0.0.0", show_default=True, help="Where that page listens.")  # noqa: S104
@click.option("--page-port", type=click.IntRange(1, 65535), default=8443, show_default=True)
@click.option("--yes", is_flag=True, help="Do not ask before restoring.")
@click.option("--start", is_flag=True, help="Serve the practice at the end, until Ctrl-C.")
@json_option
@pass_terminal
def recover(
    terminal: Terminal,
    into: Path | None,
    words_files: tuple[Path, ...],
    scans: tuple[Path, ...],
    envelope_file: Path | None,
    repository: str | None,
    target: str | None,
    wanted: str,
    keys_into: Path | None,
    url: str | None,
    by_page: bool,
    page_address: str,
    page_port: int,
    yes: bool,
    start: bool,
    as_json: bool,
) -> None:
    """Bring the practice back on a bare machine with two sheets of the recovery kit."""
    hide_passwords(repository=repository, url=url)
    folder = (into or terminal.home_folder).absolute()
    if by_page:
        place = keys_into.absolute() if keys_into else None
        terminal.recover_by_page(RecoveryPlace(folder, place, url or "", page_address, page_port))
        return
    found = given(scans, words_files)
    if envelope_file is not None:
        found.envelope = grouped_text.read(envelope_file.read_text(encoding="utf-8", errors="replace"))
    secret = proving.secret_of(*found.pair())
    held = _held(found, secret, repository, target)
    tools = terminal.open_toolbox(Home(folder, Keys(folder)))
    begun = time.monotonic()
    with reaching.at_hand(held, secret, tools.of(Engines)) as targets:
        candidates = recovery.look(targets, wanted, tools.of(Clock).now())
        _say_candidates(candidates)
        chosen = recovery.best(candidates)
        looked = round(time.monotonic() - begun, 1)
        _say_set(chosen)
        if not yes:
            _ask_to_go_on(folder)
        # The password of the server there was is in the set's own keys, and no use on another one.
        database = postgresql_engine(database_address(url, Keys(folder), DATABASE_PASSWORD)) if url else None
        place = keys_into.absolute() if keys_into else None
        done = recovery.recover(chosen, folder, place, database, tools.of(History), tools.of(Clock), ACTOR, _say_step)
    restored = terminal.open_toolbox(done.restored.home)
    finished = finish(
        done,
        chosen,
        candidates,
        Paper(secret, held, found.envelope),
        restored.of(Database),
        restored.of(Settings),
        tools.of(Clock),
        ACTOR,
        {"socle": version("socle-clinic")},
        terminal_locale(),
    )
    for missing in finished.certificates:
        text = N_("The certificate %(file)s could not be written: copy it there from the server it belongs to.")
        _note(text, {"file": missing})
    if finished.refusal is not None:
        warn(finished.refusal)
    _say_done(done, finished.report, looked, as_json)
    if not as_json and not start:
        _say_how_to_start(done)
    if start:
        _start(terminal, restored)


def _held(found: Given, secret: KitSecret, repository: str | None, target: str | None) -> Contents:
    """Return what the envelope says, narrowed to what was asked for; with an address alone the words are enough."""
    if found.envelope is None and repository is not None and target is None:
        return Contents("", "1970-01-01", (Reach("given", _engine_at(repository), _absolute(repository)),), {})
    if found.envelope is None:
        found.envelope = typed_envelope()
    held = envelope.unseal(found.envelope, secret)
    if target is not None:
        known = {one.name: one for one in held.targets}
        if target not in known:
            raise TargetNotInKit(target=target, known=", ".join(known))
        chosen = known[target]
        moved = _moved(chosen, _absolute(repository)) if repository else chosen
        return Contents(held.practice, held.made, (moved,), held.passwords, held.ssh_key)
    if repository is not None:
        given_place = Reach("given", _engine_at(repository), _absolute(repository))
        return Contents(held.practice, held.made, (given_place,), held.passwords, held.ssh_key)
    return held


def _moved(one: Reach, repository: str) -> Reach:
    return Reach(one.name, one.engine, repository, one.username, one.secret, one.host_key, one.certificate, one.offsite)


def _absolute(repository: str) -> str:
    return repository if ":" in repository.split("/", 1)[0] else str(Path(repository).absolute())


def _engine_at(repository: str) -> str:
    """Tell whose repository it is: borg's address begins with ssh://, and its folder says so in its config."""
    if repository.startswith("ssh://"):
        return "borg"
    config = Path(repository) / "config"
    return "borg" if config.is_file() and config.read_bytes()[:12] == b"[repository]" else "restic"


def _ask_to_go_on(folder: Path) -> None:
    asked = say(N_("Restore this set into %(folder)s? (yes/no)"), {"folder": folder})
    if str(click.prompt(asked, default="", show_default=False, err=True)).strip().lower() not in _YES:
        raise NotAgreed()


def _say_candidates(candidates: Sequence[Candidate]) -> None:
    for one in candidates:
        if one.error is not None:
            _note(N_("“%(target)s”: nothing here."), {"target": one.target.name})
            warn(one.error)
        elif one.manifest is not None:
            details = {"target": one.target.name, "sealed": _moment(one.manifest)}
            _note(N_("“%(target)s”: a set sealed on %(sealed)s."), details)


def _say_set(chosen: Candidate) -> None:
    manifest = chosen.manifest
    if manifest is None:
        return
    details = {
        "practice": manifest.practice,
        "sealed": _moment(manifest),
        "target": chosen.target.name,
        "rows": sum(table.rows for table in manifest.database.tables.values()),
        "documents": len(manifest.documents),
        "people": manifest.directory.entries,
        "keys": len(manifest.keys),
    }
    _note(N_("%(practice)s, as it was on %(sealed)s, from “%(target)s”:"), details)
    _note(N_("  %(rows)s rows, %(documents)s documents, %(people)s people, %(keys)s keys."), details)


def _say_step(name: str, seconds: float) -> None:
    part = say(report_pages.PART_NAMES.get(name, name))
    _note(N_("  %(part)s: identical (%(seconds)s s)"), {"part": part, "seconds": seconds})


def _say_done(done: Recovered, file: Path, looked: float, as_json: bool) -> None:
    restored = done.restored
    facts: dict[str, Any] = {
        "home": str(restored.home.folder),
        "keys": str(restored.home.keys.folder),
        "practice": restored.manifest.practice,
        "set_id": restored.manifest.set_id,
        "sealed_at": restored.manifest.sealed_at.isoformat(timespec="seconds"),
        "rows": restored.rows,
        "documents": restored.documents,
        "sessions_ended": restored.sessions_ended,
        "seconds": done.seconds,
        "seconds_to_find": looked,
        "report": str(file),
    }
    if as_json:
        checks = {one.name: {"count": one.count, "seconds": one.seconds} for one in done.checks}
        print_json({**facts, "checks": checks})
        return
    print_words(
        N_("The practice is back: %(rows)s rows, %(documents)s documents, all as sealed, in %(seconds)s s."), facts
    )
    print_words(N_("  Home: %(home)s"), facts)
    print_words(N_("  Keys: %(keys)s"), facts)
    print_words(N_("  Report: %(report)s (and its PDF beside it)"), facts)


def _say_how_to_start(done: Recovered) -> None:
    home = {"home": str(done.restored.home.folder)}
    print_words(N_("Everybody signs in again. Start it with: socle --home %(home)s up --no-demo"), home)


def _start(terminal: Terminal, restored: Toolbox) -> None:
    home = restored.of(Home)
    context = click.get_current_context()
    context.obj = replace(terminal, home_folder=home.folder, keys_folder=home.keys.folder)
    context.invoke(server_commands.up, demo=False)


def _note(text: str, details: Mapping[str, object]) -> None:
    """Say something on the way: on standard error, so that standard output holds the result alone."""
    click.echo(say(text, details), err=True)


def _moment(manifest: Manifest) -> str:
    return f"{manifest.sealed_at.astimezone():%Y-%m-%d %H:%M}"
