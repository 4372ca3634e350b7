"""What gunicorn cannot read is answered in our words."""

import json
import socket
import ssl

import pytest
from gunicorn.http.errors import InvalidRequestLine, LimitRequestHeaders, LimitRequestLine, ParseException

from socle import wsgi


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidRequestLine("GET /patients?q=Zqxvwald"), 400, "REQUEST-WRONG"),
        (ParseException(), 400, "REQUEST-WRONG"),
        (LimitRequestLine(9_000, 8_190), 414, "REQUEST-TOO-LONG"),
        (LimitRequestHeaders("limit request headers fields size"), 431, "REQUEST-TOO-LONG"),
        (ssl.SSLError(1, "http request"), 400, "REQUEST-WRONG"),
        (ZeroDivisionError("Zqxvwald"), 500, "SERVER-FAULT"),
    ],
)
def test_a_request_that_cannot_be_read_gets_a_french_page_with_a_code(
    error: Exception, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wsgi.Worker.handle_error(wsgi.Worker.__new__(wsgi.Worker), None, ours, ("127.0.0.1", 5000), error)
        ours.close()
        answer = b"".join(iter(lambda: theirs.recv(4096), b"")).decode()
    head, _, page = answer.partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert f"Content-Length: {len(page.encode())}" in head
    assert '<html lang="fr">' in page
    assert f"Code : {code}" in page
    assert "Zqxvwald" not in answer
    assert "Zqxvwald" not in json.dumps([record.__dict__.get("fields") for record in caplog.records], default=str)
