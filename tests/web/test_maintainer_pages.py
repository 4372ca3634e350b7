"""The maintainer's home, sessions, checks and trail, and everybody's own account, on both databases."""

import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from tests.parts import door
from werkzeug.test import TestResponse

from socle.appliance.supervision.models import DiskMeasure
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import Actor, Role, machine
from socle.identity.audit import trail
from socle.identity.audit.models import AuditEntry
from socle.identity.people.models import Account
from socle.identity.sessions import sessions
from socle.web.apps import maintainer_app, staff_app

BASE = "https://localhost:8444"


@pytest.fixture
def maintainer(database: Database, clock: SettableClock, tmp_path: Path) -> FlaskClient:
    """A signed-in maintainer's browser."""
    door.add_person(database, "max.weber", "Max Weber", Role.MAINTAINER)
    return signed_in(maintainer_app(door.tools(database, clock, tmp_path)), "max.weber")


@pytest.fixture
def staff(database: Database, clock: SettableClock, tmp_path: Path) -> Flask:
    """The staff's door of the same home."""
    return door.with_trial_page(staff_app(door.tools(database, clock, tmp_path)))


@pytest.fixture
def paul(database: Database) -> Account:
    return door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)


def signed_in(app: Flask, username: str, password: str = door.PASSWORD) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    answer = client.post("/sign-in", base_url=BASE, data={"username": username, "password": password})
    assert answer.status_code == 303, answer.text
    return client


def get(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, base_url=BASE)


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    found = re.search(r'name="_csrf" value="([^"]+)"', get(client, "/account").text)
    assert found
    return client.post(path, base_url=BASE, data={"_csrf": found[1], **fields})


def test_the_home_says_what_is_wrong_and_what_to_do(maintainer: FlaskClient) -> None:
    page = get(maintainer, "/").text
    for code in ("BACKUP-NEVER", "RECOVERY-KIT-DUE", "JOBS-SILENT"):
        assert code in page
    assert page.count("Que faire") >= 3
    assert page.index("BACKUP-NEVER") < page.index("RECOVERY-KIT-DUE")  # red before amber


def test_the_home_draws_the_disk_over_the_year_and_says_when_it_is_full(
    maintainer: FlaskClient, database: Database, clock: SettableClock
) -> None:
    assert "Disque occupé" not in get(maintainer, "/").text  # nothing measured yet: no empty chart
    today = clock.now().date()
    with database.writing() as session:
        for back in range(60):
            used = (80 - back) * 10**9
            measure = DiskMeasure(
                day=today - timedelta(back), used_bytes=used, total_bytes=10**11, database_bytes=10**9
            )
            session.add(measure)
    page = get(maintainer, "/").text
    assert page.count('class="spark"') == 2
    assert "de 21 Go à 80 Go" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "plein dans 20 jours" in page


@pytest.mark.parametrize("path", ["/", "/sessions", "/checks", "/audit", "/account", "/audit?day=x&skip=x&person=x"])
def test_every_page_opens_and_is_never_cached(maintainer: FlaskClient, path: str) -> None:
    answer = get(maintainer, path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/sessions", "/checks", "/audit"])
def test_no_page_without_signing_in(maintainer: FlaskClient, path: str) -> None:
    stranger = maintainer.application.test_client()
    assert get(stranger, path).status_code == 303
    assert stranger.post("/sessions/end-all", base_url=BASE).status_code == 303


def test_ending_a_session_names_who_did_it(
    maintainer: FlaskClient, staff: Flask, paul: Account, database: Database
) -> None:
    doctor = signed_in(staff, "paul.lemoine")
    assert "Paul Lemoine" in get(maintainer, "/sessions").text
    with database.reading() as session:
        number = sessions.live(session, paul.id)[0].id
    assert post(maintainer, f"/sessions/{number}/end").status_code == 303
    page = get(doctor, get(doctor, "/trial").location).text
    assert "Max Weber a mis fin à cette session" in page


def test_locking_somebody_elses_session(
    maintainer: FlaskClient, staff: Flask, paul: Account, database: Database
) -> None:
    doctor = signed_in(staff, "paul.lemoine")
    with database.reading() as session:
        number = sessions.live(session, paul.id)[0].id
    post(maintainer, f"/sessions/{number}/lock")
    assert 'data-why="locked_by_someone"' in get(doctor, get(doctor, "/trial").location).text


def test_ending_all_others_keeps_ones_own(maintainer: FlaskClient, staff: Flask, paul: Account) -> None:
    doctors = [signed_in(staff, "paul.lemoine") for _ in range(3)]
    post(maintainer, "/sessions/end-all")
    assert [get(doctor, "/trial").status_code for doctor in doctors] == [303] * 3
    assert get(maintainer, "/sessions").status_code == 200


def test_fractions_are_written_as_the_reader_does(
    maintainer: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage(_folder: object) -> SimpleNamespace:
        return SimpleNamespace(total=2_107_300_000_000, used=0, free=1_080_300_000_000)

    monkeypatch.setattr("socle.appliance.supervision.checks.disk_space.shutil.disk_usage", usage)
    page = get(maintainer, "/checks").text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "1 080,3 Go sur 2 107,3 Go" in page.replace("\N{NO-BREAK SPACE}", " ")
    with database.writing() as session:
        session.execute(update(Account).values(language="en"))
    assert "1,080.3 GB of 2,107.3 GB" in get(maintainer, "/checks").text


def test_the_trail_of_a_day(maintainer: FlaskClient, clock: SettableClock) -> None:
    page = get(maintainer, "/audit").text
    assert "connexion" in page
    assert "Max Weber" in page
    assert "Rien n’a été inscrit" in get(maintainer, "/audit?day=2026-11-01").text
    assert "compte créé" not in get(maintainer, "/audit?action=session.open").text.partition("<table")[2]


def test_the_trail_speaks_the_readers_language(maintainer: FlaskClient, paul: Account, database: Database) -> None:
    somebody = Actor(paul.id, "scheduler")  # a person may be called anything
    told = {
        (machine("demonstration"), "150 patients, 2000 appointments"): ("la démonstration", "rendez-vous : 2000"),
        (machine("scheduler"), "good"): ("le planificateur", "bon"),
        (machine("sign-in"), "staff SIGN-IN-WRONG 3"): ("la page de connexion", "Cabinet : SIGN-IN-WRONG, essai n° 3"),
        (machine("command line"), "maintainer break_glass"): ("la ligne de commande", "Maintenance, mot de passe de s"),
        (machine("directory"), "idle"): ("l’annuaire", "plus personne devant l’écran"),
        (somebody, "12 patients, 4 to 15"): ("scheduler", "patients : 12, numéros 4 à 15"),
        (machine("installation"), "5f0c"): ("l’installation", "5f0c"),
    }
    with database.writing() as session:
        for who, why in told:
            trail.record(session, who, "odd.action", reason=why)
    page = get(maintainer, "/audit").text.partition("<table")[2]
    for words in told.values():
        for word in words:
            assert word in page
    assert "Maintenance, mot de passe<" in page  # one's own sign-in
    for english in ("demonstration", "maintainer password", "patients,", ">idle<", "appointments"):
        assert english not in page


def test_the_trail_is_checked_whole(maintainer: FlaskClient) -> None:
    assert "Le journal est intact" in post(maintainer, "/audit/verify").text


def test_ones_own_sessions_are_listed_and_ended(staff: Flask, paul: Account, database: Database) -> None:
    here, there = signed_in(staff, "paul.lemoine"), signed_in(staff, "paul.lemoine")
    with database.reading() as session:
        newest, oldest = (found.id for found in sessions.live(session, paul.id))
    assert post(here, f"/account/sessions/{newest}/end").status_code == 303
    assert 'data-why="revoked_by_self"' in get(there, get(there, "/trial").location).text
    assert get(here, "/trial").status_code == 200
    assert oldest


def test_somebody_elses_session_cannot_be_ended(staff: Flask, paul: Account, database: Database) -> None:
    claire = door.add_person(database, "claire.roussel", "Claire Roussel", Role.SECRETARY)
    hers, his = signed_in(staff, "claire.roussel"), signed_in(staff, "paul.lemoine")
    with database.reading() as session:
        number = sessions.live(session, claire.id)[0].id
    assert "SESSION-NOT-YOURS" in post(his, f"/account/sessions/{number}/end").text
    assert get(hers, "/trial").status_code == 200


def test_changing_ones_password_ends_ones_other_sessions(staff: Flask, paul: Account, database: Database) -> None:
    here, there = signed_in(staff, "paul.lemoine"), signed_in(staff, "paul.lemoine")
    new = "Zq4!mTr8#xWp"
    wrong = post(here, "/account/password", password="wrong", new_password=new, new_password_again=new)
    assert "SIGN-IN-WRONG" in wrong.text
    weak = post(here, "/account/password", password=door.PASSWORD, new_password="azerty", new_password_again="azerty")
    assert "PASSWORD-TOO-WEAK" in weak.text
    done = post(here, "/account/password", password=door.PASSWORD, new_password=new, new_password_again=new)
    assert done.status_code == 303
    assert get(here, "/trial").status_code == 200
    assert 'data-why="password_changed"' in get(there, get(there, "/trial").location).text
    signed_in(staff, "paul.lemoine", new)
    with database.reading() as session:
        actions = session.scalars(select(AuditEntry.action)).all()
    assert "account.password_change" in actions


def test_ones_language_stays(staff: Flask, paul: Account) -> None:
    here = signed_in(staff, "paul.lemoine")
    assert "Mon compte" in get(here, "/account").text
    post(here, "/account/language", language="en")
    assert "My account" in get(here, "/account").text
    post(here, "/account/language", language="xx")
    assert "My account" in get(here, "/account").text


def test_kept_texts_wait_on_ones_account(staff: Flask, paul: Account, clock: SettableClock, database: Database) -> None:
    here = signed_in(staff, "paul.lemoine")
    found = re.search(r'name="_csrf" value="([^"]+)"', get(here, "/trial").text)
    assert found
    clock.advance(timedelta(minutes=20))
    here.post("/trial", base_url=BASE, data={"_csrf": found[1], "note": "secret"}, headers={"Referer": f"{BASE}/trial"})
    here = signed_in(staff, "paul.lemoine")
    page = get(here, "/account").text
    link = re.search(r'href="(/trial\?held=(\d+))"', page)
    assert link
    assert "secret" not in page
    assert door.held(get(here, link[1]).text)["fields"] == [["note", "secret"]]
    post(here, f"/account/kept/{link[2]}/forget")
    assert "held=" not in get(here, "/account").text
