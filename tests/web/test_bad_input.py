"""Bad input at every route of both doors, on both databases.

The routes come from the doors themselves, and the names of fields from what each view asks for: a new route is attacked
without a line here.
"""

import html
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from tests.builders.agenda import Practice, at, practice
from tests.parts import door
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from socle.appliance.maintenance import authority
from socle.foundation import log
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import Role, machine
from socle.identity.audit import verification
from socle.identity.audit.models import AuditEntry
from socle.identity.people.directories.embedded import EmbeddedDirectory
from socle.identity.people.models import Account
from socle.identity.sessions import doors, tokens
from socle.practice.agenda import absences, booking
from socle.practice.agenda.booking import Booking
from socle.practice.agenda.models import AbsenceKind, Appointment
from socle.practice.agenda.spans import Span
from socle.practice.documents.storage import Storage
from socle.practice.imports import runs
from socle.practice.imports.source import Sources
from socle.practice.imports.work import Workers
from socle.practice.patients.models import Patient
from socle.web.apps import maintainer_app, staff_app
from socle.web.kit import permissions

DOORS: dict[str, tuple[Callable[..., Flask], str]] = {
    "staff": (staff_app, "https://localhost:8443"),
    "maintainer": (maintainer_app, "https://localhost:8444"),
}
MARK = "Zqx"
POISONS = {
    "markup": f"\"'><i {MARK}>{{{{7*7}}}}%(name)s%s${{7*7}}'; DROP TABLE patient; --",
    "controls": f"{MARK}\x00\x01\x1b[31m\r\nSet-Cookie: a=b\u202e\u2028\ufeff",
    "number": "9" * 25,
    "digits": "9" * 5_000,  # more than Python turns into a number
    "large": str(2**53),
    "largest": str(2**63 - 1),
    "negative": "-1",
    "otherdigits": "²٣",
    "date": "0000-00-00T99:99",
    "farday": "9999-12-31",
    "path": "//[evil.example/../../etc/passwd",
    "json": '[{"a":' * 2_000,
    "long": f"{MARK}é" * 20_000,
}
IN_ADDRESSES = {name: text[:1_000] for name, text in POISONS.items() if name != "digits"}
USUAL = {
    "date": "2026-11-24", "day": "2026-11-24", "time": "15:00", "start": "2026-11-24T15:00", "minutes": "30",
    "following": "0", "keep_used": "0",
    "reason": "Malade", "name": "Essai", "colour": "teal", "birth_family_name": "Essai", "first_given_name": "Luc",
    "birth_date": "1980-01-01", "sex": "M", "next": "/account", "language": "fr", "first": "2026-12-01",
    "last": "2026-12-02", "username": "luc.essai", "given_name": "Luc", "family_name": "Essai", "roles": "secretary",
    "password": door.PASSWORD, "new_password": "Vn5%hrE8kTb3", "new_password_again": "Vn5%hrE8kTb3", "view": "day",
    "seen": "", "repeat": "0", "note": "Note", "phone_number": "06 12 34 56 78", "from-": "08:00", "to-": "12:00",
    "switch": "", "held": "", "skip": "0",
}  # fmt: skip
"""What a believable form says in a field of that name, wherever a plain 1 would not do."""
OF_ROUTE = {
    "agenda.mark": {"status": "arrived"},
    "agenda.add_absence": {"kind": "leave"},
    "sign_in.enter": {"username": "practitioner"},
    "sign_in.change_password": {"username": "practitioner"},
}
SECURITY_HEADERS = (
    "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy",
    "Permissions-Policy", "Strict-Transport-Security",
)  # fmt: skip
FEW = 5
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


class Curious(ImmutableMultiDict[str, str]):
    """Form or address fields that note which names a view asks for."""

    asked: set[str]

    def _note(self, name: object) -> None:
        if isinstance(name, str):
            type(self).asked.add(name)

    def __getitem__(self, name: str) -> str:
        self._note(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._note(name)
        return super().__contains__(name)

    def get(self, name: str, *more: Any, **named: Any) -> Any:  # type: ignore[override]
        self._note(name)
        return super().get(name, *more, **named)

    def getlist(self, name: str, *more: Any, **named: Any) -> Any:  # type: ignore[override]
        self._note(name)
        return super().getlist(name, *more, **named)


class Log(logging.Handler):
    """Keeps what was logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(log._Lines("test"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Idle:
    """Workers that never begin: an import asked for stays waiting."""

    def start(self, run_id: int) -> None:
        """Do nothing."""


class Place:
    """One door with a practice behind it, and browsers of everybody."""

    def __init__(self, name: str, database: Database, clock: SettableClock, folder: Path) -> None:
        make, self.base = DOORS[name]
        self.door = doors.STAFF if name == "staff" else doors.MAINTAINER
        self.name, self.database, self.clock = name, database, clock
        self.tools = door.tools(database, clock, folder)
        self.tools.provide(Workers, Idle)
        authority.prepare(self.tools.of(Keys), "Test", ["localhost"], clock.now())  # as every server that starts does
        self.app = make(self.tools)
        self.log = Log()
        self.faults: list[str] = []

    def browser(self, role: Role | None = None) -> FlaskClient:
        client = self.app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
        if role is not None:
            with self.database.writing() as session:  # an attack may have changed it
                account = session.scalars(select(Account).where(Account.username == role.value)).one()
                assert account.directory_key
                directory = EmbeddedDirectory(self.database, door.QUICK)
                directory.set_password(session, account.directory_key, door.PASSWORD, must_change=False)
            fields = {"username": role.value, "password": door.PASSWORD}
            answer = client.post("/sign-in", base_url=self.base, data=fields)
            assert answer.status_code == 303, answer.text
        return client

    def somebody(self, needed: frozenset[Role]) -> Role:
        """Return who may both come through this door and open a route, the mightiest first."""
        order = (Role.PRACTITIONER, Role.SECRETARY, Role.ADMINISTRATOR)
        return next(role for role in (order if self.name == "staff" else (Role.ADMINISTRATOR,)) if role in needed)

    def proof(self, client: FlaskClient) -> str:
        page = client.get("/account", base_url=self.base).text
        found = re.search(r'name="_csrf" value="([^"]+)"', page)
        assert found, page[:2000]
        return found[1]

    def rules(self) -> list[Rule]:
        return [rule for rule in self.app.url_map.iter_rules() if not rule.endpoint.endswith("static")]

    def entries(self) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(AuditEntry)) or 0

    def version(self, rule: Rule) -> str:
        kind = Patient if rule.endpoint.startswith("patients.") else Appointment
        with self.database.reading() as session:
            return str(session.scalar(select(kind.version).order_by(kind.id).limit(1)) or 1)

    def fields_of(self, rule: Rule) -> dict[str, str]:
        return {"version": self.version(rule), **USUAL, **OF_ROUTE.get(rule.endpoint, {})}

    def watched(self, answer: TestResponse, tried: str) -> None:
        """Hold an answer to what every answer owes a person; faults are gathered, to see them all at once."""
        try:
            self._held_to_account(answer, tried)
        except AssertionError as fault:
            self.faults.append(str(fault).partition("\nassert")[0][:600])

    def _held_to_account(self, answer: TestResponse, tried: str) -> None:
        said = answer.text if answer.mimetype != "application/pdf" else ""
        assert answer.status_code < 500, f"{tried}: {answer.status_code}\n{self.log.lines[-3:]}"
        assert "Traceback" not in said, tried
        if answer.mimetype == "text/html":
            assert f"<i {MARK}" not in said, f"{tried}: not escaped"
        for header in SECURITY_HEADERS:
            assert answer.headers.get(header), f"{tried}: no {header}"
        assert answer.headers["Cache-Control"] == "no-store", tried
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        location = answer.headers.get("Location", "/")
        assert re.match(r"/(?![/\\])", location), f"{tried} leads to {location}"
        assert not answer.headers.get("Set-Cookie", "").startswith("a=b")
        if answer.status_code >= 400 and answer.status_code not in {401, 409, 422}:
            self.worded(answer, tried)

    def worded(self, answer: TestResponse, tried: str) -> None:
        """A refusal says what happened and a code, and the log has the code."""
        if answer.mimetype == "application/json":
            said = json.loads(answer.text)
            assert said["message"], tried
            assert said["hint"], tried
            codes = [said["code"]]
        else:
            codes = re.findall(r"\b[A-Z]{2,}(?:-[A-Z]{2,})+\b", html.unescape(answer.text))
            if not codes and re.search(r'aria-invalid="true"|class="field-wrong"|class="wrong"', answer.text):
                return  # said beside the fields
            assert codes, f"{tried}: {answer.status_code} without a code\n{answer.text[:1500]}"
            if answer.headers.get("HX-Request") is None:
                assert 'lang="fr"' in answer.text or "<html" not in answer.text, tried
        # Any of them: a recovery kit's number may look like a code.
        logged = any(f'"code":"{code}"' in line for code in codes for line in self.log.lines)
        assert logged or "sign-in" in tried or "/account" in tried

    def nothing_leaked(self) -> None:
        written = "\n".join(self.log.lines)
        for secret in (MARK, door.PASSWORD, "Vn5%hrE8kTb3", "DUPONT", "Essai"):
            assert secret not in written, f"{secret} is in the log"
        assert "request_failed" not in written

    def trail_is_whole(self) -> None:
        with self.database.snapshot() as session:
            verdict = verification.verify(session)
        assert not verdict.damages, verdict


@pytest.fixture(params=DOORS)
def place(request: pytest.FixtureRequest, database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[Place]:
    """Each door in turn, with a small practice: two of everything that has a number."""
    people = [door.add_person(database, role.value, f"Une Personne {role.value}", role) for role in Role]
    made = Place(request.param, database, clock, tmp_path)
    logger = logging.getLogger("socle")
    logger.addHandler(made.log)
    level, logger.level = logger.level, logging.INFO
    _fill(made, [people[1].id, people[0].id])
    yield made
    logger.removeHandler(made.log)
    logger.setLevel(level)


def _fill(place: Place, accounts: list[int]) -> None:
    with place.database.writing() as session:
        made: Practice = practice(session, accounts)
        for hour in (9, 10):
            wanted = Booking(
                made.practitioners[0], made.patients[hour - 9], made.types[1], Span(at(hour), at(hour, 30))
            )
            booking.book(session, made.secretary, wanted, confirmed=True)
        absences.add_absence(session, made.secretary, made.practitioners[0], at(14), at(18), AbsenceKind.LEAVE)
        shelf, sources = place.tools.of(Storage), place.tools.of(Sources)
        for _ in range(2):
            received = runs.receive(shelf, sources, "Nom;Prénom\nDUPONT;Anne\n".encode(), "liste.csv")
            runs.create(session, machine("test"), received)
    place.browser(Role.MAINTAINER if place.name == "maintainer" else Role.SECRETARY)


class Attack:
    """Everything thrown at one route with one method."""

    def __init__(self, place: Place, rule: Rule, method: str) -> None:
        self.place, self.rule, self.method = place, rule, method
        needed = permissions.requirement(place.app, rule.endpoint)
        self.role = place.somebody(needed) if isinstance(needed, frozenset) else None
        self.enter()

    def enter(self) -> None:
        self.place.clock.advance(timedelta(hours=1))
        self.client = self.place.browser(self.role)
        self.token = self.place.proof(self.client) if self.role else ""

    def path(self, name: str = "", value: str = "") -> str:
        given = dict.fromkeys(self.rule.arguments, "1") | {"day": "2026-11-24", "target": "local", "kind": "backup"}
        given = {one: quote(text, safe="") for one, text in {**given, **({name: value} if name else {})}.items()}
        return re.sub(r"<(?:[^:>]*:)?(\w+)>", lambda found: given[found[1]], self.rule.rule)

    def send(self, fields: Mapping[str, str], path: str = "", **headers: str) -> TestResponse:
        answer = self._send(fields, path or self.path(), headers)
        if self.role and (answer.status_code == 401 or answer.headers.get("Location", "").startswith("/sign-in")):
            self.enter()
            answer = self._send(fields, path or self.path(), headers)
        return answer

    def _send(self, fields: Mapping[str, str], path: str, headers: Mapping[str, str]) -> TestResponse:
        in_address = self.method == "GET"
        return self.client.open(
            path,
            method=self.method,
            base_url=self.place.base,
            headers=headers,
            query_string=fields if in_address else None,
            data=None if in_address else {"_csrf": self.token, **fields},
        )

    def learn(self) -> dict[str, str]:
        """Find which fields the view asks for, and a believable value of each."""
        known: dict[str, str] = {}
        for _ in range(5):
            Curious.asked = set()
            self.place.watched(self.send(known, **HTMX), f"{self.method} {self.rule.rule}")
            usual = self.place.fields_of(self.rule)
            found = {
                name: usual.get(name.rstrip("1234567"), "1")
                for name in Curious.asked
                if name not in {"_csrf", "_method"}
            }
            if found.keys() <= known.keys():
                break
            known |= found
        return known

    def run(self) -> int:
        """Poison each field, then each part of the address; return how many requests were answered."""
        count, fields = 0, self.learn()
        poisons = list((IN_ADDRESSES if self.method == "GET" else POISONS).items())
        step = 1 if len(fields) <= FEW else 4  # a long form shares the poisons out among its fields
        for place, name in enumerate(fields):
            for poison, text in poisons[place % step :: step]:
                tried = f"{self.method} {self.rule.rule} {name}={poison}"
                if "version" in fields:
                    fields["version"] = self.place.version(self.rule)
                headers = HTMX if self.method == "GET" and count % 2 else {}
                self.place.watched(self.send({**fields, name: text}, **headers), tried)
                count += 1
        for name in self.rule.arguments:
            for poison, text in IN_ADDRESSES.items():
                tried = f"{self.method} {self.rule.rule} <{name}>={poison}"
                self.place.watched(self.send(fields, self.path(name, text)), tried)
                count += 1
        return count


HTMX = {"HX-Request": "true"}


def _attacks(place: Place) -> Iterator[tuple[Rule, str]]:
    for rule in place.rules():
        for method in sorted((rule.methods or set()) & ({"GET"} | UNSAFE)):
            yield rule, method


def test_every_field_of_every_route_takes_nonsense(place: Place) -> None:
    place.app.request_class.parameter_storage_class = Curious
    count = 0
    for rule, method in _attacks(place):
        count += Attack(place, rule, method).run()
    assert count > 300
    for rule, method in _attacks(place):
        if method == "GET" and not rule.arguments:  # what was stored is shown escaped too
            place.watched(Attack(place, rule, method).send({}), rule.rule)
    assert not place.faults, "\n".join(place.faults)
    place.nothing_leaked()
    place.trail_is_whole()


BODIES = {
    "list": ("application/json", b"[1, null]"),
    "nested": ("application/json", b"[" * 300_000),
    "halves": (
        "application/json",
        b'{"page":"/a\\ud800","action":"\\udfff","fields":[["\\ud800","\\u0000"]],"switch":{}}',
    ),
    "broken": ("application/json", b'{"page":'),
    "text": ("text/plain", b"\xff\xfe"),
    "parts": ("multipart/form-data; boundary=x", b"--y\r\nContent-Disposition: form-data; name"),
    "no boundary": ("multipart/form-data", b"--y"),
    "charset": ("application/x-www-form-urlencoded; charset=utf-99", b"a=%ff%00&&&=;%"),
    "large": ("application/x-www-form-urlencoded", b"a=" + b"x" * 1_100_000),
}
HEADERS: tuple[dict[str, str], ...] = (
    {**HTMX, "HX-Current-URL": "http://["},
    {"Referer": "https://[", "Sec-Fetch-Dest": "empty"},
    {"Accept": "application/json;q=zz,,;;/", "Accept-Language": "x" * 2_000, "User-Agent": "\x01" * 600},
    {"Host": "evil.example"},
    {"Host": '"><i Zqx'},
    {"X-Seconds-Since-Input": "9" * 400, "If-None-Match": "*", "Range": "bytes=9-1", "If-Modified-Since": "never"},
    {"Cookie": "__Host-socle-staff=%00; __Host-socle-maintainer=\u00e9; __Host-socle-toast=a.b.c; language=\x01"},
)


def test_every_route_takes_odd_headers_bodies_and_methods(place: Place) -> None:
    for rule, method in _attacks(place):
        attack = Attack(place, rule, method)
        for headers in HEADERS:
            place.watched(attack.send({}, **headers), f"{method} {rule.rule} {headers}")
        for odd in ("PUT", "PATCH", "DELETE", "TRACE", "FOO"):
            answer = attack.client.open(attack.path(), method=odd, base_url=place.base)
            place.watched(answer, f"{odd} {rule.rule}")
            assert answer.status_code in {400, 403}
        for name, (kind, body) in BODIES.items() if method == "POST" else ():
            headers = {"Content-Type": kind, "X-CSRF-Token": attack.token}
            place.watched(
                attack.client.post(attack.path(), base_url=place.base, data=body, headers=headers),
                f"{method} {rule.rule} with {name}",
            )
    assert not place.faults, "\n".join(place.faults)
    place.nothing_leaked()
    place.trail_is_whole()


def test_every_route_is_shut_to_all_but_those_it_is_for(place: Place) -> None:
    admitted = place.door.admits
    for rule, method in _attacks(place):
        needed = permissions.requirement(place.app, rule.endpoint)
        if not isinstance(needed, frozenset):
            continue
        path = Attack(place, rule, method).path()
        stranger = place.browser()
        stranger.set_cookie(place.door.cookie, tokens.new(b"another home's key"), domain="localhost")
        for client in (place.browser(), stranger):
            answer = client.open(path, method=method, base_url=place.base)
            assert answer.status_code == 401 or answer.location.startswith("/sign-in"), f"{method} {path}"
        for role in admitted - needed:
            client = place.browser(role)
            answer = client.open(path, method=method, base_url=place.base, data={"_csrf": place.proof(client)})
            assert answer.status_code == 403, f"{role}: {method} {path}"
            assert "ACCESS-NOT-YOURS" in answer.text


def test_every_change_needs_a_form_of_this_very_session(place: Place) -> None:
    for rule, method in _attacks(place):
        if method not in UNSAFE:
            continue
        attack = Attack(place, rule, method)
        fields = attack.place.fields_of(rule)
        before = place.entries()
        for name, value in {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}.items():
            answer = attack._send(fields, attack.path(), {name: value})
            assert (answer.status_code, "FORM-FROM-ELSEWHERE" in answer.text) == (403, True), f"{name}: {rule.rule}"
        if attack.role is None:
            continue
        other = next(role for role in sorted(place.door.admits - {attack.role}))
        session = place.proof(attack.client)
        foreign = session[:-6] + ("AAAAAA" if not session.endswith("AAAAAA") else "BBBBBB")
        strangers = {"none": "", "nonsense": "é.\x00" * 300, "another home's": foreign}
        for name, token in strangers.items():
            attack.token = token
            answer = attack._send(fields, attack.path(), {})
            assert (answer.status_code, "FORM-OF-ANOTHER-SESSION" in answer.text) == (403, True), f"{name}: {rule.rule}"
        assert place.entries() == before, f"{rule.rule} left a trace"
        attack.token = place.proof(place.browser(other))
        before = place.entries()
        answer = attack._send(fields, attack.path(), {})
        assert (answer.status_code, "FORM-OF-ANOTHER-" in answer.text) == (403, True), f"{other}: {rule.rule}"
        assert place.entries() == before, f"{rule.rule} left a trace"


@pytest.mark.parametrize(
    "target",
    ["//[x", "//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)",
     "\\\\evil.example", "///evil.example", "/%0d%0aSet-Cookie:a=b", "/sign-in?next=/", "/\ud800"],
)  # fmt: skip
def test_no_address_leads_out_of_the_server(place: Place, target: str) -> None:
    role = Role.PRACTITIONER if place.name == "staff" else Role.ADMINISTRATOR
    fields = {"username": role.value, "password": door.PASSWORD, "next": target.encode(errors="replace").decode()}
    place.watched(place.browser().post("/sign-in", base_url=place.base, data=fields), target)
    answer = place.browser(role).get("/sign-in", base_url=place.base, query_string={"next": fields["next"]})
    place.watched(answer, target)
    assert not place.faults
    assert not re.match(r"/sign-in|//|/\\", answer.location)


@pytest.mark.parametrize(
    "name",
    ["../apps.py", "..%2f..%2fapps.py", "%2e%2e/%2e%2e/kit/security.py", "%00", "....//apps.py", "C:%5Cwindows",
     "/etc/passwd", "%2Fetc%2Fpasswd", "~f012ed537231/../../apps.py", "~/../../x", "a" * 3_000, "css"],
)  # fmt: skip
def test_no_static_address_leads_out_of_its_folder(place: Place, name: str) -> None:
    for rule in place.app.url_map.iter_rules():
        if rule.endpoint.endswith("static"):
            path = rule.rule.replace("<path:filename>", name)
            answer = place.browser().get(path, base_url=place.base, follow_redirects=True)
            assert answer.status_code == 404, path
            assert "PAGE-MISSING" in answer.text
