"""Pro Santé Connect in the real Chromium: there and back, and a button that says why it does not work."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import update
from tests.parts import door, openid, ports
from tests.parts.openid import Provider

from socle.foundation.database import Database
from socle.foundation.secrets import PRO_SANTE_CONNECT_SECRET, Keys
from socle.foundation.settings import ProSanteConnectSettings, Settings
from socle.identity.actor import Role
from socle.identity.people.models import Account
from socle.web.apps import staff_app

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),  # the provider's own use of Authlib
    pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True),
]
PAUL = "899700218896"


@dataclass
class Practice:
    """A served staff door."""

    address: str


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with openid.running(tmp_path_factory.mktemp("openid"), {PAUL: {"SubjectNameID": PAUL}}) as running:
        yield running


@pytest.fixture
def settings(provider: Provider) -> ProSanteConnectSettings:
    return provider.settings(answer_seconds=10)


@pytest.fixture
def practice(database: Database, tmp_path: Path, settings: ProSanteConnectSettings) -> Iterator[Practice]:
    door.add_person(database, "paul.lemoine", "Paul Lemoine", Role.PRACTITIONER)
    with database.writing() as session:
        session.execute(update(Account).values(rpps="99700218896"))
    tools = door.tools(database, openid.RunningClock(), tmp_path)
    tools.provide(Settings, lambda: Settings(pro_sante_connect=settings))
    tools.of(Keys).write(PRO_SANTE_CONNECT_SECRET, b"a secret")
    with door.served(staff_app(tools), tools.of(Keys)) as address:
        yield Practice(address)


def test_there_and_back(page: Page, practice: Practice) -> None:
    page.goto(f"{practice.address}/account")
    page.get_by_role("link", name="Pro Santé Connect").click()
    page.wait_for_url("**/oauth2/authorize**")
    page.locator("input[name=sub]").fill(PAUL)
    page.locator("input[name=sub]").press("Enter")
    expect(page.locator("h1")).to_have_text("Mon compte")
    expect(page).to_have_url(f"{practice.address}/account")


class TestAway:
    @pytest.fixture
    def settings(self, provider: Provider) -> ProSanteConnectSettings:
        (port,) = ports.free(1)
        return provider.settings(keys_url=f"https://localhost:{port}/jwks")

    def test_the_button_is_greyed_and_says_why(self, page: Page, practice: Practice) -> None:
        page.goto(f"{practice.address}/sign-in")
        link = page.get_by_role("link", name="Pro Santé Connect")
        expect(link).to_have_attribute("aria-disabled", "true")
        expect(page.get_by_text("le cabinet n’a pas Internet en ce moment")).to_be_visible()
        assert not Axe().run(page).response["violations"]
        page.get_by_label("Identifiant").fill("paul.lemoine")
        page.get_by_label("Mot de passe").fill(door.PASSWORD)
        page.get_by_role("button", name="Se connecter").click()
        page.wait_for_url(f"{practice.address}/")
