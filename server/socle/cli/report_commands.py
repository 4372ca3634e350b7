"""The signed reports of drills from the command line: list them, verify one, print it in another language."""

from pathlib import Path

import click

from socle.appliance.backups import reports
from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json, print_table, print_words
from socle.foundation.errors import N_, SocleError
from socle.foundation.wording import LOCALES, say

_FILE = click.Path(path_type=Path, dir_okay=False)


class FileExists(SocleError):
    """Something would be written over."""

    code = "FILE-EXISTS"
    message = N_("%(file)s is there already.")
    hint = N_("Nothing was written. Give another name.")
    kind = "conflict"


@click.group("report")
def report_group() -> None:
    """The signed reports of drills."""


@report_group.command("list")
@json_option
@pass_terminal
def list_reports(terminal: Terminal, as_json: bool) -> None:
    """Show the reports of this home, newest first, and whether each is still what was signed."""
    home = terminal.home()
    rows = []
    for file in reports.kept(home):
        try:
            signed = reports.verify(file, home.keys).key
            found = reports.read(file)
            rows.append((found.drilled_at, found.target, found.kind, found.passed, signed, str(file)))
        except SocleError as error:
            rows.append(("", "", "", False, error.code, str(file)))
    names = ("drilled_at", "target", "kind", "passed", "signature", "file")
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    marks = {True: say(N_("passed")), False: say(N_("failed"))}
    shown = [(at, target, kind, marks[passed], signed, file) for at, target, kind, passed, signed, file in rows]
    print_table(shown, (N_("when (UTC)"), N_("target"), N_("kind"), N_("result"), N_("signature"), N_("file")))


@report_group.command("verify")
@click.argument("file", type=_FILE)
@click.option("--key", default="", help="The fingerprint of the signing key, when the report comes from another home.")
@json_option
@pass_terminal
def verify(terminal: Terminal, file: Path, key: str, as_json: bool) -> None:
    """Refuse a report (JSON or PDF) that is not, to the last byte, what was signed; exit 0 only when it is."""
    done = reports.verify(file, None if key else terminal.home().keys, key)
    if as_json:
        print_json({"verified": True, "file": done.file, "signed_at": done.signed_at, "key": done.key})
        return
    print_words(N_("%(file)s is what was signed on %(at)s."), {"file": done.file, "at": done.signed_at})
    print_words(N_("  Key: %(key)s"), {"key": done.key})


@report_group.command("print")
@click.argument("file", type=_FILE)
@click.option("--language", type=click.Choice(LOCALES), default="fr", show_default=True)
@click.option("--into", required=True, type=_FILE, help="The PDF to write.")
@click.option("--key", default="", help="The fingerprint of the signing key, when the report comes from another home.")
@pass_terminal
def print_report(terminal: Terminal, file: Path, language: str, into: Path, key: str) -> None:
    """Make the PDF of a verified report anew, in French or English."""
    if into.exists():
        raise FileExists(file=into)
    into.touch(mode=0o600)
    into.write_bytes(reports.printed(file, None if key else terminal.home().keys, language, key))
    print_words(N_("Written: %(file)s"), {"file": into})
