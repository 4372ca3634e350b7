"""The page of a bare machine: nobody in without the code, and from scans to a practice that is back."""

import html
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from tests.builders import backups as places
from tests.builders import recovery_kits as kits
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY
from werkzeug.test import TestResponse

from socle import wiring
from socle.appliance.backups import runs
from socle.appliance.backups.recovery_kit import sheets
from socle.foundation import home as homes
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.web.recovery.app import TRIES, new_code, recovery_app
from socle.web.recovery.work import Work

pytestmark = pytest.mark.real
BASE = "https://machine.local:8443"
CODE = "0123-4567"
Made = tuple[Work, FlaskClient]
Burnt = Callable[[], tuple[Place, list[bytes], tuple[str, ...]]]


@pytest.fixture
def bare(tmp_path: Path) -> Made:
    """A machine without a practice, and a browser that has not given the code."""
    work = Work(tmp_path / "again", tmp_path / "again-keys", None, wiring.toolbox, "en")
    return work, recovery_app(work, CODE).test_client()


def words(answer: TestResponse) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def enter(client: FlaskClient, code: str = CODE) -> TestResponse:
    return client.post("/code", base_url=BASE, data={"code": code})


def test_nobody_without_the_code(bare: Made) -> None:
    _work, client = bare
    assert "The code shown" in words(client.get("/", base_url=BASE))
    for path in ("/sheets", "/restore"):
        assert client.post(path, base_url=BASE).status_code == 403
    assert client.get("/report.pdf", base_url=BASE).status_code == 403
    for _ in range(TRIES):
        assert enter(client, new_code()[::-1] + "x").status_code == 403
    assert "This page is shut." in words(enter(client))  # even with the right one


def test_the_code_is_good_for_one_browser_and_no_other_site(bare: Made) -> None:
    _work, client = bare
    other = client.application.test_client()
    answer = enter(client, "0123 4567")
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Strict"))
    assert enter(other).status_code == 403
    elsewhere = client.post("/restore", base_url=BASE, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    page = client.get("/", base_url=BASE)
    assert page.headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


@pytest.fixture
def burnt(tmp_path: Path, database: Database, clock: SettableClock) -> Burnt:
    """Make a practice, back it up, print its kit: what is left is the disk and the paper."""

    def make() -> tuple[Place, list[bytes], tuple[str, ...]]:
        place = places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)
        runs.back_up(place.backups, place.target, ACTOR)
        kit = kits.make(place)
        return place, [sheets.pdf(kit, [], "en", number) for number in (1, 3)], kit.sheets

    return make


@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
def test_from_scans_to_the_report(bare: Made, burnt: Burnt, tmp_path: Path) -> None:
    work, client = bare
    _place, paper, spoken = burnt()
    enter(client)
    one = client.post("/sheets", base_url=BASE, data={"pictures": (io.BytesIO(paper[0]), "a.pdf")})
    assert one.status_code == 400
    assert "RECOVER-TWO-SHEETS" in one.text
    bare_words = {"secret_first": spoken[0], "secret_second": spoken[1]}
    lacking = client.post("/sheets", base_url=BASE, data=bare_words)
    assert "RECOVER-ENVELOPE-NEEDED" in lacking.text
    assert spoken[0] in lacking.text  # nothing is to be typed again
    assert client.post("/restore", base_url=BASE).status_code == 303
    assert work.chosen is None

    pictures = [(io.BytesIO(content), f"{number}.pdf") for number, content in enumerate(paper)]
    assert client.post("/sheets", base_url=BASE, data={"pictures": pictures}).status_code == 303
    shown = client.get("/", base_url=BASE)
    assert "Restore all of it" in words(shown)
    assert not any(sheet in shown.text for sheet in spoken)

    thread = work.restore()
    assert thread is not None
    thread.join(120)
    assert work.error is None
    assert "The practice is back, whole." in words(client.get("/", base_url=BASE))
    assert client.get("/report.pdf", base_url=BASE).data.startswith(b"%PDF-")
    assert homes.find(tmp_path / "again", tmp_path / "again-keys").identity()
    assert client.post("/restore", base_url=BASE).status_code == 303  # pressed again: nothing happens
    assert len(work.steps) == 5
