"""A web door assembled as wiring would, on the test's database and clock, with one page of forms to try."""

import html as entities
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, jsonify, render_template_string, request
from flask.typing import ResponseReturnValue

from socle import wiring
from socle.appliance.maintenance import authority, certificate_files
from socle.foundation import home as homes
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role, machine
from socle.identity.people import accounts
from socle.identity.people.directories.embedded import EmbeddedDirectory
from socle.identity.people.directory import Directory, DirectoryPerson
from socle.identity.people.models import Account
from socle.identity.people.passwords import Hasher
from socle.web.kit import viewer
from socle.web.kit.permissions import SIGNED_IN, allow
from socle.web.kit.small_server import small_server

QUICK = Hasher(time_cost=1, memory_kib=64)
PASSWORD = "Tk7$wq9!Lmz2"
PAGE = """{% extends "kit/layout.html" %}
{% block title %}Essai{% endblock %}
{% block main %}
<p id="who">{{ viewer.display_name }}</p>
<form class="form" method="post" action="/trial" data-keep>{{ ui.csrf_field() }}
{{ ui.text_area("note", "Note") }}{{ ui.field("password", "Mot de passe", type="password") }}
{{ ui.button("Enregistrer") }}</form>
{% endblock %}"""


def tools(database: Database, clock: Clock, folder: Path, directory: Directory | None = None) -> Toolbox:
    """Return a door's tools in a new home under `folder`."""
    home = homes.create(folder / "home", folder / "keys")
    made = wiring.toolbox(home)
    made.provide(Clock, lambda: clock)
    made.provide(Database, lambda: database)
    made.provide(Directory, lambda: directory or EmbeddedDirectory(database, QUICK))
    return made


def add_person(database: Database, username: str, name: str, *roles: Role, must_change: bool = False) -> Account:
    """Put somebody with PASSWORD in the embedded directory, and give them an account."""
    directory = EmbeddedDirectory(database, QUICK)
    person = DirectoryPerson(key="", username=username, display_name=name, roles=frozenset(roles))
    with database.writing() as session:
        account = accounts.create(session, machine("test"), directory, person, PASSWORD)
        if must_change and account.directory_key:
            directory.set_password(session, account.directory_key, PASSWORD, must_change=True)
    return account


def with_trial_page(app: Flask) -> Flask:
    """Add /trial: a form, what was saved, and who sees it."""
    trial = Blueprint("trial", __name__)
    app.extensions["saved"] = []

    @trial.get("/trial")
    @allow(*SIGNED_IN)
    def show() -> ResponseReturnValue:
        return render_template_string(PAGE)

    @trial.post("/trial")
    @allow(*SIGNED_IN)
    def save() -> ResponseReturnValue:
        app.extensions["saved"].append((viewer.actor().name, request.form["note"]))
        return jsonify(saved=True)

    app.register_blueprint(trial)
    return app


@contextmanager
def served(app: Flask, keys: Keys, port: int = 0) -> Iterator[str]:
    """Serve a door over HTTPS from a thread of this process, so that the test's clock is the server's."""
    authority.prepare(keys, "Test", ["localhost", "127.0.0.1"], datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(
        keys.folder / certificate_files.SERVER_CERTIFICATE, keys.folder / certificate_files.SERVER_KEY
    )
    server = small_server("127.0.0.1", port, app, context)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


def held(page: str) -> dict[str, Any]:
    """Return what a page was given to fill in again; nothing if it was given nothing."""
    found = re.search(r"<body[^>]* data-held='(.*?)'", page)
    return json.loads(entities.unescape(found[1])) if found else {}
