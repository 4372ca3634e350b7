"""A small HTTPS server within this process: for a recovery's page, and for tests of a door in a real browser."""

import ssl

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

PATIENCE_SECONDS = 30
"""A connection that says nothing for so long is closed."""


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE_SECONDS


def small_server(address: str, port: int, app: Flask, context: ssl.SSLContext) -> BaseWSGIServer:
    """Return a server of `app` that listens at once; port 0 takes a free one.

    Werkzeug's own shakes hands before it hears the next caller: one silent connection, as browsers keep in reserve,
    and nobody else is served. Here each connection shakes hands in its own thread, and has PATIENCE_SECONDS.
    """
    server = make_server(address, port, app, threaded=True, request_handler=_Handler, ssl_context=context)
    server.socket.do_handshake_on_connect = False  # type: ignore[attr-defined]  # an SSLSocket, says the context
    return server
