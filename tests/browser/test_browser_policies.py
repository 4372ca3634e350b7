"""The policy file in the real Chromium: it is read without an error, and its effects are seen."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect
from tests.parts import chromium, chromium_policies, door, required

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import Role
from socle.web.apps import maintainer_app

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True),
]
MANIFEST = {
    "manifest_version": 3,
    "name": "Meddler",
    "version": "1",
    "content_scripts": [{"matches": ["https://*/*"], "js": ["meddle.js"], "run_at": "document_end"}],
}


@pytest.fixture
def tools(database: Database, clock: SettableClock, tmp_path: Path) -> Toolbox:
    clock.set(datetime.now(UTC))
    door.add_person(database, "max.weber", "Max Weber", Role.MAINTAINER)
    return door.tools(database, clock, tmp_path)


@pytest.fixture
def address(tools: Toolbox) -> Iterator[str]:
    with door.served(maintainer_app(tools), tools.of(Keys)) as served:
        yield served


@contextmanager
def own_chromium(browser: Browser, folder: Path, *flags: str, rules: bytes | None = None) -> Iterator[BrowserContext]:
    """Start a Chromium of its own, which trusts what it is told to trust and nothing else."""
    program = required.program("chromium", "chromium")
    if rules is not None:
        program = chromium_policies.launcher(folder.with_name(f"{folder.name}-{sha256(rules).hexdigest()[:8]}"), rules)
    context = browser.browser_type.launch_persistent_context(
        str(folder),
        executable_path=program,
        args=[*chromium.FLAGS, *flags],
        headless=True,
        locale="fr-FR",
        timezone_id="Europe/Paris",
        ignore_default_args=["--disable-extensions"],
    )
    try:
        yield context
    finally:
        context.close()


def downloaded(browser: Browser, address: str, name: str) -> tuple[bytes, str]:
    """Download a file on the maintainer's page as a person does; return it, and the digest the page shows."""
    context = browser.new_context(ignore_https_errors=True, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{address}/sign-in?next=/browsers/policies")
    page.get_by_label("Identifiant").fill("max.weber")
    page.get_by_label("Mot de passe").fill(door.PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=name, exact=True).click()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))
    digest = row.locator("code").inner_text()
    content = download.value.path().read_bytes()
    context.close()
    return content, digest


def put_in_force(browser: Browser, address: str) -> bytes:
    content, digest = downloaded(browser, address, "socle-chromium.json")
    assert sha256(content).hexdigest() == digest
    rules = json.loads(content)
    port = address.rpartition(":")[2]  # the test's door listens elsewhere than the settings say
    return re.sub(rb":844[34]\b", f":{port}".encode(), json.dumps(rules).encode())


def test_chromium_reads_every_rule_and_follows_them(browser: Browser, address: str, tmp_path: Path) -> None:
    content = put_in_force(browser, address)
    extension = tmp_path / "meddler"
    extension.mkdir()
    (extension / "manifest.json").write_text(json.dumps(MANIFEST))
    (extension / "meddle.js").write_text("document.documentElement.dataset.meddled = '1'")
    load = [f"--load-extension={extension}", f"--disable-extensions-except={extension}"]

    with own_chromium(
        browser, tmp_path / "before", *load
    ) as context:  # without the file: a warning, and the extension at work
        page = context.new_page()
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            page.goto(f"{address}/sign-in")
    with own_chromium(browser, tmp_path / "meddled", *load, "--ignore-certificate-errors") as context:
        page = context.new_page()
        page.goto(f"{address}/sign-in")
        expect(page.locator("html[data-meddled]")).to_be_attached()

    with own_chromium(browser, tmp_path / "after", *load, rules=content) as context:
        page = context.new_page()
        page.goto(f"{address}/sign-in")  # trusted: no warning, nothing clicked away
        expect(page.get_by_label("Identifiant")).to_be_visible()
        page.wait_for_timeout(500)
        assert page.locator("html[data-meddled]").count() == 0
        page.goto(f"{address}/browser-check")
        expect(page.locator(".check[data-done]")).to_be_visible(timeout=20_000)
        expect(page.locator("[data-check=secure]")).to_have_attribute("data-state", "green")
        expect(page.locator("[data-check=secure]")).to_contain_text("par une autorité que ce navigateur connaît")
        _reads_without_error(page, set(json.loads(content)))
    elsewhere = json.loads(content)
    elsewhere["CACertificatesWithConstraints"][0]["constraints"]["permitted_dns_names"] = ["cabinet.example"]
    other = json.dumps(elsewhere).encode()
    with own_chromium(browser, tmp_path / "elsewhere", rules=other) as context:
        with pytest.raises(Error, match="ERR_CERT"):  # the authority speaks for the names it was given, not for others
            context.new_page().goto(f"{address}/sign-in")


def _reads_without_error(page: Page, rules: set[str]) -> None:
    page.goto("chrome://policy")
    rows = page.locator("policy-row .policy.row")
    expect(rows.filter(has_text="CookiesAllowedForUrls")).to_be_visible()
    found = {name: rest for name, *rest in (text.split() for text in rows.all_inner_texts())}
    read = {name: found.get(name, ["unread"])[-1] for name in rules}
    # Chromium 156 calls two of them deprecated, and follows them; the versions the practice may still have need them.
    ageing = {"AutofillAddressEnabled", "AutofillCreditCardEnabled"}
    assert {name: status for name, status in read.items() if status != "OK" and name not in ageing} == {}
    assert {read[name] for name in ageing} <= {"OK", "Deprecated"}


def test_cookies_outlive_a_browser_that_forgets_at_its_end(browser: Browser, address: str, tmp_path: Path) -> None:
    content = put_in_force(browser, address)
    forgetful = json.dumps({**json.loads(content), "DefaultCookiesSetting": 4}).encode()  # 4: keep until the end only
    alone = {
        "DefaultCookiesSetting": 4,
        "CACertificatesWithConstraints": json.loads(content)["CACertificatesWithConstraints"],
    }
    kept = {}
    for name, rules in (("with", forgetful), ("without", json.dumps(alone).encode())):
        for _ in range(2):
            with own_chromium(browser, tmp_path / name, rules=rules) as context:
                page = context.new_page()
                page.goto(f"{address}/sign-in")
                kept[name] = page.evaluate("localStorage.getItem('kept')")
                page.evaluate("localStorage.setItem('kept', 'yes')")
                page.wait_for_timeout(1500)
    assert kept == {"with": "yes", "without": None}


def test_no_history_names_a_page(browser: Browser, address: str, tmp_path: Path) -> None:
    content = put_in_force(browser, address)
    alone = {"CACertificatesWithConstraints": json.loads(content)["CACertificatesWithConstraints"]}
    titles = {}
    for name, rules in (("with", content), ("without", json.dumps(alone).encode())):
        with own_chromium(browser, tmp_path / name, rules=rules) as context:
            page = context.new_page()
            page.goto(f"{address}/browser-check")
            expect(page).to_have_title(re.compile("Vérifier ce navigateur"))
            page.wait_for_timeout(1500)
        titles[name] = "Vérifier ce navigateur".encode() in (tmp_path / name / "Default/History").read_bytes()
    assert titles == {"with": False, "without": True}
