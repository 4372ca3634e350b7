"""Files that people send: kept in memory until the view has put them where they belong, never in a temporary file."""

from io import BytesIO

from flask import Request


class MemoryRequest(Request):
    """A request whose files stay in memory. Werkzeug's own would write a large one, readable by anybody, to the disk;
    the size is bounded before the first byte is read (MAX_CONTENT_LENGTH, or what the view allows).
    """

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> BytesIO:
        return BytesIO()
