"""Two sheets and an envelope from the terminal: typed, from text files, or from pictures of the paper."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from socle.appliance.backups.recovery_kit import envelope, grouped_text, scanning, words
from socle.appliance.backups.recovery_kit.words import Sheet
from socle.cli.terminal import print_words, warn
from socle.foundation.errors import N_, SocleError
from socle.foundation.wording import say

TRIES = 5
scan_option = click.option(
    "--scan",
    "scans",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A photograph or scan of a sheet (JPEG, PNG, PDF); give it once for each.",
)
words_option = click.option(
    "--words-file",
    "words_files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A text file with the twenty words of one sheet; give it once for each.",
)


class SheetsNeeded(SocleError):
    """Nobody gave two sheets."""

    code = "KIT-SHEETS-NEEDED"
    message = N_("Two sheets of the recovery kit are needed.")
    hint = N_("Type their words when asked, or give --scan or --words-file once for each sheet.")
    kind = "invalid"


@dataclass
class Given:
    """What has been given so far."""

    sheets: list[Sheet] = field(default_factory=list)
    envelope: bytes | None = None

    def pair(self) -> tuple[Sheet, Sheet]:
        """Return two sheets, different ones if there are; the rest asked at the terminal. SheetsNeeded."""
        while len(self.sheets) < words.NEEDED:
            self.sheets.append(_ask_for_sheet(len(self.sheets) + 1))
        first = self.sheets[0]
        return first, next((one for one in self.sheets[1:] if one.number != first.number), self.sheets[1])


def given(scans: Sequence[Path], words_files: Sequence[Path]) -> Given:
    """Read pictures and text files; what is wrong is told with the file's name."""
    found = Given()
    parts: list[envelope.Part] = []
    without: scanning.NoCodeFound | None = None
    for file in scans:
        with _named(file):
            try:
                scanned = scanning.read([file.read_bytes()])
            except scanning.NoCodeFound as error:  # a page of a sheet that holds words only
                without = error
                continue
            found.sheets += scanned.sheets
            parts += scanned.parts
    if without and not found.sheets and not parts:
        raise without
    for file in words_files:
        with _named(file):
            found.sheets.append(words.read(file.read_text(encoding="utf-8", errors="replace")))
    if parts:
        found.envelope = envelope.joined(parts)
    return found


def typed_envelope() -> bytes:
    """Ask for the envelope line by line, until it is whole; a wrong line is asked again. SheetsNeeded."""
    print_words(N_("Type the envelope from the back of a sheet, line after line; an empty line gives up."))
    done: list[str] = []
    for _ in range(400):
        line = _prompt(f"{len(done) + 1:02}")
        if not line.strip():
            break
        try:
            return grouped_text.read("\n".join([*done, line]))
        except grouped_text.LineMissing:
            done.append(line)
        except grouped_text.LineWrong as error:
            warn(error)
    raise SheetsNeeded()


def _ask_for_sheet(place: int) -> Sheet:
    asked = {1: N_("The twenty words of one sheet"), 2: N_("The twenty words of another sheet")}[place]
    for _ in range(TRIES):
        try:
            return words.read(_prompt(say(asked)))
        except SocleError as error:
            warn(error)
    raise SheetsNeeded()


def _prompt(words_: str) -> str:
    try:
        return str(click.prompt(words_, default="", show_default=False, err=True))
    except click.Abort:
        raise SheetsNeeded() from None


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Say which file an error is about."""
    try:
        yield
    except SocleError:
        click.echo(f"{file}:", err=True)
        raise
