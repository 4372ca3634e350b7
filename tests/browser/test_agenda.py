"""The agenda in the real Chromium: dragged, resized, booked, refused, undone, seen by others, by keyboard alone."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Locator, Page, expect
from sqlalchemy import select, update
from tests.builders.agenda import PEOPLE, Practice, at, practice, span
from tests.parts import chromium, door

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import Actor
from socle.identity.people.models import Account
from socle.practice.agenda import absences, appointments, booking, schedule
from socle.practice.agenda.booking import Booking
from socle.practice.agenda.models import AbsenceKind, Appointment, Status
from socle.web.apps import staff_app

pytestmark = [pytest.mark.real, pytest.mark.slow]
USERNAMES = ("claire", "paul", "anne", "karim", "marie")
HOURS_DRAWN = 11
QUIET = {"revision": 0, "events": [], "reload": False}
OTHER_S_CHANGE_MS = 10_000
"""Far more than the three seconds it takes: a loaded machine must not fail the test."""


class Desk:
    """The practice's server, and what the tests ask of its database."""

    def __init__(self, address: str, database: Database, made: Practice, clock: SettableClock) -> None:
        self.address, self.database, self.made, self.clock = address, database, made, clock

    def book(self, patient: int, when: object, who: int = 0) -> int:
        wanted = Booking(self.made.practitioners[who], self.made.patients[patient], self.made.types[1], when)  # type: ignore[arg-type]
        with self.database.writing() as session:
            return booking.book(session, self.made.secretary, wanted, confirmed=True)

    def row(self, number: int) -> schedule.AppointmentRow:
        with self.database.reading() as session:
            return schedule.find(session, number)

    def newest(self) -> schedule.AppointmentRow:
        with self.database.reading() as session:
            number = session.execute(select(Appointment.id).order_by(Appointment.id.desc()).limit(1)).scalar_one()
            return schedule.find(session, number)


@pytest.fixture
def desk(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[Desk]:
    accounts = [
        door.add_person(database, username, name, role).id
        for username, (name, _, role) in zip(USERNAMES, PEOPLE, strict=True)
    ]
    with database.writing() as session:
        made = practice(session, accounts)
    tools = door.tools(database, clock, tmp_path)
    with door.served(staff_app(tools), tools.of(Keys)) as address:
        yield Desk(address, database, made, clock)


@pytest.fixture
def agenda(desk: Desk, open_page: Callable[..., Page]) -> Iterator[Callable[..., Page]]:
    """Open the agenda as somebody; at the end no page may have met an error or a refused style."""
    complaints: list[str] = []

    def open_as(
        username: str = "claire",
        path: str = "/agenda?date=2026-11-23",
        ready: str = "#agenda[data-ready]",
        **options: object,
    ) -> Page:
        page = open_page(**options)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
        page.goto(f"{desk.address}/sign-in")
        sign_in(page, username)
        page.wait_for_url(f"{desk.address}/")
        page.goto(desk.address + path)
        page.wait_for_selector(ready)
        return page

    yield open_as
    assert complaints == []


def sign_in(page: Page, username: str) -> None:
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", door.PASSWORD)
    page.press("input[name=password]", "Enter")


def is_complaint(message: ConsoleMessage) -> bool:
    """A refusal the page has words for is none; a style or a script the policy refused is one."""
    return message.type == "error" and not re.search("status of 4(00|01|09)", message.text)


def event(page: Page, name: str) -> Locator:
    return page.locator(".ec-event:not(.ec-ghost)", has_text=name).first


def point(page: Page, hour: float, column: int = 0) -> tuple[float, float]:
    """Return where a wall time lies in a column (drawn from 8 to 19 h), a few pixels into its slot."""
    box = page.locator(".ec-body .ec-day").nth(column).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + (hour - 8) * box["height"] / HOURS_DRAWN + 4


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0], start[1] + 10, steps=3)
    page.mouse.move(*end, steps=8)
    page.mouse.up()


def toast(page: Page) -> Locator:
    return page.locator("#toasts .toast-line")


def test_dragged_to_another_time_and_column_and_undone(desk: Desk, agenda: Callable[..., Page]) -> None:
    number = desk.book(0, span(9))
    page = agenda(timezone_id="America/New_York")  # the workstation's own zone must not matter
    drag(page, point(page, 9), point(page, 15.5, column=2))
    expect(toast(page)).to_contain_text("15 h 30")
    row = desk.row(number)
    assert (row.starts_at, row.practitioner_id) == (at(15, 30), desk.made.practitioners[2])
    toast(page).get_by_role("button", name="Annuler").click()
    expect(event(page, "DUPONT")).to_contain_text("9 h 00")
    row = desk.row(number)
    assert (row.starts_at, row.practitioner_id) == (at(9), desk.made.practitioners[0])


def test_resized_by_its_lower_edge(desk: Desk, agenda: Callable[..., Page]) -> None:
    number = desk.book(0, span(9))
    page = agenda()
    box = event(page, "DUPONT").bounding_box()
    assert box is not None
    edge = box["x"] + box["width"] / 2, box["y"] + box["height"] - 3
    drag(page, edge, point(page, 10))
    expect(toast(page)).to_be_visible()
    row = desk.row(number)
    assert (row.starts_at, row.ends_at) == (at(9), at(10, 15))


def test_a_refused_drop_goes_back_with_its_reason_and_free_neighbours(desk: Desk, agenda: Callable[..., Page]) -> None:
    number = desk.book(0, span(9))
    desk.book(1, span(15))
    page = agenda()
    drag(page, point(page, 9), point(page, 15))
    panel = page.locator("[data-part=panel]")
    expect(panel).to_contain_text("déjà pris")
    expect(event(page, "DUPONT")).to_contain_text("9 h 00")
    assert desk.row(number).starts_at == at(9)
    panel.get_by_role("button", name="15 h 30").click()
    expect(event(page, "DUPONT")).to_contain_text("15 h 30")
    assert desk.row(number).starts_at == at(15, 30)


def test_a_drop_outside_hours_asks_first(desk: Desk, agenda: Callable[..., Page]) -> None:
    number = desk.book(0, span(9))
    page = agenda()
    drag(page, point(page, 9), point(page, 12.5))
    panel = page.locator("[data-part=panel]")
    expect(panel).to_contain_text("heures d’ouverture")
    assert desk.row(number).starts_at == at(9)
    panel.get_by_role("button", name="Confirmer quand même").click()
    expect(event(page, "DUPONT")).to_contain_text("12 h 30")
    assert desk.row(number).starts_at == at(12, 30)


def test_somebody_who_left_keeps_patients_only_until_they_are_moved(desk: Desk, agenda: Callable[..., Page]) -> None:
    theirs, other = desk.book(0, span(9)), desk.book(1, span(9), who=1)
    with desk.database.writing() as session:
        session.execute(update(Account).where(Account.id == desk.made.practitioners[0]).values(active=False))
    page = agenda()
    expect(page.locator(".ec-col-head").first).to_contain_text("ne travaille plus ici")
    panel = page.locator("[data-part=panel]")
    page.mouse.click(*point(page, 16))
    expect(toast(page)).to_contain_text("Paul Lemoine ne travaille plus ici")
    expect(panel).to_be_hidden()
    page.keyboard.press("n")
    expect(panel.get_by_label("Praticien").locator("option")).to_have_count(3)
    page.keyboard.press("Escape")
    drag(page, point(page, 9, column=1), point(page, 15))
    expect(panel).to_contain_text("ne travaille plus ici")
    assert desk.row(other).practitioner_id == desk.made.practitioners[1]
    page.keyboard.press("Escape")
    drag(page, point(page, 9), point(page, 16, column=2))
    expect(toast(page)).to_contain_text("16 h 00")
    expect(toast(page).get_by_role("button", name="Annuler")).to_have_count(0)
    assert desk.row(theirs).practitioner_id == desk.made.practitioners[2]


def test_what_goes_past_midnight_is_seen_on_both_days(desk: Desk, agenda: Callable[..., Page]) -> None:
    desk.book(0, span(23, 30, 60))
    page = agenda()
    expect(event(page, "DUPONT")).to_contain_text("23 h 30")
    for path in ("date=2026-11-24", "date=2026-11-24&view=list", "date=2026-11-24&view=week"):
        page.goto(f"{desk.address}/agenda?{path}")
        page.wait_for_selector("#agenda[data-ready]")
        expect(page.locator(".ec-event", has_text="DUPONT").last).to_be_visible()
    expect(page.locator(".ec-event", has_text="DUPONT")).to_have_count(2)
    boxes = [found.bounding_box() for found in page.locator(".ec-event", has_text="DUPONT").all()]
    evening, before_dawn = [box["x"] for box in boxes if box is not None]
    assert evening < before_dawn


def test_a_click_on_an_empty_slot_books_there(desk: Desk, agenda: Callable[..., Page]) -> None:
    page = agenda()
    page.mouse.click(*point(page, 10.5, column=1))
    expect(page.get_by_label("Patient", exact=True)).to_be_focused()
    page.keyboard.type("nguyen", delay=20)
    expect(page.locator("li[role=option]")).to_contain_text("NGUYEN")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(event(page, "NGUYEN")).to_contain_text("10 h 30")
    row = desk.newest()
    assert (row.practitioner_id, row.starts_at, row.birth_family_name) == (
        desk.made.practitioners[1], at(10, 30), "NGUYEN",
    )  # fmt: skip


def test_a_patient_s_page_leads_to_their_booking(desk: Desk, agenda: Callable[..., Page]) -> None:
    patient = desk.made.patients[2]
    page = agenda(path=f"/patients/{patient}", ready="main")
    page.get_by_role("link", name="Nouveau rendez-vous").click()
    page.wait_for_selector("#agenda[data-ready]")
    line = page.locator("[data-part=for]")
    expect(line).to_contain_text("Rendez-vous pour Mme NGUYEN Thi Mai")
    page.keyboard.press("ArrowRight")  # still so on another day, and after a reload
    expect(page.locator("[data-part=title]")).to_contain_text("mardi 24")
    page.reload()
    page.wait_for_selector("#agenda[data-ready]")
    expect(line).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_label("Patient", exact=True)).to_have_value("Mme NGUYEN Thi Mai")
    page.keyboard.press("Enter")
    expect(event(page, "NGUYEN")).to_be_visible()
    assert desk.newest().patient_id == patient
    expect(line).to_be_hidden()
    assert "patient=" not in page.url


def test_the_chosen_patient_can_be_dropped(desk: Desk, agenda: Callable[..., Page]) -> None:
    page = agenda(path=f"/agenda?date=2026-11-23&patient={desk.made.patients[2]}")
    page.locator("[data-part=for]").get_by_role("button", name="Renoncer").press("Enter")
    expect(page.locator("[data-part=for]")).to_be_hidden()
    expect(page.locator("[data-part=new]")).to_be_focused()
    page.mouse.click(*point(page, 10.5, column=1))
    expect(page.get_by_label("Patient", exact=True)).to_have_value("")


def test_a_day_too_long_for_the_window_begins_where_work_does(desk: Desk, agenda: Callable[..., Page]) -> None:
    desk.book(0, span(23, 30, 60))
    page = agenda(path="/agenda?date=2026-11-24", size=chromium.TABLET)
    hour = page.locator(".ec-sidebar time", has_text=re.compile("^8 h$"))
    expect(hour).to_be_in_viewport()
    expect(page.locator(".ec-sidebar time", has_text=re.compile("^1 h$"))).not_to_be_in_viewport()


@pytest.mark.parametrize("view", ["day", "week"])
def test_the_head_of_the_page_stays_on_one_line(desk: Desk, agenda: Callable[..., Page], view: str) -> None:
    who = desk.made.practitioners[3]
    page = agenda(path=f"/agenda?date=2026-09-30&view={view}&who={who}")
    tops = [page.locator(f"[data-part={part}]").bounding_box() for part in ("title", "sheet", "new")]
    heights = [box["y"] + box["height"] / 2 for box in tops if box is not None]
    assert max(heights) - min(heights) < 6


def test_what_unfolds_in_the_panel_stays_in_the_window(desk: Desk, agenda: Callable[..., Page]) -> None:
    desk.book(0, span(17))
    page = agenda(size=chromium.TABLET)
    event(page, "DUPONT").scroll_into_view_if_needed()
    event(page, "DUPONT").click()
    panel = page.locator("[data-part=panel]")
    panel.get_by_text("Déplacer ou allonger").click()
    expect(panel.get_by_text("Annuler le rendez-vous").first).to_be_in_viewport(ratio=1)


def test_no_gap_under_the_head_of_a_page(desk: Desk, agenda: Callable[..., Page]) -> None:
    page = agenda(path="/", ready="main", size=chromium.PHONE)
    head, body = (page.locator(part).bounding_box() for part in (".page-head", ".page-body"))
    assert head is not None
    assert body is not None
    assert body["y"] - head["y"] - head["height"] <= 16


def test_two_people_see_each_other_s_changes_without_a_reload(desk: Desk, agenda: Callable[..., Page]) -> None:
    desk.book(0, span(9))
    one, other = agenda("claire"), agenda("paul")
    expect(event(other, "DUPONT")).to_contain_text("9 h 00")
    one.bring_to_front()
    drag(one, point(one, 9), point(one, 11, column=1))
    expect(toast(one)).to_be_visible()
    other.bring_to_front()
    expect(event(other, "DUPONT")).to_contain_text("11 h 00", timeout=OTHER_S_CHANGE_MS)
    desk.book(1, span(16))
    expect(event(other, "LEROY")).to_contain_text("16 h 00", timeout=OTHER_S_CHANGE_MS)
    with desk.database.writing() as session:
        made = desk.made
        absences.add_absence(session, made.secretary, made.practitioners[3], at(14), at(19), AbsenceKind.TRAINING)
    expect(other.locator(".agenda-away")).to_be_visible(timeout=OTHER_S_CHANGE_MS)


def test_a_lost_race_says_who_won_and_shows_the_truth(desk: Desk, agenda: Callable[..., Page]) -> None:
    number = desk.book(0, span(9))
    page = agenda()
    page.route("**/agenda/changes*", lambda route: route.fulfill(json=QUIET))  # it hears of nothing
    anne = Actor(desk.made.practitioners[1], "Anne-Sophie Kervadec")
    with desk.database.writing() as session:
        appointments.move(session, anne, number, 1, desk.made.practitioners[0], span(16))
    drag(page, point(page, 9), point(page, 11))
    expect(page.locator("[data-part=panel]")).to_contain_text("Anne-Sophie Kervadec")
    expect(event(page, "DUPONT")).to_contain_text("16 h 00")


def test_everything_by_the_keyboard(desk: Desk, agenda: Callable[..., Page]) -> None:
    number = desk.book(0, span(8, 30))
    page = agenda()
    page.locator("[data-part=frame]").focus()
    for key in ("ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("[data-part=announcer]")).to_contain_text("8 h 30, Paul Lemoine : DUPONT")
    page.keyboard.press("Enter")
    panel = page.locator("[data-part=panel]")
    expect(panel).to_contain_text("Mme DUPONT Anne-Marie")
    panel.get_by_text("Déplacer ou allonger").focus()
    page.keyboard.press("Enter")
    panel.get_by_label("Heure").fill("9h45")
    page.keyboard.press("Enter")
    expect(event(page, "DUPONT")).to_contain_text("9 h 45")
    assert desk.row(number).starts_at == at(9, 45)
    page.locator("[data-part=frame]").focus()
    page.keyboard.press("ArrowLeft")  # beyond the first column: the day before
    expect(page.locator("[data-part=title]")).to_have_text("dimanche 22 novembre 2026")
    page.keyboard.press("t")
    expect(page.locator("[data-part=title]")).to_have_text("lundi 23 novembre 2026")
    page.keyboard.press("n")
    expect(panel.get_by_label("Patient", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_marked_cancelled_and_restored_from_the_panel(desk: Desk, agenda: Callable[..., Page]) -> None:
    number = desk.book(0, span(9))
    page = agenda()
    panel = page.locator("[data-part=panel]")
    event(page, "DUPONT").click()
    panel.get_by_role("button", name="Arrivé").click()
    expect(event(page, "DUPONT")).to_contain_text("Arrivé")
    event(page, "DUPONT").click()
    panel.locator("summary", has_text="Annuler le rendez-vous").click()
    panel.get_by_label("Motif").fill("Enfant malade")
    panel.get_by_role("button", name="Annuler le rendez-vous").click()
    expect(page.locator(".ec-event", has_text="DUPONT")).to_have_count(0)
    assert desk.row(number).status == Status.CANCELLED
    toast(page).get_by_role("button", name="Annuler").click()
    expect(event(page, "DUPONT")).to_be_visible()
    assert desk.row(number).status == Status.BOOKED


def test_a_phone_shows_the_practitioner_s_own_day_as_a_list(desk: Desk, agenda: Callable[..., Page]) -> None:
    desk.book(0, span(9))
    desk.book(1, span(9), who=1)
    page = agenda("paul", size=chromium.PHONE)
    expect(page.locator(".ec-list")).to_be_visible()
    expect(event(page, "DUPONT")).to_be_visible()
    expect(page.locator(".ec-event", has_text="LEROY")).to_have_count(0)
    event(page, "DUPONT").click()
    panel = page.locator("[data-part=panel]")
    panel.get_by_text("Déplacer ou allonger").click()
    panel.get_by_label("Heure").fill("10:00")
    panel.get_by_role("button", name="Déplacer le rendez-vous").click()
    expect(event(page, "DUPONT")).to_contain_text("10 h 00")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("size", [chromium.DESKTOP, chromium.TABLET, chromium.PHONE])
def test_axe_finds_nothing(desk: Desk, agenda: Callable[..., Page], size: tuple[int, int]) -> None:
    for turn in range(8):
        desk.book(turn, span(9 + turn), who=turn % 4)
    page = agenda(size=size)
    for view in ("day", "week", "list"):
        page.locator(f"[data-view={view}]").click()
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], view
    event(page, "DUPONT").click()
    expect(page.locator("[data-part=panel]")).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_a_locked_session_gives_back_what_was_typed(desk: Desk, agenda: Callable[..., Page]) -> None:
    page = agenda()
    page.mouse.click(*point(page, 10.5, column=1))
    panel = page.locator("[data-part=panel]")
    panel.get_by_label("Patient", exact=True).press_sequentially("nguyen")
    page.locator("li[role=option]").first.click()
    panel.get_by_label("Note").fill("Apporte ses radios")
    desk.clock.advance(timedelta(minutes=20))
    panel.get_by_role("button", name="Réserver").click()
    page.wait_for_url("**/sign-in?**")
    page.fill("input[name=password]", door.PASSWORD)
    page.press("input[name=password]", "Enter")
    expect(panel.get_by_label("Note")).to_have_value("Apporte ses radios")
    expect(panel.get_by_label("Patient", exact=True)).to_have_value("Mme NGUYEN Thi Mai")
    panel.get_by_role("button", name="Réserver").click()
    expect(event(page, "NGUYEN")).to_contain_text("10 h 30")
    assert desk.newest().note == "Apporte ses radios"


def test_the_clock_change_days_are_drawn_and_booked_right(desk: Desk, agenda: Callable[..., Page]) -> None:
    page = agenda(path="/agenda?date=2027-03-28")
    page.keyboard.press("n")
    panel = page.locator("[data-part=panel]")
    panel.get_by_label("Patient", exact=True).fill("nguyen")
    page.locator("li[role=option]").first.click()
    panel.get_by_label("Heure").fill("2:30")
    panel.get_by_role("button", name="Réserver").click()
    expect(panel).to_contain_text("n’existe pas")
    panel.get_by_label("Heure").fill("3:00")
    panel.get_by_role("button", name="Réserver").click()
    panel.get_by_role("button", name="Confirmer quand même").click()
    expect(event(page, "NGUYEN")).to_contain_text("3 h 00")
    assert desk.newest().starts_at == datetime.fromisoformat("2027-03-28T01:00:00+00:00")
