"""From HTML to PDF. WeasyPrint and its fonts live in a child process that ends with the page: workers stay small."""

import sys

from socle.foundation import commands
from socle.foundation.commands import Command, CommandFailed
from socle.foundation.errors import N_, SocleError

LONGEST_SECONDS = 60.0
LARGEST_BYTES = 32 * 1024 * 1024


class RenderingFailed(SocleError):
    """The page could not be turned into a PDF."""

    code = "DOCUMENT-RENDERING-FAILED"
    message = N_("The PDF could not be made.")
    hint = N_("Nothing was changed. Try again; if it happens once more, read this code to your maintainer.")
    kind = "broken"


def pdf_from_html(html: str) -> bytes:
    """Return the PDF of a self-contained HTML page (its style inside it; nothing is fetched from anywhere)."""
    command = Command(
        [sys.executable, "-m", "socle.practice.documents.rendering_process"],
        idle_seconds=LONGEST_SECONDS,
        total_seconds=LONGEST_SECONDS,
    )
    try:
        done = commands.run(command, feed=[html.encode()], keep_bytes=LARGEST_BYTES).succeeded()
    except CommandFailed as error:
        raise RenderingFailed() from error
    if not done.output.startswith(b"%PDF-"):
        raise RenderingFailed()
    return done.output
