"""The trail from the command line: reading it, proving it whole, anchoring it outside the database."""

import sys

import click
import msgspec
from sqlalchemy import select

from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.database import Database
from socle.foundation.errors import N_
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.identity.audit import anchors, verification
from socle.identity.audit.models import AuditEntry

_FAULTS = {
    "changed": N_("changed"),
    "removed": N_("removed"),
    "moved": N_("moved"),
    "inserted": N_("inserted"),
}


@click.group()
def audit() -> None:
    """The trail of who did what."""


@audit.command("verify")
@json_option
@pass_terminal
def verify(terminal: Terminal, as_json: bool) -> None:
    """Find changed, removed, moved or inserted entries; exit 0 only when the trail is whole."""
    tools = terminal.tools()
    kept = anchors.read(tools.of(Home).folder, tools.of(Keys))
    with tools.of(Database).snapshot() as session:
        verdict = verification.verify(session, kept)
    if as_json:
        print_json({"whole": not verdict.damages, **msgspec.to_builtins(verdict)})
    elif verdict.damages:
        rows = [(damage.lane, damage.first, damage.last, _FAULTS[damage.fault]) for damage in verdict.damages]
        print_table(rows, (N_("lane"), N_("from"), N_("to"), N_("fault")))
        if verdict.unlisted:
            print_words(N_("Faults not listed: %(count)s."), {"count": verdict.unlisted})
    else:
        print_words(N_("The trail is whole: %(entries)s entries."), {"entries": verdict.entries})
    sys.exit(1 if verdict.damages else 0)


@audit.command("anchor")
@pass_terminal
def anchor(terminal: Terminal) -> None:
    """Keep the heads of the trail outside the database, so that a cut tail is seen."""
    tools = terminal.tools()
    with tools.of(Database).reading() as session:
        anchors.write(session, tools.of(Home).folder, tools.of(Keys))


@audit.command("list")
@click.option("--last", default=50, show_default=True, type=click.IntRange(1, 10_000))
@json_option
@pass_terminal
def list_entries(terminal: Terminal, last: int, as_json: bool) -> None:
    """Show the newest entries, newest first."""
    with terminal.tools().of(Database).reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.at.desc()).limit(last)).all()
    if as_json:
        names = ("id", "at", "actor", "workstation", "action", "subject_type", "subject_id", "fields", "reason")
        print_json([{name: getattr(entry, name) for name in names} for entry in entries])
        return
    rows = [
        (
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.actor,
            entry.workstation,
            entry.action,
            entry.subject_type,
            entry.subject_id,
        )
        for entry in entries
    ]
    print_table(rows, (N_("when (UTC)"), N_("who"), N_("workstation"), N_("what"), N_("on"), N_("number")))
