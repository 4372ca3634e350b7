"""Telling a watch outside the practice how the night went; it raises the alarm when it hears nothing.

The common way of such services: ADDRESS/start when work begins, ADDRESS when it went well, ADDRESS/fail when it did
not. Nothing else is sent: no name, no count, no patient.
"""

from http.client import HTTPException
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from socle.foundation import log

SECONDS = 10.0
Word = Literal["start", "good", "fail"]
_PATHS: dict[Word, str] = {"start": "/start", "good": "", "fail": "/fail"}


def tell(address: str, word: Word) -> bool:
    """Say it, and return whether it was heard; a practice without Internet must not lose its night over this."""
    if urlsplit(address).scheme not in {"http", "https"}:
        return False
    try:
        with urlopen(Request(f"{address.rstrip('/')}{_PATHS[word]}"), timeout=SECONDS) as answer:  # noqa: S310 - see above
            heard: bool = 200 <= answer.status < 300
    except (OSError, HTTPException, ValueError) as error:
        log.warning("outside_watch_silent", reason=type(error).__name__)
        return False
    return heard
