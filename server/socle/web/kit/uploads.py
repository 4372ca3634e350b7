"""Files that people send: kept in memory until the view has put them where they belong, never in a temporary file."""

import contextlib
from io import BytesIO
from typing import cast

from flask import Request, g, request

_MOST_READ_ON = 200_000_000
"""Bytes of a far too large request that are read and thrown away before it is refused."""


class MemoryRequest(Request):
    """A request whose files stay in memory. Werkzeug's own would write a large one, readable by anybody, to the disk;
    the size is bounded before the first byte is read: MAX_CONTENT_LENGTH, or what the view allows somebody signed in.
    """

    largest_file: int | None = None

    def _load_form_data(self) -> None:
        if self.largest_file is not None and g.get("viewer") is not None:
            self.max_content_length = self.largest_file
        super()._load_form_data()

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> BytesIO:
        return BytesIO()


def allow(most: int) -> None:
    """Let this request hold `most` bytes if its sender is signed in: called before anything reads it."""
    cast("MemoryRequest", request).largest_file = most


def read_on() -> None:
    """Take in what is still being sent: a browser that cannot send to the end never reads the answer.

    Only for people of the house, by their session's cookie: nothing more is read of what a stranger sends.
    """
    stream, left = request.environ["wsgi.input"], min(request.content_length or 0, _MOST_READ_ON)
    if g.get("presented") is None:
        return
    with contextlib.suppress(OSError):
        while left > 0 and (piece := stream.read(min(left, 65_536))):
            left -= len(piece)
