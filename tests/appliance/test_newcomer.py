"""The newcomer in a real browser, on the server as `make run` starts it: sign in, book, move, print, sign out."""

import io
import re
from datetime import date, datetime, time, timedelta

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from sqlalchemy import select
from tests.parts.server import Server

from socle import wiring
from socle.foundation.clock import PARIS
from socle.foundation.database import Database
from socle.practice.agenda.models import Appointment
from socle.practice.demonstration.appointments import days_off
from socle.practice.patients.models import Patient

pytestmark = [pytest.mark.slow, pytest.mark.real]


def _empty_day() -> date:
    """A Tuesday beyond what the demonstration fills, when every practitioner works."""
    day = date.today() + timedelta(days=120)  # noqa: DTZ011 - any day far enough will do
    while day.weekday() != 1 or day in days_off(day, day):
        day += timedelta(days=1)
    return day


def _patient(server: Server) -> Patient:
    with wiring.toolbox(server.home).of(Database).reading() as session:
        return (
            session.scalars(select(Patient).where(Patient.used_family_name == "", Patient.id > 20)).first() or Patient()
        )


def _appointments(server: Server, patient: Patient, day: date) -> list[tuple[str, int]]:
    since = datetime.combine(day, time(), PARIS)
    with wiring.toolbox(server.home).of(Database).reading() as session:
        rows = session.scalars(
            select(Appointment).where(Appointment.patient_id == patient.id, Appointment.starts_at >= since)
        ).all()
    return [(f"{row.starts_at.astimezone(PARIS):%H:%M}", row.practitioner_id) for row in rows]


def _sign_in(page: Page, server: Server) -> None:
    page.goto(server.address())
    expect(page.get_by_role("heading", level=1)).to_have_text("Bienvenue")
    page.get_by_label("Identifiant").fill("smarchand")
    page.get_by_label("Mot de passe").fill(server.password)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_text("Sophie Marchand").first).to_be_visible()
    page.wait_for_load_state("load")  # from here on the page listens to keys


def _book(page: Page, patient: Patient, day: date) -> None:
    page.keyboard.press("n")
    form = page.locator("form", has=page.get_by_role("heading", name="Nouveau rendez-vous"))
    form.get_by_role("combobox", name="Patient", exact=True).press_sequentially(
        f"{patient.birth_family_name[:5]} {patient.first_given_name}".lower()
    )
    option = form.get_by_role("option", name=re.compile(patient.birth_family_name, re.IGNORECASE)).first
    expect(option).to_be_visible()
    form.get_by_role("combobox", name="Patient", exact=True).press("ArrowDown")
    form.get_by_role("combobox", name="Patient", exact=True).press("Enter")
    form.get_by_label("Date", exact=True).fill(day.isoformat())
    form.get_by_label("Heure", exact=True).fill("10:00")
    form.get_by_role("button", name="Réserver").click()
    expect(page.locator("#toasts .toast-line").last).to_contain_text("10 h 00")


def _drag_down(page: Page, patient: Patient, hours: float) -> None:
    event = page.locator(".ec-event", has_text=patient.birth_family_name.upper()).first
    expect(event).to_be_visible()
    box = event.bounding_box()
    assert box is not None
    far = _hour_height(page) * hours
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + far / 2, steps=6)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + far, steps=6)
    page.mouse.up()


def _hour_height(page: Page) -> float:
    labels = page.locator(".ec-sidebar time, .ec-sidebar .ec-time")
    first, second = labels.nth(2).bounding_box(), labels.nth(3).bounding_box()
    assert first is not None
    assert second is not None
    apart = second["y"] - first["y"]
    return apart if apart > 45 else apart * 2


def test_from_sign_in_to_a_booked_moved_and_printed_appointment(server: Server, page: Page) -> None:
    patient, day = _patient(server), _empty_day()
    _sign_in(page, server)
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/agenda*")
    page.goto(f"{server.address()}/agenda?date={day}")
    expect(page.locator(".ec-body")).to_be_visible()
    _book(page, patient, day)
    assert [at for at, _ in _appointments(server, patient, day)] == ["10:00"]

    _drag_down(page, patient, 1)
    expect(page.locator("#toasts .toast-line").last).to_contain_text("11 h 00")
    ((moved_to, practitioner),) = _appointments(server, patient, day)
    assert moved_to == "11:00"

    answer = page.request.get(f"{server.address()}/agenda/day-sheet.pdf?date={day}&practitioner={practitioner}")
    assert answer.status == 200
    text = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(answer.body())).pages)
    assert patient.birth_family_name.upper() in text

    page.locator("summary", has_text="Sophie Marchand").click()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Bienvenue")
    page.go_back()
    expect(page.get_by_text(patient.birth_family_name.upper())).to_have_count(0)
