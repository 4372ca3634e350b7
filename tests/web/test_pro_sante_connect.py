"""Pro Santé Connect through a real provider on loopback, with tokens of two minutes; and with the provider away."""

import html
import re
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from tests.parts import door, openid, ports
from tests.parts.openid import Provider
from werkzeug.test import TestResponse

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import PRO_SANTE_CONNECT_SECRET, Keys
from socle.foundation.settings import AccessSettings, ProSanteConnectSettings, RoleAccess, Settings
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role
from socle.identity.audit.models import AuditEntry
from socle.identity.people.models import Account
from socle.identity.sessions.factors.models import ProSanteTokens
from socle.identity.sessions.factors.pro_sante_connect import ProSanteConnect
from socle.identity.sessions.models import SignedInSession
from socle.jobs import pro_sante_tokens as job
from socle.web.apps import staff_app

pytestmark = [
    pytest.mark.real,
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),  # the provider's own use of Authlib
]
BASE = "https://localhost:8443"
BEGIN = "/sign-in/pro-sante-connect"
PAUL = "f:4d5a:899700218896"
PEOPLE: dict[str, dict[str, Any]] = {
    PAUL: {"SubjectNameID": "899700218896", "preferred_username": "899700218896", "given_name": "PAUL"},
    "f:4d5a:810100842904": {"preferred_username": "810100842904"},
    "f:4d5a:nobody": {"given_name": "SANS"},
    "f:4d5a:weak": {"preferred_username": "899700218896", "acr": "eidas0"},
    "f:4d5a:strong": {"preferred_username": "899700218896", "acr": "eidas2"},
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with openid.running(tmp_path_factory.mktemp("openid"), PEOPLE) as running:
        yield running


@pytest.fixture
def clock() -> SettableClock:
    """A clock that goes with the provider's own: its tokens are dated."""
    return openid.RunningClock()


@pytest.fixture
def settings(provider: Provider) -> ProSanteConnectSettings:
    return provider.settings()


@pytest.fixture
def access() -> AccessSettings:
    return AccessSettings()


@pytest.fixture
def tools(
    database: Database,
    clock: SettableClock,
    tmp_path: Path,
    settings: ProSanteConnectSettings,
    access: AccessSettings,
) -> Toolbox:
    made = door.tools(database, clock, tmp_path)
    made.provide(Settings, lambda: Settings(pro_sante_connect=settings, access=access))
    made.of(Keys).write(PRO_SANTE_CONNECT_SECRET, b"a secret\n")
    return made


@pytest.fixture
def app(tools: Toolbox, database: Database) -> Flask:
    made = staff_app(tools)
    door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)
    door.add_person(database, "claire.roussel", "Claire Roussel", Role.SECRETARY)
    with database.writing() as session:
        session.execute(update(Account).values(language="en"))
        session.execute(update(Account).where(Account.username == "paul.lemoine").values(rpps="99700218896"))
    return made


@pytest.fixture
def new_browser(app: Flask) -> Callable[[], FlaskClient]:
    def one() -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        return client

    return one


@pytest.fixture
def client(new_browser: Callable[[], FlaskClient]) -> FlaskClient:
    return new_browser()


def get(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, base_url=BASE)


def back(client: FlaskClient, answer: dict[str, str]) -> TestResponse:
    return client.get(f"{BEGIN}/back", base_url=BASE, query_string=answer)


def go(client: FlaskClient, provider: Provider, sub: str = PAUL, begin: str = BEGIN) -> TestResponse:
    asked = get(client, begin)
    assert asked.status_code == 303, html.unescape(asked.text)
    return back(client, provider.answer(asked.location, sub))


def is_in(client: FlaskClient) -> bool:
    return get(client, "/account").status_code == 200


def only_session(database: Database) -> SignedInSession:
    with database.reading() as session:
        row = session.scalars(select(SignedInSession)).one()
        session.expunge(row)
        return row


def test_an_e_cps_opens_the_session_of_its_number(client: FlaskClient, provider: Provider, database: Database) -> None:
    assert "Pro Santé Connect" in get(client, "/sign-in").text
    answer = go(client, provider, begin=f"{BEGIN}?next=/account%3Fx%3D1")
    assert (answer.status_code, answer.location) == (303, "/account?x=1")
    assert is_in(client)
    assert only_session(database).factor == "psc"
    assert "Paul Lemoine" in get(client, "/account").text


def test_the_question_has_state_nonce_and_a_verifier_of_its_own(client: FlaskClient, provider: Provider) -> None:
    asked = [parse_qs(urlsplit(get(client, BEGIN).location).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[0][name][0]) > 30
        assert asked[0][name] != asked[1][name]
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["prompt"] == ["login"]
    assert asked[0]["redirect_uri"] == [f"{BASE}{BEGIN}/back"]


def test_tokens_never_reach_the_browser_and_lie_sealed(
    client: FlaskClient, provider: Provider, database: Database, tools: Toolbox
) -> None:
    answer = go(client, provider)
    cookies = " ".join(answer.headers.getlist("Set-Cookie"))
    from_there = tokens_of(database, tools)
    assert from_there["access"]
    for token in (from_there["access"], from_there["refresh"], from_there["identity"]):
        assert token not in cookies
        assert token not in answer.text
        with database.reading() as session:
            assert token.encode() not in session.scalars(select(ProSanteTokens.sealed)).one()


def tokens_of(database: Database, tools: Toolbox) -> dict[str, Any]:
    from socle.identity.sessions.factors import pro_sante_tokens  # noqa: PLC0415

    with database.reading() as session:
        found = pro_sante_tokens.of(session, tools.of(Keys).read("forms"), only_session(database).id)
    return msgspec.structs.asdict(found) if found is not None else {}


def test_tokens_are_renewed_on_the_server_and_given_back_with_the_session(
    client: FlaskClient, provider: Provider, database: Database, tools: Toolbox, clock: SettableClock
) -> None:
    go(client, provider)
    first = tokens_of(database, tools)
    assert job.JOB.run(tools) == "0 renewed, 0 given back"
    clock.advance(timedelta(minutes=16))
    assert job.JOB.run(tools) == "1 renewed, 0 given back"
    second = tokens_of(database, tools)
    assert second["access"] != first["access"]
    assert second["access_until"] > clock.now().timestamp() + 60
    client.post("/session/sign-out", base_url=BASE)
    assert job.JOB.run(tools) == "0 renewed, 1 given back"
    assert tokens_of(database, tools) == {}


def test_when_its_own_session_is_over_ours_goes_on(
    client: FlaskClient, provider: Provider, database: Database, tools: Toolbox, clock: SettableClock
) -> None:
    go(client, provider)
    provider.revoke(PAUL)
    for _ in range(3):
        clock.advance(timedelta(minutes=6))
        assert is_in(client)
    assert job.JOB.run(tools) == "0 renewed, 0 given back"
    assert tokens_of(database, tools) == {}
    assert is_in(client)


def test_somebody_who_says_no_there_is_told(client: FlaskClient, provider: Provider) -> None:
    answer = go(client, provider, sub="")
    assert answer.status_code == 403
    assert "PSC-CANCELLED" in answer.text
    assert not is_in(client)


def test_an_answer_comes_back_once_to_its_own_browser_with_its_own_state(
    new_browser: Callable[[], FlaskClient], provider: Provider
) -> None:
    mine, thief = new_browser(), new_browser()
    answer = provider.answer(get(mine, BEGIN).location, PAUL)
    assert "SIGN-IN-STEP-OVER" in back(thief, answer).text
    get(thief, BEGIN)
    assert "PSC-FORGED" in back(thief, answer).text
    assert not is_in(thief)
    assert back(mine, answer).status_code == 303
    mine.post("/session/sign-out", base_url=BASE)
    assert "SIGN-IN-STEP-OVER" in back(mine, answer).text
    assert not is_in(mine)


def test_a_code_of_anothers_journey_is_refused(new_browser: Callable[[], FlaskClient], provider: Provider) -> None:
    """Code injection: the thief's own browser, state and cookie, with a code that was made for somebody else."""
    mine, thief = new_browser(), new_browser()
    stolen = provider.answer(get(mine, BEGIN).location, PAUL)["code"]
    asked = parse_qs(urlsplit(get(thief, BEGIN).location).query)
    answer = back(thief, {"code": stolen, "state": asked["state"][0]})
    assert "PSC-FORGED" in answer.text  # the token's nonce is that of the other journey
    assert not is_in(thief)


@pytest.mark.parametrize("answer", [{}, {"state": "x"}, {"code": "x"}, {"state": "\ud7ff", "code": "é"}])
def test_nonsense_is_refused(client: FlaskClient, provider: Provider, answer: dict[str, str]) -> None:
    get(client, BEGIN)
    assert "PSC-FORGED" in back(client, answer).text


def test_a_code_that_the_provider_did_not_make_is_refused(client: FlaskClient, provider: Provider) -> None:
    asked = parse_qs(urlsplit(get(client, BEGIN).location).query)
    answer = back(client, {"code": "made up", "state": asked["state"][0]})
    assert answer.status_code == 503
    assert "PSC-REFUSED" in answer.text


@pytest.mark.parametrize(
    ("sub", "code"),
    [
        ("f:4d5a:810100842904", "PSC-PERSON-UNKNOWN"),
        ("f:4d5a:nobody", "PSC-NO-NUMBER"),
        ("f:4d5a:weak", "PSC-LEVEL-TOO-LOW"),
    ],
)
def test_a_number_nobody_here_has_opens_nothing(client: FlaskClient, provider: Provider, sub: str, code: str) -> None:
    answer = go(client, provider, sub)
    assert code in answer.text
    assert not is_in(client)


def test_a_stronger_proof_than_asked_for_opens(client: FlaskClient, provider: Provider) -> None:
    assert go(client, provider, "f:4d5a:strong").status_code == 303
    assert is_in(client)


def test_two_accounts_with_one_number_open_nothing(client: FlaskClient, provider: Provider, database: Database) -> None:
    with database.writing() as session:
        session.execute(update(Account).where(Account.username == "claire.roussel").values(rpps="99700218896"))
    assert "PSC-AMBIGUOUS" in go(client, provider).text


def test_a_disabled_account_stays_shut(client: FlaskClient, provider: Provider, database: Database) -> None:
    with database.writing() as session:
        session.execute(update(Account).values(active=False))
    assert "ACCOUNT-DISABLED" in go(client, provider).text


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_off_by_an_hour_is_named(
    client: FlaskClient, provider: Provider, clock: SettableClock, hours: int
) -> None:
    asked = get(client, BEGIN)
    answer = provider.answer(asked.location, PAUL)
    clock.advance(timedelta(minutes=hours * 9))  # the step of ten minutes is still alive
    said = back(client, answer)
    assert "PSC-CLOCK" in said.text
    assert re.search(r"differ by about (8|9|10) min", html.unescape(said.text))


class TestOtherIssuer:
    @pytest.fixture
    def settings(self, provider: Provider) -> ProSanteConnectSettings:
        return provider.settings(issuer="https://auth.bas.example")

    def test_a_token_of_another_issuer_is_refused(self, client: FlaskClient, provider: Provider) -> None:
        assert "PSC-FORGED" in go(client, provider).text


class TestOtherKeys:
    @pytest.fixture
    def settings(self, provider: Provider, tmp_path: Path) -> Iterator[ProSanteConnectSettings]:
        """A provider whose tokens another one's keys should have signed."""
        with openid.running(tmp_path, {}) as other:
            both = tmp_path / "both.pem"
            both.write_bytes(provider.authority.read_bytes() + other.authority.read_bytes())
            yield provider.settings(keys_url=f"{other.address}/jwks", certificate_file=str(both))

    def test_a_token_that_it_did_not_sign_is_refused(self, client: FlaskClient, provider: Provider) -> None:
        assert "PSC-FORGED" in go(client, provider).text


class TestNotAdmitted:
    @pytest.fixture
    def access(self) -> AccessSettings:
        return AccessSettings(practitioner=RoleAccess(factors=("totp",)))

    def test_a_role_that_may_not_use_it_stays_out(self, client: FlaskClient, provider: Provider) -> None:
        assert "FACTOR-NOT-ALLOWED" in go(client, provider).text


class TestRequired:
    @pytest.fixture
    def access(self) -> AccessSettings:
        return AccessSettings(practitioner=RoleAccess(second_factor="required"))

    def test_it_needs_no_second_factor(self, client: FlaskClient, provider: Provider) -> None:
        assert go(client, provider).location == "/"


class TestTying:
    def sign_in(self, client: FlaskClient) -> None:
        client.post("/sign-in", base_url=BASE, data={"username": "claire.roussel", "password": door.PASSWORD})

    def begin(self, client: FlaskClient, password: str = door.PASSWORD) -> TestResponse:
        page = "/account/factors/pro-sante-connect"
        token = re.search(r'name="_csrf" value="(.*?)"', get(client, page).text)
        assert token
        return client.post(page, base_url=BASE, data={"_csrf": html.unescape(token[1]), "password": password})

    def question(self, page: TestResponse) -> str:
        found = re.search(r'href="(https://localhost:\d+/oauth2/authorize[^"]+)"', page.text)
        assert found, page.text
        return html.unescape(found[1])

    def test_an_account_is_tied_once_and_then_opens(
        self, client: FlaskClient, provider: Provider, database: Database
    ) -> None:
        self.sign_in(client)
        assert "SIGN-IN-WRONG" in self.begin(client, "not this one").text
        answer = provider.answer(self.question(self.begin(client)), "f:4d5a:810100842904")
        assert back(client, answer).location == "/account/factors"
        assert "10100842904" in get(client, "/account/factors").text
        client.post("/session/sign-out", base_url=BASE)
        assert go(client, provider, "f:4d5a:810100842904").location == "/"
        with database.reading() as session:
            entries = session.execute(select(AuditEntry.action, AuditEntry.reason)).all()
        assert ("factor.add", "psc") in [tuple(entry) for entry in entries]

    def test_anothers_number_is_not_taken(self, client: FlaskClient, provider: Provider) -> None:
        self.sign_in(client)
        answer = provider.answer(self.question(self.begin(client)), PAUL)
        assert "PSC-NUMBER-TAKEN" in back(client, answer).text

    def test_signed_out_meanwhile_nothing_is_tied(
        self, client: FlaskClient, provider: Provider, database: Database
    ) -> None:
        self.sign_in(client)
        answer = provider.answer(self.question(self.begin(client)), "f:4d5a:810100842904")
        client.post("/session/sign-out", base_url=BASE)
        assert "SIGN-IN-STEP-OVER" in back(client, answer).text
        assert not is_in(client)


class TestAway:
    @pytest.fixture
    def settings(self, provider: Provider) -> ProSanteConnectSettings:
        """Nobody listens where the keys are."""
        (port,) = ports.free(1)
        return provider.settings(keys_url=f"https://localhost:{port}/jwks", answer_seconds=2.0)

    def test_the_page_says_so_at_once_and_the_password_works(self, client: FlaskClient) -> None:
        assert get(client, f"{BEGIN}/state").get_json()["up"] is False
        answer = get(client, BEGIN)
        assert answer.status_code == 503
        page = html.unescape(answer.text)
        assert "PSC-UNREACHABLE" in page
        assert 'name="password"' in page
        paul = {"username": "paul.lemoine", "password": door.PASSWORD}
        assert client.post("/sign-in", base_url=BASE, data=paul).status_code == 303
        assert is_in(client)


class TestSilent:
    @pytest.fixture
    def hole(self) -> Iterator[int]:
        """A server that takes connections and never says a word, as a router without Internet may look."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            yield listening.getsockname()[1]

    @pytest.fixture
    def settings(self, provider: Provider, hole: int) -> ProSanteConnectSettings:
        return provider.settings(keys_url=f"https://localhost:{hole}/jwks", answer_seconds=0.5)

    def test_nothing_hangs(self, client: FlaskClient, tools: Toolbox) -> None:
        began = time.monotonic()
        for _ in range(5):
            assert "PSC-UNREACHABLE" in get(client, BEGIN).text
        assert time.monotonic() - began < 10  # one wait of half a second, then known for 15 s
        assert not tools.of(ProSanteConnect).is_up()


class TestAbsent:
    @pytest.fixture
    def settings(self) -> ProSanteConnectSettings:
        return ProSanteConnectSettings()

    def test_without_settings_there_is_no_button(self, client: FlaskClient, tools: Toolbox) -> None:
        assert "Connect" not in get(client, "/sign-in").text
        assert "PSC-NOT-SET-UP" in get(client, BEGIN).text
        assert get(client, f"{BEGIN}/state").get_json()["up"] is False
        assert "SIGN-IN-STEP-OVER" in back(client, {"code": "x"}).text
        assert job.JOB.run(tools) == "not set up"
