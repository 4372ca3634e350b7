"""The kinds of files, put together as wiring does."""

from socle.practice.imports.source import Source, Sources
from socle.practice.imports.sources.csv import CsvReader
from socle.practice.imports.sources.spreadsheet import SpreadsheetReader

SOURCES = Sources([SpreadsheetReader(), CsvReader()])


def opened(content: bytes) -> Source:
    """Open a file of any kind."""
    return SOURCES.open(content)
