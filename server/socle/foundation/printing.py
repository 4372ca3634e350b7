"""From HTML to PDF. WeasyPrint and its fonts live in a child process that ends with the page: workers stay small."""

import sys
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from socle.foundation import commands
from socle.foundation.commands import Command, CommandFailed
from socle.foundation.errors import N_, SocleError
from socle.foundation.wording import say

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
        [sys.executable, "-m", "socle.foundation.printing_process"],
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


def page(package: str, template: str, locale: str, **values: Any) -> str:
    """Return the HTML of a room's own template (in the folder `templates` of `package`), in that language.

    For what is printed without a browser asking: reports, sheets. `_` translates, as on the pages.
    """

    def translate(text: str, **details: object) -> str:
        return say(text, details, locale)

    return _environment(package).get_template(template).render(_=translate, language=locale, **values)


@lru_cache
def _environment(package: str) -> Environment:
    loader = PackageLoader(package)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
