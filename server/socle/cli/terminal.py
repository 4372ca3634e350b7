"""What every command shares: the home, its tools, JSON or words, and errors in the reader's language."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec

from socle.foundation import home as homes
from socle.foundation.errors import SocleError
from socle.foundation.home import Home
from socle.foundation.toolbox import Toolbox
from socle.foundation.wording import say

EXIT_REFUSED = 2
"""Exit status when Socle says no for a reason the person can act on (1: the answer itself is bad news)."""


@dataclass(frozen=True)
class RecoveryPlace:
    """Where a recovery by page goes, and where its page listens. `url`: an empty PostgreSQL database, or nothing."""

    into: Path
    keys_into: Path | None
    url: str
    address: str
    port: int


def _no_page(_place: RecoveryPlace) -> None:
    raise LookupError("no page was handed over to this terminal")


@dataclass
class Terminal:
    """One invocation: which home, and how its tools are made (handed over by `socle.__main__`)."""

    home_folder: Path
    keys_folder: Path | None
    open_toolbox: Callable[[Home], Toolbox]
    parts: Mapping[str, Callable[[Home], None]]
    """The server's processes by name; each runs until told to stop."""
    recover_by_page: Callable[[RecoveryPlace], None] = _no_page
    """Serves the page of a recovery until told to stop."""
    opened: list[Toolbox] = field(default_factory=list)

    def home(self) -> Home:
        """Return the home; HomeMissing if there is none."""
        return homes.find(self.home_folder, self.keys_folder)

    def tools(self) -> Toolbox:
        """Return the tools of the command line's door."""
        tools = self.open_toolbox(self.home())
        self.opened.append(tools)
        return tools

    def close(self) -> None:
        """Close what the command opened."""
        for tools in self.opened:
            tools.close()


pass_terminal = click.make_pass_decorator(Terminal)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(data: Any) -> None:
    """Print a structure as JSON (dates in ISO 8601)."""
    click.echo(msgspec.json.format(msgspec.json.encode(data, enc_hook=str), indent=2).decode())


def print_table(rows: Sequence[Sequence[object]], headings: Sequence[str]) -> None:
    """Print rows in columns under translated headings."""
    lines = [[say(heading) for heading in headings]]
    lines += [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_words(text: str, details: Mapping[str, object] | None = None) -> None:
    """Print an English msgid in the reader's language."""
    click.echo(say(text, details))


def warn(error: SocleError) -> None:
    """Say the error on standard error."""
    click.echo(f"{say(error.message, error.details)}\n{say(error.hint, error.details)}\n[{error.code}]", err=True)


def fail(error: SocleError) -> NoReturn:
    """Say the error on standard error and end with EXIT_REFUSED."""
    warn(error)
    sys.exit(EXIT_REFUSED)
