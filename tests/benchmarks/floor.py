"""The floor: the least a request of our stack can do. Flask, one session look-up, one small page of 30 rows.

    python -m tests.benchmarks.floor PORT CERTIFICATE KEY     (the database in FLOOR_DATABASE)

Served as Socle's doors are: gunicorn over TLS, two workers with threads, connections kept open.
"""

import os
import sys
from pathlib import Path
from typing import Any

from flask import Flask, request
from gunicorn.app.base import BaseApplication
from sqlalchemy import Column, Engine, Integer, MetaData, Table, Text, bindparam, create_engine, insert, select

from socle.foundation.engines import embedded_engine

TOKEN = "measure0123456789measure0123456789"
KEY = bytes(range(64, 96))
SESSIONS = Table("floor_session", MetaData(), Column("token", Text, primary_key=True), Column("account", Integer))
PAGE = """<!doctype html><html lang=fr><head><title>{{ title }}</title><link rel=stylesheet href=/s.css></head><body>
<nav><a href=/>Accueil</a> <a href=/agenda>Agenda</a> <a href=/patients>Patients</a></nav><main>
<form><input name=q value="{{ asked }}"></form><table><thead><tr><th>Nom<th>Naissance<th>Sexe<th>Téléphone<th>Numéro
</thead><tbody>{% for row in rows %}<tr><td><a href="/patients/{{ row.id }}">{{ row.family }} {{ row.given }}</a></td>
<td>{{ row.born }}</td><td>{{ row.sex }}</td><td>{{ row.phone }}</td><td>{{ row.number }}</td></tr>{% endfor %}</tbody>
</table></main></body></html>"""
ROWS = [
    {"id": n, "family": "LEFÈVRE-MARTIN", "given": "Anne", "born": "1980-03-12", "sex": "F", "phone": "06", "number": n}
    for n in range(30)
]


def open_database(place: str) -> Engine:
    """Open the floor's own database: a PostgreSQL address, or the path of an embedded one."""
    if place.startswith("postgresql://"):
        return create_engine(place.replace("postgresql://", "postgresql+psycopg://", 1))
    return embedded_engine(Path(place), KEY)


def prepare(place: str) -> None:
    """Make the table and the one session."""
    engine = open_database(place)
    with engine.begin() as connection:
        SESSIONS.create(connection)
        connection.execute(insert(SESSIONS).values(token=TOKEN, account=1))
    engine.dispose()


def application(place: str) -> Flask:
    """Make the application."""
    app = Flask("floor")
    engine = open_database(place).execution_options(isolation_level="AUTOCOMMIT")
    page = app.jinja_env.from_string(PAGE)
    look_up = select(SESSIONS.c.account).where(SESSIONS.c.token == bindparam("token"))

    @app.get("/empty")
    def empty() -> str:
        with engine.connect() as connection:
            connection.execute(look_up, {"token": request.cookies.get("session", "")}).scalar_one()
        return page.render(title="Patients", asked="lef", rows=ROWS)

    return app


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with the options Socle's staff door has."""

    def __init__(self, options: dict[str, Any], place: str) -> None:
        self._options = options
        self._place = place
        super().__init__()

    def load_config(self) -> None:
        """Take the options as they are."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application."""
        return application(self._place)


def main(port: str, certificate: str, key: str) -> None:
    """Serve until told to stop."""
    options = {
        "bind": f"127.0.0.1:{port}",
        "workers": 2,
        "worker_class": "gthread",
        "threads": 4,
        "preload_app": True,
        "keepalive": 15,
        "loglevel": "warning",
        "certfile": certificate,
        "keyfile": key,
    }
    Server(options, os.environ["FLOOR_DATABASE"]).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
