"""The agenda through the staff's door, on both databases: what its page, its script and its forms send and get."""

import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from flask.testing import FlaskClient
from tests.builders.agenda import MONDAY, PEOPLE, Practice, at, fill_day, patient, practice
from tests.parts import door
from werkzeug.test import TestResponse

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import Actor, Role, machine
from socle.practice.agenda import absences, appointment_types, opening_hours
from socle.practice.agenda.models import AbsenceKind
from socle.practice.agenda.weekly_hours import Opening
from socle.practice.patients import registry
from socle.web.apps import staff_app

BASE = "https://localhost:8443"
JSON = {"Accept": "application/json"}
LONG = ("CHEVALLIER DE LA ROCHEFOUCAULD-MONTBEL " * 2).strip()


class Staff:
    """A person at a browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def sign_in(self, username: str) -> "Staff":
        fields = {"username": username, "password": door.PASSWORD}
        assert self.client.post("/sign-in", base_url=BASE, data=fields).status_code == 303
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.get("/agenda").text)
        assert found is not None
        self.token = found[1]
        return self

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=BASE, headers=headers)

    def post(self, path: str, **fields: object) -> TestResponse:
        headers = {**JSON, "X-CSRF-Token": self.token}
        return self.client.post(path, base_url=BASE, data=fields, headers=headers)


@pytest.fixture
def made(database: Database) -> Practice:
    usernames = ["claire", "paul", "anne", "karim", "marie"]
    accounts = [
        door.add_person(database, username, name, role).id
        for username, (name, _, role) in zip(usernames, PEOPLE, strict=True)
    ]
    with database.writing() as session:
        return practice(session, accounts)


@pytest.fixture
def staff(database: Database, clock: SettableClock, tmp_path: Path, made: Practice) -> Iterator[Staff]:
    with staff_app(door.tools(database, clock, tmp_path)).test_client() as client:
        yield Staff(client).sign_in("claire")


def booking(made: Practice, time: str = "09:00", **more: object) -> dict[str, object]:
    fields = {
        "practitioner": made.practitioners[0], "patient": made.patients[0], "type": made.types[1],
        "date": MONDAY.isoformat(), "time": time, "minutes": 30,
    }  # fmt: skip
    return fields | more


def book(staff: Staff, made: Practice, time: str = "09:00", **more: object) -> list[Any]:
    answer = staff.post("/agenda/appointments", **booking(made, time, **more))
    assert answer.status_code == 200, answer.text
    row: list[Any] = answer.get_json()["rows"][0]
    return row


def data_block(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="agenda-page">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def test_the_page_brings_its_week_along(staff: Staff, made: Practice) -> None:
    book(staff, made)
    page = data_block(staff.get("/agenda?date=2026-11-25&view=list").text)
    (row,) = page["stretch"]["events"]
    assert row[1:5] == [made.practitioners[0], "2026-11-23T09:00", "2026-11-23T09:30", "booked"]
    assert row[9:11] == ["DUPONT", "Anne-Marie"]
    assert page["stretch"]["first"] == "2026-11-23"
    assert page["stretch"]["backdrop"]["hours"] == [8, 19]
    assert [made.practitioners[0], "2026-11-23T12:00", "2026-11-23T14:00"] in page["stretch"]["backdrop"]["closed"]
    assert page["offset"] == "+01:00"
    assert page["snap"] == 15


def test_a_page_loads_no_more_people_than_it_shows(staff: Staff, made: Practice) -> None:
    for who in made.practitioners:
        book(staff, made, practitioner=who)
    paul, anne, karim, marie = made.practitioners
    asked = {
        "/agenda/weeks/2026-11-26": [paul],
        f"/agenda/weeks/2026-11-26?who={karim},{anne},999,x": [anne, karim],
        "/agenda/days/2026-11-23": [paul, anne, karim, marie],
        f"/agenda/days/2026-11-23?who={marie}": [marie],
    }
    for path, people in asked.items():
        found = staff.get(path).get_json()
        assert (found["first"], found["people"]) == ("2026-11-23", people), path
        assert {row[1] for row in found["events"]} == set(people), path


def test_html_in_a_name_stays_text(staff: Staff, made: Practice, database: Database) -> None:
    evil = patient("</script><img src=x onerror=alert(1)>", "<b>", "F", "1990-01-01")
    with database.writing() as session:
        (number,) = registry.create_many(session, machine("test"), [evil])
    row = book(staff, made, patient=number, note="<script>alert(2)</script>")
    page = staff.get("/agenda?date=2026-11-23").text
    assert "</script><img" not in page
    assert "<script>alert" not in page
    panel = staff.get(f"/agenda/appointments/{row[0]}", **{"HX-Request": "true"}).text
    assert "&lt;b&gt;" in panel
    assert "<img" not in panel
    assert "<script>" not in panel


def test_a_time_is_understood_however_it_is_typed(staff: Staff, made: Practice) -> None:
    for days, time in enumerate(["09:00", "9h", "9 h 00", "9:00", "9.00", "900", "0900", " 9 H 00 "]):
        day = (MONDAY + timedelta(days)).isoformat()
        assert book(staff, made, time, date=day, confirmed="1")[2] == f"{day}T09:00", time


BAD_INPUT: list[tuple[dict[str, str], str]] = [
    ({"time": "25:00"}, "AGENDA-FIELD-WRONG"),
    ({"time": "soon"}, "AGENDA-FIELD-WRONG"),
    ({"time": "９:００"}, "AGENDA-FIELD-WRONG"),
    ({"date": "2026-02-30"}, "AGENDA-FIELD-WRONG"),
    ({"date": ""}, "AGENDA-FIELD-WRONG"),
    ({"start": "2026-11-23T09:00:00.5"}, "AGENDA-LENGTH-WRONG"),
    ({"start": "9999-12-31T23:59"}, "AGENDA-DATE-TOO-FAR"),
    ({"start": "0001-01-01T00:00"}, "AGENDA-DATE-TOO-FAR"),
    ({"minutes": "-30"}, "AGENDA-FIELD-WRONG"),
    ({"minutes": "0"}, "AGENDA-LENGTH-WRONG"),
    ({"minutes": "7200"}, "AGENDA-LENGTH-WRONG"),
    ({"minutes": "9" * 400}, "AGENDA-FIELD-WRONG"),
    ({"patient": ""}, "AGENDA-PATIENT-NOT-CHOSEN"),
    ({"patient": "1 or 1=1"}, "AGENDA-FIELD-WRONG"),
    ({"patient": str(2**53 - 1)}, "AGENDA-PARTY-MISSING"),
    ({"practitioner": "999", "confirmed": "1"}, "AGENDA-PARTY-MISSING"),
    ({"type": "999"}, "AGENDA-PARTY-MISSING"),
    ({"note": "x" * 501}, "AGENDA-TEXT-TOO-LONG"),
    ({"repeat": "1", "count": "1000"}, "AGENDA-REPEAT-TOO-LONG"),
    ({"repeat": "x"}, "AGENDA-FIELD-WRONG"),
    ({"date": "2027-03-28", "time": "2:30"}, "AGENDA-NO-SUCH-TIME"),
]


def test_bad_input_has_words_and_a_code(staff: Staff, made: Practice) -> None:
    for changed, code in BAD_INPUT:
        answer = staff.post("/agenda/appointments", **booking(made) | changed)
        assert answer.status_code == 400, (changed, answer.text)
        body = answer.get_json()
        assert body["code"] == code, changed
        assert body["message"]
        assert body["hint"]
    assert data_block(staff.get("/agenda?date=2026-11-23").text)["stretch"]["events"] == []


def test_control_characters_leave_the_note(staff: Staff, made: Practice) -> None:
    assert book(staff, made, note="a\x00b\x1b[31mc")[11] == "ab[31mc"


def test_a_conflict_offers_its_neighbours(staff: Staff, made: Practice) -> None:
    book(staff, made)
    answer = staff.post("/agenda/appointments", **booking(made, "09:15", patient=made.patients[1]))
    assert answer.status_code == 409
    body = answer.get_json()
    assert body["code"] == "AGENDA-SLOT-TAKEN"
    assert [slot["start"] for slot in body["neighbours"]] == ["2026-11-23T08:30", "2026-11-23T09:30"]
    assert body["neighbours"][0]["label"].replace("\N{NO-BREAK SPACE}", " ") == "8 h 30 – 9 h 00"


def test_an_unusual_time_asks_once(staff: Staff, made: Practice) -> None:
    answer = staff.post("/agenda/appointments", **booking(made, "12:30"))
    assert (answer.status_code, answer.get_json()["code"], answer.get_json()["confirm"]) == (
        409, "AGENDA-OUTSIDE-HOURS", True,
    )  # fmt: skip
    book(staff, made, "12:30", confirmed="1")


def test_a_move_can_be_undone_with_what_the_answer_says(staff: Staff, made: Practice) -> None:
    row = book(staff, made)
    path = f"/agenda/appointments/{row[0]}/move"
    fields = {"version": 1, "start": "2026-11-23T15:00", "minutes": 45, "practitioner": made.practitioners[1]}
    answer = staff.post(path, **fields).get_json()
    assert answer["rows"][0][1:4] == [made.practitioners[1], "2026-11-23T15:00", "2026-11-23T15:45"]
    undone = staff.post(answer["undo"]["path"], **answer["undo"]["fields"]).get_json()
    assert undone["rows"][0][1:4] == row[1:4]


def test_a_lost_race_says_who_won_and_shows_the_truth(staff: Staff, made: Practice) -> None:
    row = book(staff, made)
    path = f"/agenda/appointments/{row[0]}/move"
    move = {"version": 1, "minutes": 30, "practitioner": made.practitioners[0]}
    assert staff.post(path, start="2026-11-23T10:00", **move).status_code == 200
    answer = staff.post(path, start="2026-11-23T11:00", **move)
    assert answer.status_code == 409
    body = answer.get_json()
    assert body["code"] == "AGENDA-CHANGED-MEANWHILE"
    assert "Claire Roussel" in body["message"]
    assert body["row"][2] == "2026-11-23T10:00"


def test_statuses_cancellation_and_return(staff: Staff, made: Practice) -> None:
    row = book(staff, made)
    path = f"/agenda/appointments/{row[0]}"
    marked = staff.post(f"{path}/status", version=1, status="arrived").get_json()
    assert marked["rows"][0][4] == "arrived"
    assert staff.post(f"{path}/status", version=2, status="asleep").status_code == 400
    assert staff.post(f"{path}/status", version=2, status="cancelled").status_code == 409
    assert staff.post(f"{path}/cancel", version=2, reason=" ").get_json()["code"] == "AGENDA-REASON-MISSING"
    gone = staff.post(f"{path}/cancel", version=2, reason="Enfant malade").get_json()
    assert gone["rows"][0][4] == "cancelled"
    back = staff.post(gone["undo"]["path"], **gone["undo"]["fields"]).get_json()
    assert back["rows"][0][4] == "booked"


def test_a_series_is_booked_or_its_taken_days_are_named(staff: Staff, made: Practice) -> None:
    book(staff, made, date=(MONDAY + timedelta(7)).isoformat())
    fields = booking(made, patient=made.patients[1], repeat=1, count=3)
    answer = staff.post("/agenda/appointments", **fields)
    assert (answer.status_code, answer.get_json()["taken"]) == (409, ["2026-11-30T09:00"])
    assert len(staff.post("/agenda/appointments", **fields, skip_taken="1").get_json()["rows"]) == 2


def test_the_feed_gives_what_others_changed_and_keeps_no_session_awake(
    staff: Staff, made: Practice, clock: SettableClock
) -> None:
    since = data_block(staff.get("/agenda?date=2026-11-23").text)["stretch"]["revision"]
    row = book(staff, made)
    feed = staff.get(f"/agenda/changes?since={since}", **{"X-Background": "1"}).get_json()
    assert feed["events"] == [row]
    assert staff.get(f"/agenda/changes?since={feed['revision']}", **{"X-Background": "1"}).get_json()["events"] == []
    for _ in range(12):  # a forgotten page asks for an hour, and is locked all the same
        clock.advance(timedelta(minutes=5))
        last = staff.get(f"/agenda/changes?since={feed['revision']}", **JSON, **{"X-Background": "1"})
    assert last.status_code == 401


def test_after_a_restored_backup_the_page_loads_again(staff: Staff) -> None:
    assert staff.get("/agenda/changes?since=1000000").get_json()["reload"] is True


def test_a_link_to_an_appointment_opens_it_in_the_agenda(staff: Staff, made: Practice) -> None:
    row = book(staff, made)
    answer = staff.get(f"/agenda/appointments/{row[0]}")
    assert (answer.status_code, answer.location) == (303, f"/agenda?date=2026-11-23&open={row[0]}")
    assert data_block(staff.get(answer.location).text)["open"] == row[0]
    assert staff.get("/agenda/appointments/999").status_code == 404


def test_a_patient_that_is_not_there_is_refused_in_words(staff: Staff, made: Practice) -> None:
    assert data_block(staff.get(f"/agenda?patient={made.patients[0]}").text)["patient"]["name"].endswith("Anne-Marie")
    assert staff.get("/agenda?patient=999999").status_code == 404
    assert staff.get("/agenda?patient=x").status_code == 400


def test_a_form_of_another_session_changes_nothing(staff: Staff, made: Practice) -> None:
    staff.token = "x" + staff.token
    assert staff.post("/agenda/appointments", **booking(made)).status_code == 403


def test_hours_absences_and_types_are_kept(staff: Staff, made: Practice) -> None:
    who = made.practitioners[0]
    path = f"/agenda/practitioners/{who}"
    token = {"_csrf": staff.token}
    saved = staff.client.post(
        f"{path}/hours", base_url=BASE, data={**token, "version": 2, "from-2": ["8h30", "14"], "to-2": ["12:00", "18h"]}
    )
    assert saved.status_code == 303
    page = staff.get(f"/agenda/hours?practitioner={who}").text
    assert re.findall(r'name="from-2" value="([^"]*)"', page) == ["08:30", "14:00"]
    assert re.findall(r'name="from-1" value="([^"]*)"', page) == ["", ""]
    absence = {**token, "first": "2026-12-24", "last": "2026-12-31", "kind": "leave"}
    assert staff.client.post(f"{path}/absences", base_url=BASE, data=absence).status_code == 303
    page = staff.get(f"/agenda/hours?practitioner={who}").text
    (number,) = re.findall(r"/agenda/absences/(\d+)/remove", page)
    gone = staff.client.post(f"/agenda/absences/{number}/remove", base_url=BASE, data=token)
    assert gone.status_code == 303
    page = staff.get(f"/agenda/hours?practitioner={who}").text
    undo = re.search(r'action="(/agenda/practitioners/\d+/absences\?[^"]+)"', page)
    assert undo is not None
    assert staff.client.post(undo[1].replace("&amp;", "&"), base_url=BASE, data=token).status_code == 303
    assert "/remove" in staff.get(f"/agenda/hours?practitioner={who}").text
    new = {**token, "name": "Consultation", "colour": "blue", "minutes": "20"}
    assert staff.client.post("/agenda/types", base_url=BASE, data=new).status_code == 303
    assert staff.client.post("/agenda/types", base_url=BASE, data=new).status_code == 400  # the name is taken
    wrong = {**token, "from-1": ["12:00"], "to-1": ["8:00"]}
    assert staff.client.post(f"{path}/hours", base_url=BASE, data=wrong).status_code == 400


def test_of_two_who_edit_the_hours_the_later_sees_both(staff: Staff, made: Practice, database: Database) -> None:
    path = f"/agenda/practitioners/{made.practitioners[0]}/hours"
    mine = {"version": 2, "from-1": ["9:00"], "to-1": ["12:00"], "_csrf": staff.token}
    with database.writing() as session:
        anne = Actor(made.practitioners[1], "Anne-Sophie Kervadec")
        opening_hours.set_hours(session, anne, made.practitioners[0], 2, [Opening(1, 8 * 60, 13 * 60)])
    late = staff.client.post(path, base_url=BASE, data=mine)
    assert late.status_code == 409
    assert "AGENDA-HOURS-CHANGED-MEANWHILE" in late.text
    assert "Anne-Sophie Kervadec" in late.text
    assert re.findall(r'name="from-1" value="([^"]*)"', late.text) == ["09:00", ""]
    assert "08:00 – 13:00" in late.text
    with database.reading() as session:
        assert opening_hours.hours_of(session, made.practitioners[:1])[made.practitioners[0]][0].to_minute == 13 * 60
    (version,) = re.findall(r'/hours" method="post"[^>]*>.*?name="version" value="(\d+)"', late.text, re.DOTALL)
    assert staff.client.post(path, base_url=BASE, data={**mine, "version": version}).status_code == 303
    assert staff.client.post(path, base_url=BASE, data={**mine, "version": ""}).status_code == 400


def test_of_two_who_edit_a_type_the_later_sees_what_it_became(staff: Staff, made: Practice, database: Database) -> None:
    path = f"/agenda/types/{made.types[0]}"
    mine = {"version": 1, "name": "Bilan", "colour": "blue", "minutes": 60, "_csrf": staff.token}
    with database.writing() as session:
        anne = Actor(made.practitioners[1], "Anne-Sophie Kervadec")
        appointment_types.change_type(session, anne, made.types[0], 1, "Premier bilan", "violet", 45, archived=False)
    late = staff.client.post(path, base_url=BASE, data=mine)
    assert late.status_code == 409
    assert "AGENDA-TYPE-CHANGED-MEANWHILE" in late.text
    assert "Anne-Sophie Kervadec" in late.text
    with database.reading() as session:
        assert appointment_types.appointment_types(session)[0].name == "Premier bilan"
    assert staff.client.post(path, base_url=BASE, data={**mine, "version": 2}).status_code == 303
    assert staff.client.post("/agenda/types/999", base_url=BASE, data=mine).status_code == 400


def test_only_the_clinic_s_people_enter(database: Database, clock: SettableClock, tmp_path: Path) -> None:
    door.add_person(database, "alix", "Alix Admin", Role.ADMINISTRATOR)
    with staff_app(door.tools(database, clock, tmp_path)).test_client() as client:
        assert client.get("/agenda", base_url=BASE).status_code == 303
        client.post("/sign-in", base_url=BASE, data={"username": "alix", "password": door.PASSWORD})
        for path in ("/agenda", "/agenda/changes?since=0", "/agenda/day-sheet.pdf", "/agenda/hours", "/agenda/new"):
            assert client.get(path, base_url=BASE).status_code == 403, path
        assert client.get("/", base_url=BASE).status_code == 200


def test_home_shows_the_day_and_what_is_left_to_do(
    staff: Staff, made: Practice, database: Database, clock: SettableClock
) -> None:
    assert "next-one" not in staff.get("/").text
    with database.writing() as session:
        fill_day(session, made)
        absences.add_absence(session, made.secretary, made.practitioners[0], at(14), at(19), AbsenceKind.TRAINING)
    page = staff.get("/").text
    assert page.count('class="next-one ') == 4
    assert "pendant une absence" in page
    clock.set(at(8, day=MONDAY + timedelta(1)))
    staff.sign_in("paul")
    page = staff.get("/").text
    assert "à pointer" in page
    assert "next-one" not in page.partition("<main")[2].partition('class="to-do"')[0].partition("<ol")[2]


def pages_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def test_the_day_on_paper(staff: Staff, made: Practice, database: Database) -> None:
    with database.writing() as session:
        (long,) = registry.create_many(session, machine("test"), [patient(LONG, "Marie-Bernadette", "F", "1950-01-01")])
    for turn in range(60):
        hour, minute = divmod(8 * 60 + turn * 10, 60)
        book(staff, made, f"{hour:02}:{minute:02}", minutes=10, patient=long, note="Apporte ses radios", confirmed="1")
    answer = staff.get(f"/agenda/day-sheet.pdf?date=2026-11-23&practitioner={made.practitioners[0]}")
    assert answer.mimetype == "application/pdf"
    pages = pages_of(answer.data)
    assert len(pages) > 1
    assert f"Page 1 / {len(pages)}" in pages[0]
    assert f"Page {len(pages)} / {len(pages)}" in pages[-1]
    whole = " ".join(" ".join(pages).split())
    assert whole.count("ROCHEFOUCAULD-MONTBEL") >= 60
    assert "Paul Lemoine" in pages[0]
    assert "60 rendez-vous" in pages[0]
    everybody = pages_of(staff.get("/agenda/day-sheet.pdf?date=2026-11-24").data)
    assert len(everybody) == 4
    assert "Aucun rendez-vous" in everybody[0]


def test_what_goes_past_midnight_is_on_both_days_papers(staff: Staff, made: Practice) -> None:
    book(staff, made, "23:30", minutes=60, confirmed="1")
    for day, said in (("2026-11-23", "jusqu’au lendemain"), ("2026-11-24", "depuis la veille")):
        assert [row[2:4] for row in staff.get(f"/agenda/days/{day}").get_json()["events"]] == [
            ["2026-11-23T23:30", "2026-11-24T00:30"]
        ]
        sheet = f"/agenda/day-sheet.pdf?date={day}&practitioner={made.practitioners[0]}"
        words = " ".join(pages_of(staff.get(sheet).data)[0].split())
        assert "DUPONT" in words
        assert said in words


def test_nonsense_in_an_address_is_refused_in_words(staff: Staff) -> None:
    paths = ["/agenda?date=x", "/agenda/weeks/x", "/agenda/day-sheet.pdf?date=2026-13-01", "/agenda?date=9999-12-31"]
    paths += [f"/agenda/changes?since={since}" for since in ("", "x", "-1", "1.5", "9" * 30)]
    for path in paths:
        answer = staff.get(path)
        assert answer.status_code == 400, path
        assert "AGENDA-FIELD-WRONG" in answer.text or "AGENDA-DATE-TOO-FAR" in answer.text, path
