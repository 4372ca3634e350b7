"""The page of the recovery kit, on both databases: made by an administrator, proven with what was really printed."""

import html
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from tests.parts import door, required, restic
from werkzeug.test import TestResponse

from socle.appliance.backups import runs
from socle.appliance.backups.recovery_kit import scanning
from socle.appliance.backups.recovery_kit.models import RecoveryKit
from socle.appliance.backups.runs import Backups
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import Role
from socle.identity.people.models import Account
from socle.identity.sessions.models import HeldForm
from socle.web.apps import maintainer_app

pytestmark = pytest.mark.real
BASE = "https://localhost:8444"
PAGE = "/recovery-kit"
SignIn = Callable[[str, Role], FlaskClient]


@pytest.fixture
def panel(database: Database, clock: SettableClock, tmp_path: Path) -> Flask:
    """The maintainer's door of a practice with a repository in its home."""
    restic.program()
    required.program("pdftoppm", "poppler-utils")
    tools = door.tools(database, clock, tmp_path)
    runs.prepare_own(tools.of(Backups))
    return maintainer_app(tools)


@pytest.fixture
def sign_in(panel: Flask, database: Database) -> SignIn:
    """Sign somebody in who reads English."""

    def enter(username: str, role: Role) -> FlaskClient:
        account = door.add_person(database, username, username.title(), role)
        with database.writing() as session:
            session.execute(update(Account).where(Account.id == account.id).values(language="en"))
        client = panel.test_client()
        client.post("/sign-in", base_url=BASE, data={"username": username, "password": door.PASSWORD})
        return client

    return enter


def words(answer: TestResponse) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def post(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    found = re.search(r'name="_csrf" value="([^"]+)"', client.get("/account", base_url=BASE).text)
    assert found
    return client.post(path, base_url=BASE, data={"_csrf": found[1], **fields})


def printed(pdf: bytes) -> list[str]:
    """Return the words of the three sheets, read from the codes on them."""
    return [sheet.share.mnemonic() for sheet in scanning.read([pdf]).sheets]


def test_from_printing_to_green(sign_in: SignIn, database: Database) -> None:
    client = sign_in("nathalie.perrin", Role.ADMINISTRATOR)
    assert "RECOVERY-KIT-DUE" in words(client.get(PAGE, base_url=BASE))
    made = post(client, f"{PAGE}/make", holder_1="Dr Claire Moreau", holder_2="\x00 x\n", language="en")
    assert made.mimetype == "application/pdf"
    assert made.headers["Content-Disposition"].startswith("inline")
    assert made.headers["Cache-Control"] == "no-store"
    first, second, third = printed(made.data)
    page = words(client.get(PAGE, base_url=BASE))
    assert "RECOVERY-KIT-UNPROVEN" in page
    assert "Dr Claire Moreau" in page

    swapped = " ".join([*second.split()[1::-1], *second.split()[2:]])
    for one, other, code in (
        (first, swapped, "KIT-WORDS-EXCHANGED"),
        (first, first, "KIT-SHEET-TWICE"),
        (first, "", "KIT-SHEET-MISSING"),
        ("", second, "KIT-SHEET-MISSING"),
        (first, f"{second} acid", "KIT-WORD-COUNT"),
        (first, "<i>zzz</i>", "KIT-WORD-UNKNOWN"),
    ):
        refused = post(client, f"{PAGE}/prove", secret_first=one, secret_second=other)
        assert refused.status_code == 400
        assert code in refused.text
        assert "<i>" not in refused.text
    with database.reading() as session:
        assert session.scalars(select(RecoveryKit)).one().proven == {}

    done = post(client, f"{PAGE}/prove", secret_first=third, secret_second=first)
    assert done.status_code == 200
    assert "Good until 23 Nov 2027" in words(done)
    assert "The envelope was not in a picture" in words(done)
    assert third not in done.text


def test_a_scan_proves_words_and_envelope_at_once(sign_in: SignIn) -> None:
    client = sign_in("nathalie.perrin", Role.ADMINISTRATOR)
    pdf = post(client, f"{PAGE}/make", language="fr").data
    nothing = post(client, f"{PAGE}/prove", picture_first=(io.BytesIO(b"no picture"), "x.jpg"))
    assert nothing.status_code == 400
    assert "KIT-PICTURE-UNREADABLE" in nothing.text
    done = post(client, f"{PAGE}/prove", picture_first=(io.BytesIO(pdf), "scan.pdf"))
    assert done.status_code == 200
    assert "Good until" in words(done)
    assert "was not in a picture" not in words(done)


def test_sheets_of_before_are_told_from_the_new_ones(sign_in: SignIn) -> None:
    client = sign_in("nathalie.perrin", Role.ADMINISTRATOR)
    old = printed(post(client, f"{PAGE}/make").data)
    new = printed(post(client, f"{PAGE}/make").data)
    assert "KIT-OLD-SHEETS" in post(client, f"{PAGE}/prove", secret_first=old[0], secret_second=old[1]).text
    assert "KIT-SHEETS-MIXED" in post(client, f"{PAGE}/prove", secret_first=old[0], secret_second=new[1]).text


def test_who_may_make_and_who_may_prove(sign_in: SignIn, database: Database) -> None:
    """Two sheets open the patients' data: the maintainer, who must not see them, makes none."""
    maintainer = sign_in("karim.haddad", Role.MAINTAINER)
    assert "for an administrator of the practice" in words(maintainer.get(PAGE, base_url=BASE))
    assert post(maintainer, f"{PAGE}/make").status_code == 403
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RecoveryKit)) == 0
    none = post(maintainer, f"{PAGE}/prove", secret_first="acid " * 20, secret_second="acid " * 20)
    assert none.status_code == 404
    assert "KIT-NONE" in none.text
    listed = maintainer.get(f"{PAGE}/words.json", base_url=BASE).json
    assert listed is not None
    assert len(listed) == 1024


def test_the_words_are_kept_nowhere(sign_in: SignIn, panel: Flask, database: Database) -> None:
    """Not even for the person whose session ended while they were typed."""
    client = sign_in("nathalie.perrin", Role.ADMINISTRATOR)
    sheets = printed(post(client, f"{PAGE}/make").data)
    found = re.search(r'name="_csrf" value="([^"]+)"', client.get("/account", base_url=BASE).text)
    assert found
    fields = {"_csrf": found[1], "secret_first": sheets[0], "secret_second": sheets[1]}
    stranger = panel.test_client()
    assert stranger.post(f"{PAGE}/prove", base_url=BASE, data=fields).status_code == 303
    assert "data-keep" not in client.get(PAGE, base_url=BASE).text
    client.post("/session/lock", base_url=BASE, data={"_csrf": found[1]})
    client.post("/sign-in", base_url=BASE, data={"username": "nathalie.perrin", "password": door.PASSWORD})
    for number in _held(database):
        shown = client.get(f"{PAGE}?held={number}", base_url=BASE).text
        assert not any(sheet in shown for sheet in sheets)


def _held(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(HeldForm.id)))
