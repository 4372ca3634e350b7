"""A code of the telephone after the password: set up, asked, lost, required, remembered; at the pages of both doors."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from tests.parts import door
from werkzeug.test import TestResponse

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.settings import AccessSettings, RoleAccess, Settings
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role, machine
from socle.identity.audit.models import AuditEntry
from socle.identity.people import accounts
from socle.identity.people.directories.embedded import EmbeddedDirectory
from socle.identity.people.directory import DirectoryPerson, DirectoryUnreachable
from socle.identity.people.models import Account
from socle.identity.sessions import doors
from socle.identity.sessions.factors import holdings
from socle.identity.sessions.factors.models import OneTimeCode, RecoveryCode
from socle.identity.sessions.models import SignedInSession
from socle.web.apps import maintainer_app, staff_app

BASES = {"staff": "https://localhost:8443", "maintainer": "https://localhost:8444"}
REQUIRED = RoleAccess(second_factor="required")


class Silent(EmbeddedDirectory):
    """A directory that is out of reach while told to be."""

    silent = False

    def authenticate(self, username: str, password: str) -> DirectoryPerson:
        if self.silent:
            raise DirectoryUnreachable
        return super().authenticate(username, password)


class Person:
    """Somebody with a browser and a telephone."""

    def __init__(self, app: Flask, base: str, username: str, clock: SettableClock) -> None:
        self.client: FlaskClient = app.test_client()
        self.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        self.base, self.username, self.clock = base, username, clock
        self.secret, self.sheet = "", list[str]()

    def code(self, late: int = 0) -> str:
        """Return what the telephone shows, `late` half minutes off."""
        return pyotp.TOTP(self.secret).at(self.clock.now() + timedelta(seconds=30 * late))

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=self.base)

    def post(self, path: str, page: str = "", **fields: object) -> TestResponse:
        found = re.search(r'name="_csrf" value="(.*?)"', self.get(page).text) if page else None
        token = html.unescape(found[1]) if found else ""
        return self.client.post(path, base_url=self.base, data={"_csrf": token, **fields})

    def sign_in(self, **more: str) -> TestResponse:
        return self.post("/sign-in", username=self.username, password=door.PASSWORD, **more)

    def second(self, code: str, **more: str) -> TestResponse:
        return self.post("/sign-in/second", code=code, **more)

    def set_up(self) -> None:
        """Set the telephone up under My account, as the pages say."""
        self.sign_in()
        begun = self.post("/account/factors/totp/new", "/account/factors/totp/new", password=door.PASSWORD)
        assert begun.location == "/account/factors/totp/scan", html.unescape(begun.text)
        self.secret = self._secret(self.get(begun.location).text)
        done = self.post("/account/factors/totp/scan", "/account/factors/totp/scan", code=self.code())
        assert done.status_code == 200
        self.sheet = self._codes(done.text)
        self.clock.advance(timedelta(seconds=30))

    def sign_out(self) -> None:
        self.post("/session/sign-out")

    def is_in(self) -> bool:
        return self.get("/account").status_code == 200

    @staticmethod
    def _secret(page: str) -> str:
        found = re.search(r"secret=([A-Z2-7]+)", html.unescape(page))
        assert found
        return found[1]

    @staticmethod
    def _codes(page: str) -> list[str]:
        return re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", page)


@pytest.fixture
def directory(database: Database) -> Silent:
    return Silent(database, door.QUICK)


@pytest.fixture
def access() -> AccessSettings:
    return AccessSettings()


@pytest.fixture
def tools(
    database: Database, clock: SettableClock, tmp_path: Path, directory: Silent, access: AccessSettings
) -> Toolbox:
    made = door.tools(database, clock, tmp_path, directory)
    made.provide(Settings, lambda: Settings(access=access))
    return made


Arrive = Callable[..., Person]


@pytest.fixture
def arrive(tools: Toolbox, database: Database, clock: SettableClock) -> Arrive:
    """Put somebody before a door, with an account if they have none."""
    apps = {"staff": staff_app(tools), "maintainer": maintainer_app(tools)}

    def one(username: str = "paul.lemoine", *roles: Role, at: str = "staff") -> Person:
        with database.reading() as session:
            known = accounts.find(session, username) is not None
        if not known:
            door.add_person(database, username, username.title().replace(".", " "), *(roles or (Role.PRACTITIONER,)))
            with database.writing() as session:
                session.execute(update(Account).values(language="en"))
        return Person(apps[at], BASES[at], username, clock)

    return one


def trail(database: Database) -> list[tuple[str, str | None]]:
    with database.reading() as session:
        rows = session.execute(select(AuditEntry.action, AuditEntry.reason).order_by(AuditEntry.at, AuditEntry.id))
        return [(row.action, row.reason) for row in rows]


def factors(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(SignedInSession.factor).order_by(SignedInSession.id)))


def test_without_a_second_factor_signing_in_is_as_before(arrive: Arrive, database: Database) -> None:
    paul = arrive()
    assert paul.sign_in().status_code == 303
    assert paul.is_in()
    assert factors(database) == ["password"]


@pytest.mark.parametrize("at", ["staff", "maintainer"])
def test_a_code_is_asked_after_the_password_at_both_doors(arrive: Arrive, database: Database, at: str) -> None:
    paul = arrive("paul.lemoine", Role.ADMINISTRATOR, at=at)
    paul.set_up()
    paul.sign_out()
    asked = paul.sign_in(next="/account?x=1")
    assert asked.location == "/sign-in/second?next=/account?x%3D1"
    assert not paul.is_in()
    page = html.unescape(paul.get(asked.location).text)
    assert "This browser is not remembered for you" in page
    assert "Your password was right." in page
    answer = paul.second(paul.code(), next="/account?x=1")
    assert (answer.status_code, answer.location) == (303, "/account?x=1")
    assert paul.is_in()
    assert factors(database)[-1] == "password+totp"
    assert ("session.open", f"{at} password+totp") in trail(database)


def test_the_database_holds_neither_secret_nor_codes(arrive: Arrive, database: Database) -> None:
    paul = arrive()
    paul.set_up()
    with database.reading() as session:
        row = session.scalars(select(OneTimeCode)).one()
        assert paul.secret.encode() not in row.sealed
        digests = session.scalars(select(RecoveryCode.digest)).all()
        assert len(paul.sheet) == len(digests) == 10
        plain = {sign for code in paul.sheet for sign in (code.encode(), code.replace("-", "").encode())}
        assert all(not any(code in digest for code in plain) for digest in digests)
    if database.engine.dialect.name == "sqlite":
        with database.reading() as session:
            dump = str(session.execute(text("SELECT * FROM one_time_code")).all())
        assert paul.secret not in dump


def test_a_code_opens_once(arrive: Arrive, clock: SettableClock) -> None:
    paul, thief = arrive(), arrive()
    paul.set_up()
    paul.sign_out()
    code = paul.code()
    paul.sign_in()
    assert paul.second(code).status_code == 303
    thief.sign_in()
    replayed = thief.second(code)
    assert replayed.status_code == 403
    assert "SECOND-CODE-USED" in replayed.text
    assert not thief.is_in()
    older = thief.second(paul.code(-1))
    assert "SECOND-CODE-USED" in older.text
    clock.advance(timedelta(seconds=30))
    assert thief.second(paul.code()).status_code == 303


@pytest.mark.parametrize(
    ("late", "code"),
    [(-1, None), (1, None), (-4, "SECOND-CODE-CLOCK"), (19, "SECOND-CODE-CLOCK"), (40, "SECOND-CODE-WRONG")],
)
def test_a_clock_a_little_off_is_forgiven_and_one_far_off_is_named(
    arrive: Arrive, clock: SettableClock, late: int, code: str | None
) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    clock.advance(timedelta(minutes=30))
    paul.sign_in()
    answer = paul.second(paul.code(late))
    if code is None:
        assert answer.status_code == 303
    else:
        assert code in answer.text
        assert not paul.is_in()


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "１２３４５６", "1234567", "\0", "9" * 90])
def test_what_is_no_code_is_refused(arrive: Arrive, typed: str) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    paul.sign_in()
    answer = paul.second(typed)
    assert answer.status_code == 403
    assert "SECOND-CODE-WRONG" in answer.text


def test_guessing_codes_is_slowed_down_and_written_down(arrive: Arrive, database: Database) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    paul.sign_in()
    answers = [paul.second("000000") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert "SECOND-TOO-MANY-ATTEMPTS" in answers[-1].text
    assert "Retry-After" in answers[-1].headers
    assert paul.second(paul.code()).status_code == 429
    assert [reason for _, reason in trail(database) if reason and "SECOND-CODE-WRONG" in reason][-1] == (
        "staff SECOND-CODE-WRONG 5"
    )
    # A password stays a password: guesses at the code say nothing of it.
    assert arrive().sign_in().location == "/sign-in/second"


def test_signing_in_again_does_not_give_fresh_guesses(arrive: Arrive, clock: SettableClock) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    for _ in range(5):
        thief = arrive()
        thief.sign_in()
        thief.second("000000")
    thief = arrive()
    thief.sign_in()
    assert thief.second("000000").status_code == 429
    # The person herself, in the browser she uses, is not shut out by it.
    paul.sign_in()
    assert paul.second(paul.code()).status_code == 303


def test_a_recovery_code_opens_once(arrive: Arrive, database: Database) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    for number, typed in enumerate((paul.sheet[0], paul.sheet[1].upper().replace("-", " "))):
        paul.sign_in()
        assert "recovery code" in paul.get("/sign-in/second").text
        assert paul.second(typed, **{"with": "recovery"}).status_code == 303
        assert factors(database)[-1] == "recovery_code"
        assert f"{9 - number} of 10 left" in paul.get("/account/factors").text
        paul.sign_out()
    paul.sign_in()
    answer = paul.second(paul.sheet[0], **{"with": "recovery"})
    assert "RECOVERY-CODE-USED" in answer.text
    answer = paul.second("aaaaa-aaaaa", **{"with": "recovery"})
    assert "RECOVERY-CODE-WRONG" in answer.text
    assert not paul.is_in()
    assert ("recovery_code.use", None) in trail(database)


def test_new_recovery_codes_make_the_old_ones_worthless(arrive: Arrive) -> None:
    paul = arrive()
    paul.set_up()
    made = paul.post("/account/factors/recovery-codes", "/account/factors/recovery-codes", password=door.PASSWORD)
    fresh = Person._codes(made.text)
    assert len(fresh) == 10
    assert not set(fresh) & set(paul.sheet)
    paul.sign_out()
    paul.sign_in()
    assert "RECOVERY-CODE-WRONG" in paul.second(paul.sheet[0], **{"with": "recovery"}).text
    assert paul.second(fresh[0], **{"with": "recovery"}).status_code == 303


def test_unlocking_ones_own_session_asks_for_the_password_only(
    arrive: Arrive, clock: SettableClock, database: Database
) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    paul.sign_in()
    paul.second(paul.code())
    clock.advance(timedelta(minutes=30))
    assert not paul.is_in()
    assert paul.sign_in().location == "/"
    assert paul.is_in()
    assert factors(database)[-1] == "password+totp"
    assert trail(database)[-1] == ("session.unlock", "staff password")
    assert arrive().sign_in().location == "/sign-in/second"  # another browser


def test_a_remembered_workstation_is_not_asked_until_its_time_is_over(
    arrive: Arrive, clock: SettableClock, database: Database
) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    paul.sign_in()
    paul.second(paul.code(), remember="1")
    paul.sign_out()
    clock.advance(timedelta(days=29))
    assert paul.sign_in().location == "/"
    assert factors(database)[-1] == "password+browser"
    paul.sign_out()
    assert arrive().sign_in().location == "/sign-in/second"
    clock.advance(timedelta(days=2))
    assert paul.sign_in().location == "/sign-in/second"
    assert "that time is over" in paul.get("/sign-in/second").text


def test_a_remembered_workstation_can_be_forgotten(arrive: Arrive, database: Database) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    paul.sign_in()
    paul.second(paul.code(), remember="1")
    page = paul.get("/account/factors").text
    address = re.search(r'action="(/account/factors/browsers/\d+/forget)"', page)
    assert address
    assert paul.post(address[1], "/account/factors").status_code == 303
    assert "BROWSER-NOT-REMEMBERED" in paul.post(address[1], "/account/factors").text
    paul.sign_out()
    assert paul.sign_in().location == "/sign-in/second"
    assert ("browser.forget", None) in trail(database)


def test_nobody_forgets_anothers_workstation(arrive: Arrive) -> None:
    paul, claire = arrive(), arrive("claire.roussel")
    paul.set_up()
    paul.sign_out()
    paul.sign_in()
    paul.second(paul.code(), remember="1")
    found = re.search(r'action="(/account/factors/browsers/\d+/forget)"', paul.get("/account/factors").text)
    assert found
    claire.sign_in()
    assert claire.post(found[1], "/account/factors").status_code == 404
    paul.sign_out()
    assert paul.sign_in().location == "/"


def test_a_new_password_forgets_remembered_workstations(arrive: Arrive) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    paul.sign_in()
    paul.second(paul.code(), remember="1")
    new = "Wn4#rk8?Vbt5"
    fields = {"password": door.PASSWORD, "new_password": new, "new_password_again": new}
    assert paul.post("/account/password", "/account", **fields).status_code == 303
    paul.sign_out()
    assert paul.post("/sign-in", username=paul.username, password=new).location == "/sign-in/second"


class TestAlways:
    @pytest.fixture
    def access(self) -> AccessSettings:
        return AccessSettings(practitioner=RoleAccess(ask="always"))

    def test_it_is_asked_at_every_sign_in_and_nothing_is_remembered(self, arrive: Arrive, clock: SettableClock) -> None:
        paul = arrive()
        paul.set_up()
        for _ in range(2):
            paul.sign_out()
            assert paul.sign_in().location == "/sign-in/second"
            page = paul.get("/sign-in/second").text
            assert "at every sign-in of your role" in page
            assert 'name="remember"' not in page
            assert paul.second(paul.code(), remember="1").status_code == 303
            clock.advance(timedelta(seconds=30))


class TestRequired:
    @pytest.fixture
    def access(self) -> AccessSettings:
        return AccessSettings(practitioner=REQUIRED, administrator=REQUIRED)

    def test_it_is_set_up_at_the_first_sign_in(self, arrive: Arrive, database: Database, clock: SettableClock) -> None:
        paul = arrive()
        asked = paul.sign_in(next="/account")
        assert asked.location == "/sign-in/set-up?next=/account"
        assert not paul.is_in()
        page = paul.get(asked.location).text
        assert "requires a second proof for your role" in page
        paul.secret = Person._secret(page)
        assert Person._secret(paul.get(asked.location).text) == paul.secret  # the same picture after a reload
        assert "SECOND-CODE-WRONG" in paul.post("/sign-in/set-up", code="000000").text
        codes = paul.post("/sign-in/set-up", code=paul.code(), next="/account")
        assert len(Person._codes(codes.text)) == 10
        assert not paul.is_in()
        answer = paul.post("/sign-in/go-on", next="/account")
        assert answer.location == "/account"
        assert paul.is_in()
        assert factors(database) == ["password+totp"]

    def test_somebody_whose_role_does_not_need_it_goes_in(self, arrive: Arrive) -> None:
        assert arrive("claire.roussel", Role.SECRETARY).sign_in().location == "/"

    def test_the_strictest_role_counts(self, arrive: Arrive) -> None:
        both = arrive("claire.roussel", Role.SECRETARY, Role.ADMINISTRATOR)
        assert both.sign_in().location == "/sign-in/set-up"

    def test_the_last_one_cannot_be_removed(self, arrive: Arrive) -> None:
        paul = arrive()
        paul.secret = Person._secret(paul.get(paul.sign_in().location or "").text)
        paul.post("/sign-in/set-up", code=paul.code())
        paul.post("/sign-in/go-on")
        answer = paul.post("/account/factors/totp/remove", "/account/factors/totp/remove", password=door.PASSWORD)
        assert answer.status_code == 409
        assert "FACTOR-REQUIRED" in answer.text

    def test_the_emergency_administrator_enters_without(
        self, arrive: Arrive, database: Database, directory: Silent
    ) -> None:
        with database.writing() as session:
            password = accounts.make_break_glass(session, machine("test"))
        directory.silent = True
        helper = arrive(accounts.BREAK_GLASS)
        answer = helper.post("/sign-in", username=accounts.BREAK_GLASS, password=password)
        assert answer.location == "/"
        assert factors(database) == ["break_glass"]
        refused = helper.get("/account/factors/totp/new")
        assert refused.status_code == 403
        assert "FACTOR-NOT-FOR-EMERGENCY" in refused.text


class TestNotAdmitted:
    @pytest.fixture
    def access(self) -> AccessSettings:
        return AccessSettings(practitioner=RoleAccess(factors=("passkey",)))

    def test_what_the_practice_does_not_admit_cannot_be_set_up(self, arrive: Arrive) -> None:
        paul = arrive()
        paul.sign_in()
        page = "/account/factors/totp/new"
        assert "does not admit this way" in paul.get("/account/factors").text
        assert "FACTOR-NOT-ALLOWED" in paul.post(page, page, password=door.PASSWORD).text


def test_setting_up_and_removing_ask_for_the_password(arrive: Arrive, database: Database) -> None:
    paul = arrive()
    paul.sign_in()
    for page in ("/account/factors/totp/new", "/account/factors/totp/remove", "/account/factors/recovery-codes"):
        answer = paul.post(page, page, password="not this one")
        assert answer.status_code == 403
        assert "SIGN-IN-WRONG" in answer.text
    assert paul.get("/account/factors/totp/scan").location == "/account/factors/totp/new"
    paul.set_up()
    removed = paul.post("/account/factors/totp/remove", "/account/factors/totp/remove", password=door.PASSWORD)
    assert removed.location == "/account/factors"
    paul.sign_out()
    assert paul.sign_in().location == "/"
    with database.reading() as session:
        assert not session.scalars(select(RecoveryCode)).all()


def test_a_picture_left_alone_is_worth_nothing(arrive: Arrive, clock: SettableClock) -> None:
    paul = arrive()
    paul.sign_in()
    page = "/account/factors/totp/new"
    paul.post(page, page, password=door.PASSWORD)
    paul.secret = Person._secret(paul.get("/account/factors/totp/scan").text)
    clock.advance(timedelta(minutes=31))
    paul.sign_in()
    answer = paul.post("/account/factors/totp/scan", "/account", code=paul.code())
    assert answer.status_code == 409
    assert "SECOND-CODE-NOT-BEGUN" in answer.text


def test_a_new_telephone_replaces_the_old_one_only_once_it_works(arrive: Arrive, clock: SettableClock) -> None:
    paul = arrive()
    paul.set_up()
    old, page = paul.secret, "/account/factors/totp/new"
    paul.post(page, page, password=door.PASSWORD)
    paul.secret = Person._secret(paul.get("/account/factors/totp/scan").text)
    other = arrive()
    other.secret = old
    other.sign_in()
    assert other.second(other.code()).status_code == 303
    clock.advance(timedelta(seconds=30))
    paul.post("/account/factors/totp/scan", "/account/factors/totp/scan", code=paul.code())
    clock.advance(timedelta(seconds=30))
    other.sign_out()
    other.sign_in()
    assert "SECOND-CODE-WRONG" in other.second(other.code()).text
    assert other.second(paul.code()).status_code == 303


def test_a_half_done_sign_in_is_of_its_browser_for_ten_minutes_and_once(arrive: Arrive, clock: SettableClock) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    paul.sign_in()
    step = paul.client.get_cookie(doors.STAFF.step_cookie)
    assert step is not None
    thief = arrive()
    thief.sign_in()  # a browser of the thief's own
    thief.client.set_cookie(doors.STAFF.step_cookie, step.value, secure=True)
    assert "SIGN-IN-STEP-OVER" in thief.second(paul.code()).text
    clock.advance(timedelta(minutes=11))
    late = paul.second(paul.code())
    assert (late.status_code, "SIGN-IN-STEP-OVER" in late.text) == (409, True)
    assert not paul.is_in()
    paul.sign_in()
    assert paul.second(paul.code()).status_code == 303
    paul.client.set_cookie(doors.STAFF.step_cookie, step.value, secure=True)
    clock.advance(timedelta(seconds=30))
    assert paul.second(paul.code()).status_code == 303  # signed in already: led to where they wanted, nothing opened
    assert arrive().second("123456").status_code == 409


def test_what_comes_after_cannot_be_skipped_to(arrive: Arrive) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    paul.sign_in()
    for address in ("/sign-in/go-on", "/sign-in/set-up"):
        assert paul.post(address, code=paul.code()).status_code == 409
    assert not paul.is_in()


def test_an_account_disabled_in_the_middle_does_not_get_in(arrive: Arrive, database: Database) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    paul.sign_in()
    with database.writing() as session:
        session.execute(update(Account).values(active=False))
    assert "ACCOUNT-DISABLED" in paul.second(paul.code()).text


def test_a_new_password_ends_what_the_old_one_began(arrive: Arrive, database: Database) -> None:
    paul = arrive()
    paul.set_up()
    paul.sign_out()
    paul.sign_in()
    number = factor_page_of(database, "paul.lemoine")
    chief = arrive("nathalie.perrin", Role.ADMINISTRATOR, at="maintainer")
    chief.sign_in()
    assert chief.post(f"/accounts/{number}/reset-password", f"/accounts/{number}").status_code == 200
    assert "SIGN-IN-STEP-OVER" in paul.second(paul.code()).text
    assert not paul.is_in()


def test_a_set_up_begun_twice_at_once_goes_on(arrive: Arrive, database: Database) -> None:
    paul = arrive()
    paul.sign_in()
    new, scan = "/account/factors/totp/new", "/account/factors/totp/scan"
    assert paul.post(new, new, password=door.PASSWORD).location == scan
    with database.writing() as session:  # as two requests leave it, neither of which saw what the other wrote
        row = session.scalars(select(OneTimeCode)).one()
        session.add(OneTimeCode(account_id=row.account_id, sealed=row.sealed, made_at=row.made_at))
    shown = paul.get(scan)
    assert shown.status_code == 200
    paul.secret = paul._secret(shown.text)
    assert paul.post(scan, scan, code=paul.code()).status_code == 200
    with database.reading() as session:
        assert session.scalars(select(OneTimeCode.confirmed_at)).one() is not None


class TestHelp:
    def test_an_administrator_removes_it_and_the_person_is_told(self, arrive: Arrive, database: Database) -> None:
        paul = arrive()
        paul.set_up()
        number = factor_page_of(database, "paul.lemoine")
        chief = arrive("nathalie.perrin", Role.ADMINISTRATOR, at="maintainer")
        chief.sign_in()
        page = f"/accounts/{number}/factors"
        assert f'href="{page}"' in chief.get(f"/accounts/{number}").text
        refused = chief.post(f"{page}/remove", page)
        assert "FACTOR-REMOVAL-REASON" in refused.text
        assert chief.post(f"{page}/remove", page, reason="lost").status_code == 303
        assert "FACTOR-NONE" in chief.post(f"{page}/remove", page, reason="lost").text
        assert not paul.is_in()
        assert "Nathalie Perrin removed the second factor of this account" in html.unescape(paul.get("/sign-in").text)
        told = paul.sign_in(next="/account")
        assert told.location == "/sign-in/told?next=/account"
        words = html.unescape(paul.get(told.location).text)
        assert "Nathalie Perrin removed it on" in words
        assert "telephone or key lost" in words
        assert not paul.is_in()
        assert paul.post("/sign-in/go-on", next="/account").location == "/account"
        paul.sign_out()
        assert paul.sign_in().location == "/"  # told once
        assert ("factor.remove", "all lost") in trail(database)

    def test_the_command_line_is_named_in_words(self, arrive: Arrive, database: Database) -> None:
        paul = arrive()
        paul.set_up()
        with database.writing() as session:
            number = accounts.find(session, "paul.lemoine")
            assert number is not None
            holdings.remove_all(session, machine("command line"), number.id, "replaced")
        paul.sign_in()
        words = html.unescape(paul.get("/sign-in/told").text)
        assert "the command line removed it on" in words
        assert "telephone or key replaced" in words

    def test_a_maintainer_helps_maintainers_only(self, arrive: Arrive, database: Database) -> None:
        paul = arrive()
        paul.set_up()
        karim = arrive("karim.haddad", Role.MAINTAINER, at="maintainer")
        karim.sign_in()
        page = f"/accounts/{factor_page_of(database, 'paul.lemoine')}/factors"
        assert "removed by an administrator of the practice" in karim.get(page).text
        answer = karim.post(f"{page}/remove", "/accounts/new", reason="lost")
        assert answer.status_code == 403
        assert "ACCOUNT-ADMINISTRATOR-NEEDED" in answer.text
        assert paul.is_in()


def factor_page_of(database: Database, username: str) -> int:
    with database.reading() as session:
        account = accounts.find(session, username)
        assert account is not None
        return account.id
