"""The child that turns one page of HTML (standard input) into a PDF (standard output). It fetches nothing."""

import sys
from typing import NoReturn

from weasyprint import HTML


def _nothing_outside(url: str, *_: object, **__: object) -> NoReturn:
    raise ValueError(f"a printed page fetches nothing: {url[:80]}")


def main() -> None:
    """Read, render, write."""
    html = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(HTML(string=html, url_fetcher=_nothing_outside).write_pdf())


if __name__ == "__main__":
    main()
