"""The machine's health from the command line: what is wrong, why it matters, what to do."""

import sys
from collections.abc import Sequence

import click
import msgspec

from socle.appliance.backups import status
from socle.appliance.backups.runs import Backups
from socle.appliance.maintenance import authority
from socle.appliance.supervision import health
from socle.appliance.supervision.circumstances import Circumstances
from socle.cli.terminal import Terminal, json_option, pass_terminal, print_json
from socle.foundation.checks import Finding, worst
from socle.foundation.database import Database, now
from socle.foundation.home import Home
from socle.foundation.toolbox import Toolbox
from socle.foundation.wording import say
from socle.identity.people.directory import Directory

_MARKS = {"green": "✓", "amber": "!", "red": "✗"}


@click.command("check")
@json_option
@pass_terminal
def check(terminal: Terminal, as_json: bool) -> None:
    """Look at everything that keeps the practice running; exit 0 unless something is red."""
    findings = examine(terminal.tools())
    state = worst(finding.state for finding in findings)
    if as_json:
        print_json({"state": state, "findings": [msgspec.to_builtins(finding, enc_hook=str) for finding in findings]})
    else:
        _print(findings)
    sys.exit(1 if state == "red" else 0)


def examine(tools: Toolbox) -> list[Finding]:
    """Run every check of the machine and of its neighbours."""
    home = tools.of(Home)
    answers = tools.of(Directory).probe()
    with tools.of(Database).reading() as session:
        others = [answers, *status.read(session, tools.of(Backups), look=False).checked]
        circumstances = Circumstances(session, home, now(session), authority.last_day(home.keys))
        return health.examine(circumstances, others)


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        click.echo(f"{_MARKS[finding.state]} {say(finding.what, finding.details)}")
        if finding.state != "green":
            for words in filter(None, (finding.why, finding.do)):
                click.echo(f"    {say(words, finding.details)}")
            click.echo(f"    [{finding.code}]")
