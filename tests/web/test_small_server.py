"""The small HTTPS server: whoever connects and says nothing keeps nobody else waiting, and ends with it."""

import socket
from pathlib import Path

import pytest
import requests
from flask import Flask
from tests.parts import door

from socle.foundation.secrets import Keys
from socle.web.kit import small_server

pytestmark = pytest.mark.real


def test_a_silent_connection_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_server._Handler, "timeout", 1)
    (tmp_path / "keys").mkdir(mode=0o700)
    app, keys = Flask("small"), Keys(tmp_path / "keys")
    app.add_url_rule("/", view_func=lambda: "here")
    with door.served(app, keys) as address:
        port = int(address.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as silent:
            answer = requests.get(address, verify=str(keys.folder / "authority.pem"), timeout=10)
            assert answer.text == "here"
            silent.settimeout(10)
            assert silent.recv(1) == b""  # its patience is over
            with socket.create_connection(("127.0.0.1", port)):
                pass  # gone before it said a word
            assert requests.get(address, verify=str(keys.folder / "authority.pem"), timeout=10).ok
        kept = socket.create_connection(("127.0.0.1", port))
    kept.close()  # the server ended although this one had said nothing
