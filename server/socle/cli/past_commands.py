"""Looking into the past from the command line: one document, one patient's file, one table, as a sealed set holds them.

The living practice is only written to in one place: the trail says who looked, and into which set.
"""

import csv
import getpass
import io
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

import click
import msgspec

from socle.appliance.backups import past, plan
from socle.appliance.backups.restore import History, Restoration
from socle.appliance.backups.runs import Backups, summary
from socle.cli import past_file
from socle.cli.report_commands import FileExists
from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.clock import PARIS
from socle.foundation.database import Database
from socle.foundation.errors import N_, SocleError
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Actor
from socle.identity.audit import trail
from socle.practice.documents.storage import Storage

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


class DateWrong(SocleError):
    """The moment cannot be read."""

    code = "PAST-DATE-WRONG"
    message = N_("“%(date)s” is no date that can be understood.")
    hint = N_("Write 2026-11-23, or 2026-11-23T14:30 (the practice's time).")
    kind = "invalid"


class FolderNotEmpty(SocleError):
    """Files would mix with others."""

    code = "FOLDER-NOT-EMPTY"
    message = N_("The folder %(folder)s is not empty.")
    hint = N_("Nothing was written. Give a new or empty folder.")
    kind = "conflict"


@dataclass(frozen=True)
class Look:
    """One look into one set."""

    tools: Toolbox
    restoration: Restoration

    def noted(self, what: str, subject: int | None = None) -> None:
        """Have the living trail say who looked at what, and in which set."""
        who = Actor(account_id=None, name=f"command line ({getpass.getuser()})")
        kind = "patient" if what == "patient" else None
        with self.tools.of(Database).writing() as session:
            trail.record(session, who, f"backup.past_{what}", kind, subject, reason=self.restoration.manifest.set_id)


def _moment(text: str) -> datetime:
    """Read a date (its whole day counts) or a moment by the practice's clock."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise DateWrong(date=text) from None
    if len(text) == len("2026-11-23"):
        read = datetime.combine(read.date(), time.max)
    return read if read.tzinfo else read.replace(tzinfo=PARIS)


def _with_a_look(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that choose a set, and the look into it as its first argument."""

    def looking(terminal: Terminal, /, wanted: str, target: str | None, at: str | None, **words: Any) -> None:
        tools = terminal.tools()
        backups = tools.of(Backups)
        sources = backups.sources
        where = plan.chosen(sources.settings, sources.home, target)[0]
        engine, cancel = backups.engine(where), threading.Event()
        engine.version()
        manifest = past.chosen(engine, wanted, _moment(at) if at else None, sources.clock.now(), cancel)
        command(Look(tools, Restoration(engine, manifest, tools.of(History), cancel)), **words)

    looking.__doc__ = command.__doc__
    choosing = click.option(
        "--set", "wanted", default="newest", show_default=True, help="A set's id, or its beginning."
    )
    placing = click.option("--target", default=None, help="The target to read from; the first one by default.")
    dating = click.option("--at", default=None, help="The newest set sealed by the end of that day, or by that moment.")
    return choosing(placing(dating(pass_terminal(looking))))


@click.group("past")
def past_group() -> None:
    """What a sealed set holds, without restoring the practice."""


@past_group.command("show")
@json_option
@_with_a_look
def show(look: Look, as_json: bool) -> None:
    """Show what a set holds: when it was sealed, with what, its tables and their rows."""
    manifest = look.restoration.manifest
    facts = {
        "set_id": manifest.set_id,
        "practice": manifest.practice,
        "sealed_at": manifest.sealed_at.isoformat(timespec="seconds"),
        "versions": manifest.versions,
        "database": manifest.database.kind,
        "revision": manifest.database.revision,
        **summary(manifest),
    }
    tables = {name: table.rows for name, table in sorted(manifest.database.tables.items())}
    if as_json:
        print_json({**facts, "tables": tables})
        return
    print_words(N_("Set %(set_id)s of %(practice)s, sealed on %(sealed_at)s"), facts)
    print_words(N_("  %(rows)s rows, %(documents)s documents, %(keys)s keys, schema %(revision)s"), facts)
    print_table(list(tables.items()), (N_("table"), N_("rows")))


@past_group.command("document")
@click.argument("name")
@click.option("--into", required=True, type=_FILE, help="The file to write.")
@click.option("--raw", is_flag=True, help="As the store keeps it: encrypted.")
@_with_a_look
def document(look: Look, name: str, into: Path, raw: bool) -> None:
    """Bring one document back, by its name in the store or how that begins."""
    _must_be_new(into)
    whole = past.document_named(look.restoration.manifest, name)
    look.noted("document")
    with tempfile.TemporaryDirectory(prefix=".past-", dir=into.absolute().parent) as folder:
        stored = past.document(look.restoration, whole, Path(folder))
        if raw:
            size = past.write_whole(into, _pieces(stored))
        else:
            key = look.restoration.keys()["documents"]
            size = past.write_whole(into, Storage(Path(folder), key).open(whole))
    print_words(N_("Written: %(file)s (%(bytes)s bytes)"), {"file": into, "bytes": size})


@past_group.command("table")
@click.argument("name")
@click.option("--into", required=True, type=_FILE, help="The CSV file to write.")
@_with_a_look
def table(look: Look, name: str, into: Path) -> None:
    """Write one table's past state as CSV (UTF-8; bytes as hexadecimal digits)."""
    _must_be_new(into)
    rows = past.table(look.restoration, name)
    look.noted("table")
    past.write_whole(into, _as_csv(rows))
    count = look.restoration.manifest.database.tables[name].rows
    print_words(N_("Written: %(file)s (%(rows)s rows)"), {"file": into, "rows": count})


@past_group.command("patient")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@click.option("--into", required=True, type=_FOLDER, help="A new or empty folder.")
@_with_a_look
def patient(look: Look, number: int, into: Path) -> None:
    """Write one patient's whole file as it was: file.json, and file.pdf to read."""
    if into.exists() and any(into.iterdir()):
        raise FolderNotEmpty(folder=into)
    look.noted("patient", number)
    sources = look.tools.of(Backups).sources
    history = look.restoration.history
    with past.database(look.restoration, history, sources.home.folder, sources.clock) as was:
        found = past_file.gather(was.database, number)
    manifest = look.restoration.manifest
    paper = past_file.pdf(found, manifest.practice, manifest.sealed_at)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(found), indent=2)
    past.write_whole(into / "file.json", iter([content]))
    past.write_whole(into / "file.pdf", iter([paper]))
    words = N_("Written: %(folder)s (%(appointments)s appointments, %(entries)s entries of the trail)")
    print_words(words, {"folder": into, "appointments": len(found.appointments), "entries": len(found.trail)})


def _must_be_new(file: Path) -> None:
    if file.exists():
        raise FileExists(file=file)


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(1 << 20):
            yield piece


def _as_csv(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    line = io.StringIO()
    writer = csv.writer(line)
    for row in rows:
        writer.writerow([value.hex() if isinstance(value, bytes) else value for value in row])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()
