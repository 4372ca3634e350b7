"""Every list query is a bounded range of an index, whatever the values: P8 of docs/how-to/measure.md, without timing.

The pages are fetched from a practice with some years behind it; each SELECT they send is explained. On PostgreSQL the
plan is the generic one (values unknown) with sequential scans discouraged: one left means that no index can serve.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select
from tests.parts import door

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import Actor, Role
from socle.practice.demonstration import bulk
from socle.practice.patients.models import Patient
from socle.web import apps

BASE = "https://localhost:8443"
GROWING = {"patient", "patient_name_token", "patient_key", "appointment", "audit_entry", "session", "sign_in_attempt"}
"""Tables that grow with the years; the others are small by nature."""
STAFF_PAGES = (
    "/",
    "/patients",
    "/patients?q=mart",
    "/patients?q=mart+jean",
    "/patients?q=matrin",
    "/patients?q=06399",
    "/patients?q=12/03/1980",
    "/patients/suggest?q=dup",
    "/patients/7",
    "/agenda",
    "/agenda?view=week&date=2026-11-23",
    "/agenda?view=list&date=2026-11-23",
    "/agenda/weeks/2026-11-23",
    "/agenda/changes?since=1",
)
MAINTAINER_PAGES = ("/", "/accounts", "/sessions", "/checks", "/audit")


@dataclass(frozen=True)
class Sent:
    """One SELECT as the database got it."""

    sql: str
    parameters: Any


class Listener:
    """Keeps each distinct SELECT that a database is sent while listening."""

    def __init__(self) -> None:
        self.found: dict[str, Sent] = {}

    def __call__(self, _connection: object, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        """Take note of one statement."""
        if sql.lstrip().upper().startswith(("SELECT", "WITH")) and _tables(sql) & GROWING:
            self.found.setdefault(sql, Sent(sql, parameters))


def _tables(sql: str) -> set[str]:
    return set(re.findall(r"(?:FROM|JOIN)\s+(\w+)", sql, re.IGNORECASE))


@pytest.fixture
def crowd(database: Database, actor: Actor) -> Database:
    """A practice with 2,000 patients and two full agendas."""
    with database.writing() as session:
        bulk.fill(session, actor, 2_000, 8_000, 1)
    return database


@pytest.fixture(params=["staff", "maintainer"])
def visited(request: pytest.FixtureRequest, crowd: Database, clock: SettableClock, tmp_path: Path) -> Listener:
    """What a person's round through all pages of a door sent to the database."""
    make, role, pages = {
        "staff": (apps.staff_app, Role.SECRETARY, STAFF_PAGES),
        "maintainer": (apps.maintainer_app, Role.MAINTAINER, MAINTAINER_PAGES),
    }[request.param]
    door.add_person(crowd, "anne.durand", "Anne Durand", role)
    client = make(door.tools(crowd, clock, tmp_path)).test_client()
    listener = Listener()
    event.listen(crowd.engine, "before_cursor_execute", listener)
    client.post("/sign-in", base_url=BASE, data={"username": "anne.durand", "password": door.PASSWORD})
    for page in pages:
        _visit(client, page)
    event.remove(crowd.engine, "before_cursor_execute", listener)
    return listener


def _visit(client: FlaskClient, page: str) -> None:
    answer = client.get(page, base_url=BASE, follow_redirects=True)
    assert answer.status_code == 200, (page, answer.status_code)


@pytest.mark.slow
def test_every_list_is_a_bounded_range_of_an_index(visited: Listener, crowd: Database) -> None:
    assert len(visited.found) > 3, "nothing was listened to"
    explain = _unbounded_on_postgresql if crowd.engine.dialect.name == "postgresql" else _unbounded_on_sqlcipher
    with crowd.engine.connect() as connection:
        unbounded = {sent.sql: wrong for sent in visited.found.values() if (wrong := explain(connection, sent))}
    assert not unbounded, "\n\n".join(f"{wrong}\n{sql}" for sql, wrong in unbounded.items())


@pytest.mark.slow
def test_the_check_sees_what_no_index_serves(crowd: Database) -> None:
    listener = Listener()
    event.listen(crowd.engine, "before_cursor_execute", listener)
    with crowd.reading() as session:
        session.execute(select(Patient.id).where(Patient.city == "Lyon").limit(5)).all()
    explain = _unbounded_on_postgresql if crowd.engine.dialect.name == "postgresql" else _unbounded_on_sqlcipher
    (sent,) = listener.found.values()
    with crowd.engine.connect() as connection:
        assert explain(connection, sent)


def _unbounded_on_sqlcipher(connection: Connection, sent: Sent) -> list[str]:
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent.sql}", sent.parameters).all()
    steps = [str(row[3]) for row in rows]
    scans = [(step, found[1]) for step in steps if (found := re.match(r"SCAN (\w+)", step))]
    return [step for step, name in scans if _table(name, sent.sql) in GROWING]


def _table(name: str, sql: str) -> str:
    """Return the table behind an alias."""
    found = re.search(rf"(?:FROM|JOIN|,)\s+(\w+)\s+AS\s+{name}\b", sql, re.IGNORECASE)
    return found[1] if found else name


def _unbounded_on_postgresql(connection: Connection, sent: Sent) -> list[str]:
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        names.append(found[1])
        return f"${len(names)}"

    statement = re.sub(r"%\((\w+)\)s", number, sent.sql).replace("%%", "%")
    connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    connection.exec_driver_sql(f"PREPARE asked AS {statement.replace('%', '%%')}")
    values = f"({', '.join(['NULL'] * len(names))})" if names else ""
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) EXECUTE asked{values}").scalar_one()
    connection.exec_driver_sql("DEALLOCATE asked")
    return list(_unbounded_nodes(plan[0]["Plan"]))


def _unbounded_nodes(node: dict[str, Any]) -> Iterator[str]:
    table = node.get("Relation Name")
    if table in GROWING and "Index Cond" not in node and not _follows_a_bitmap(node):
        yield f"{node['Node Type']} on {table}"
    for child in node.get("Plans", []):
        yield from _unbounded_nodes(child)


def _follows_a_bitmap(node: dict[str, Any]) -> bool:
    return bool(node["Node Type"] == "Bitmap Heap Scan")  # its condition stands in the index scans below it
