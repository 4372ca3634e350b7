"""The patients' pages, on both databases: found, shown, created, edited by two, archived; bad input of every kind."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from tests.builders.patients import ANNE, anne, person
from tests.parts import door
from werkzeug.test import TestResponse

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import Actor, Role
from socle.identity.audit.models import AuditEntry
from socle.identity.people.models import Account
from socle.practice.patients import registry
from socle.practice.patients.models import Patient
from socle.web.apps import staff_app

BASE = "https://localhost:8443"


class Desk:
    """A signed-in person's browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=BASE, headers=headers)

    def post(self, path: str, data: dict[str, Any], page: str = "/patients/new") -> TestResponse:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.get(page).text)
        assert found
        return self.client.post(path, base_url=BASE, data={"_csrf": found[1], **data})


@pytest.fixture
def desk(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[Desk]:
    """Paul, a practitioner, signed in; he reads English."""
    door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)
    with database.writing() as session:
        session.execute(update(Account).values(language="en"))
    with staff_app(door.tools(database, clock, tmp_path)).test_client() as client:
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        signed_in = client.post("/sign-in", base_url=BASE, data={"username": "paul.lemoine", "password": door.PASSWORD})
        assert signed_in.status_code in (302, 303)
        yield Desk(client)


def _add(database: Database, actor: Actor, *people: Any) -> list[int]:
    with database.writing() as session:
        return [registry.create(session, actor, each) for each in people]


def _form(**changes: Any) -> dict[str, Any]:
    return {"birth_family_name": "Petit", "first_given_name": "Luc", "birth_date": "12/03/1990", **changes}


def _text(answer: TestResponse) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def _count(database: Database, action: str) -> int:
    with database.reading() as session:
        counted = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)
        return session.execute(counted).scalar_one()


def test_the_search_page_finds_as_one_types(desk: Desk, database: Database, actor: Actor) -> None:
    _add(database, actor, ANNE, person("Durand", "Zoé"))
    assert "LE GOFF Anne-Marie (née Martin)" in _text(desk.get("/patients"))
    whole = desk.get("/patients?q=legoff")
    assert "1 patient" in _text(whole)
    part = desk.get("/patients/results?q=martin")
    assert "<html" not in part.text
    assert "LE GOFF" in part.text
    assert "DURAND" not in part.text
    assert "close" in _text(desk.get("/patients/results?q=duramd"))
    assert "Nobody found for “xyzxyz”" in _text(desk.get("/patients/results?q=xyzxyz"))
    assert _count(database, "patient.read") == 0


def test_the_list_without_words_turns_its_pages(desk: Desk, database: Database, actor: Actor) -> None:
    _add(database, actor, *(person(f"Nom{chr(97 + i % 26)}{chr(97 + i // 26)}", "Léa") for i in range(40)))
    first = desk.get("/patients")
    following = re.search(r'href="(/patients\?after=\d+)"', first.text)
    assert following
    second = desk.get(following[1])
    assert second.text.count("row-link") == 10
    assert "NOMAA" in first.text
    assert "NOMAA" not in second.text


def test_an_empty_practice_says_what_to_do_first(desk: Desk) -> None:
    assert "No patient yet" in _text(desk.get("/patients"))


def test_suggestions_come_as_links_or_as_json(desk: Desk, database: Database, actor: Actor) -> None:
    (number,) = _add(database, actor, ANNE)
    links = desk.get("/patients/suggest?q=legoff", **{"HX-Request": "true"})
    assert f'href="/patients/{number}"' in links.text
    given = desk.get("/patients/suggest?q=legoff", Accept="application/json").json
    assert given
    (one,) = given["patients"]
    assert (one["id"], one["name"]) == (number, "Ms LE GOFF Anne-Marie (née Martin)")
    assert one["about"].endswith("1980 (46 years) · 06 12 34 56 78 · Nantes")


def test_opening_a_file_shows_it_and_is_recorded(desk: Desk, database: Database, actor: Actor) -> None:
    (number,) = _add(database, actor, anne(alerts="Allergie à la pénicilline", nir="280037505612300"))
    page = desk.get(f"/patients/{number}")
    assert page.status_code == 200
    assert "<title>Ms LE GOFF Anne-Marie (née Martin) ·" in page.text
    for words in ("46 years", "06 12 34 56 78", "Allergie à la pénicilline", "The key of this number is wrong"):
        assert words in _text(page)
    assert re.search(r'class="person edge-\d+"', page.text)
    assert _count(database, "patient.read") == 1
    assert "by Paul Lemoine" in _text(desk.get(f"/patients/{number}"))


def test_a_new_file_leads_to_its_page(desk: Desk, database: Database) -> None:
    data = _form(
        used_family_name="Petit-Jean",
        sex="M",
        phone_number=["06 12 34 56 78", "", "+41 79 123 45 67"],
        phone_label=["", "", "père"],
        email=["luc@exemple.fr", ""],
        notes="Vient le mardi.\r\nPréfère le matin.",
    )
    answer = desk.post("/patients/new", data)
    assert answer.status_code == 303
    with database.reading() as session:
        patient = session.execute(select(Patient)).scalar_one()
        assert patient.birth_date == "1990-03-12"
        assert patient.phones == [
            {"number": "0612345678", "label": ""},
            {"number": "+41791234567", "label": "père"},
        ]
        assert patient.notes == "Vient le mardi.\nPréfère le matin."
        assert patient.changed_by == "Paul Lemoine"
    assert "The file is created." in _text(desk.get(answer.headers["Location"]))


def test_a_likely_duplicate_is_shown_before_anything_is_saved(desk: Desk, database: Database, actor: Actor) -> None:
    (number,) = _add(database, actor, person("Petit", "Luc", "1990-03-12"))
    warned = desk.post("/patients/new", _form(city="Rezé"))
    assert warned.status_code == 409
    assert f'href="/patients/{number}"' in warned.text
    assert 'value="Rezé"' in warned.text
    assert _count(database, "patient.create") == 1
    assert desk.post("/patients/new", _form(city="Rezé", seen=str(number))).status_code == 303
    assert _count(database, "patient.create") == 2


def test_look_alikes_are_given_while_typing(desk: Desk, database: Database, actor: Actor) -> None:
    _add(database, actor, person("Petit", "Luc", "1990-03-12"))
    answer = desk.post("/patients/look-alikes", _form(nir="190037505612300"))
    assert "known already" in _text(answer)
    assert "The key of this number is wrong" in _text(answer)
    assert _text(desk.post("/patients/look-alikes", {"birth_family_name": "Petit"})).strip() == ""


WRONG: list[tuple[dict[str, str], str]] = [
    ({"birth_family_name": ""}, "A family name is needed."),
    ({"birth_family_name": "x" * 101}, "At most 100 characters fit here; there are 101."),
    ({"birth_family_name": "x" * 900_000}, "At most 100 characters fit here"),
    ({"first_given_name": "Lu\x00c"}, "invisible sign (U+0000)"),
    ({"first_given_name": "Lu\x1bc"}, "invisible sign (U+001B)"),
    ({"birth_date": "31/02/1980"}, "This is not a date."),
    ({"birth_date": "12/03/1700"}, "Nobody born more than"),
    ({"birth_date": "12/03/2080"}, "This date is in the future."),
    ({"sex": "X"}, "Choose one of the values offered."),
    ({"identity_status": "qualified"}, "Choose one of the values offered."),
    ({"email": "pas une adresse"}, "This is not an e-mail address."),
    ({"phone_number": "0" * 31}, "At most 30 characters fit here"),
    ({"notes": "x" * 10_001}, "At most 10000 characters fit here"),
]


def test_a_wrong_field_is_said_and_nothing_typed_is_lost(desk: Desk, database: Database) -> None:
    for changes, said in WRONG:
        answer = desk.post("/patients/new", _form(city="Saint-Étienne") | changes)
        assert answer.status_code == 422
        assert said in _text(answer)
        assert 'value="Saint-Étienne"' in answer.text
    assert _count(database, "patient.create") == 0


def test_ten_megabytes_are_refused_in_words(desk: Desk, database: Database) -> None:
    answer = desk.post("/patients/new", _form(birth_family_name="x" * 10_000_000))
    assert answer.status_code in (400, 413)
    assert "REQUEST-TOO-LARGE" in answer.text
    assert _count(database, "patient.create") == 0


def test_markup_and_sql_stay_text(desk: Desk, database: Database) -> None:
    for name in ("<script>alert(1)</script>", "'; DROP TABLE patient; --", "{{ config }}", '"><img src=x>'):
        made = desk.post("/patients/new", _form(birth_family_name=name, alerts=name, notes=name))
        assert made.status_code == 303
        for path in (made.headers["Location"], "/patients", "/patients?q=script", made.headers["Location"] + "/edit"):
            page = desk.get(path).text
            assert "<script>alert" not in page
            assert "<img src=x" not in page
        with database.reading() as session:
            newest = select(Patient.birth_family_name).order_by(Patient.id.desc()).limit(1)
            assert session.execute(newest).scalar_one() == name


def _fields(page: str) -> dict[str, Any]:
    """Return what a browser would send back of the edit form, untouched."""
    form = page[page.index('id="patient-form"') :]
    data: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            data.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
    for name_, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S):
        data[name_] = html.unescape(text)
    for name_, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        data[name_] = chosen[1] if chosen else ""
    return data


def test_saving_an_untouched_form_changes_nothing(desk: Desk, database: Database, actor: Actor) -> None:
    (number,) = _add(database, actor, ANNE)
    answer = desk.post(f"/patients/{number}/edit", _fields(desk.get(f"/patients/{number}/edit").text))
    assert answer.status_code == 303
    with database.reading() as session:
        stored = registry.find(session, number)
    assert stored.details == ANNE
    assert stored.version == 1


def test_two_editors_lose_nothing(desk: Desk, database: Database, actor: Actor) -> None:
    (number,) = _add(database, actor, ANNE)
    opened = _fields(desk.get(f"/patients/{number}/edit").text)
    with database.writing() as session:
        registry.edit(session, actor, number, 1, anne(city="Rezé", alerts="Asthme"))
    late = desk.post(f"/patients/{number}/edit", opened | {"alerts": "Diabète", "country": "France"})
    assert late.status_code == 409
    said = _text(late)
    assert "Claire Roussel changed this file" in said
    assert "“Nantes” became “Rezé”" in said
    assert "You typed “Diabète”, which the form keeps." in said
    again = _fields(late.text)
    assert again["city"] == ["Rezé"]
    assert again["alerts"] == ["Diabète"]
    assert again["country"] == ["France"]
    assert desk.post(f"/patients/{number}/edit", again).status_code == 303
    with database.reading() as session:
        stored = registry.find(session, number)
    assert stored.details == anne(city="Rezé", alerts="Diabète", country="France")
    assert stored.version == 3


def test_a_spoiled_base_is_no_way_to_overwrite(desk: Desk, database: Database, actor: Actor) -> None:
    (number,) = _add(database, actor, ANNE)
    opened = _fields(desk.get(f"/patients/{number}/edit").text)
    with database.writing() as session:
        registry.edit(session, actor, number, 1, anne(city="Rezé"))
    for base in ("", "{", "[]", '{"city": 3}', "null", "x" * 50_000):
        for version in ("1", "", "x", "-1", "9" * 30):
            late = desk.post(f"/patients/{number}/edit", opened | {"base": base, "version": version})
            assert late.status_code == 409
    with database.reading() as session:
        assert registry.find(session, number).details.city == "Rezé"


def test_archiving_offers_to_undo_it(desk: Desk, database: Database, actor: Actor) -> None:
    (number,) = _add(database, actor, ANNE)
    done = desk.post(f"/patients/{number}/archive", {})
    page = desk.get(done.headers["Location"])
    assert "Archived" in _text(page)
    assert f'action="/patients/{number}/restore"' in page.text
    assert desk.post(f"/patients/{number}/restore", {}).status_code == 303
    with database.reading() as session:
        assert not registry.find(session, number).archived


def test_odd_addresses_get_an_answer(desk: Desk) -> None:
    for typed in ("%00", "%ff", "%27%20OR%201%3D1", "%F0%9F%99%82", "a" * 5000, "%3Cscript%3E", "%2B" * 100):
        for path in ("/patients?q=", "/patients/results?q=", "/patients/suggest?q=", "/patients/new?name="):
            answer = desk.get(path + typed)
            assert answer.status_code == 200
            assert "<script>" not in answer.text
    for after in ("x", "-1", "99999999999999999999", "404", "%00"):
        assert desk.get(f"/patients?after={after}").status_code == 200


def test_a_file_that_is_not_there_says_so(desk: Desk) -> None:
    for path in ("/patients/404", "/patients/9223372036854775807", "/patients/99999999999999999999"):
        answer = desk.get(path)
        assert answer.status_code == 404
        assert "There is no such" in _text(answer)
