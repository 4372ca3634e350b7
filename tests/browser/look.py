"""Look at pages as people do: at three sizes, with axe's findings and what the browser's console complains of.

    .venv/bin/python -m tests.browser.look https://localhost:8443/components --user camille.martin --password …

A path alone is taken on --base. Screenshots go to tests/output/look/ (git-ignored).
The exit code is 1 when axe or the console found something.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"1440": (1440, 900), "1024": (1024, 768), "390": (390, 844)}
OUTPUT = Path(__file__).resolve().parents[1] / "output/look"


@contextmanager
def browser_context(language: str = "fr-FR") -> Iterator[BrowserContext]:
    """Open Debian's Chromium with a new empty profile; our local certificate authority is accepted."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="socle-look-") as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            args=[*FLAGS, f"--lang={language}"],
            locale=language,
            timezone_id="Europe/Paris",
            ignore_https_errors=True,
            reduced_motion="reduce",
        )
        try:
            yield context
        finally:
            context.close()


def sign_in(page: Page, base: str, user: str, password: str) -> None:
    """Sign in as a person would: the first text field, the password field, Enter."""
    page.goto(urljoin(base, "/sign-in"))
    page.locator("main form input[autocomplete~=username], main form input[type=text]").first.fill(user)
    field = page.locator("main form input[type=password]").first
    field.fill(password)
    field.press("Enter")
    page.wait_for_load_state("networkidle")
    if urlsplit(page.url).path.startswith("/sign-in"):
        words = page.locator("main").inner_text()
        sys.exit(f"Could not sign in as {user}; the page says:\n{words}")


def violations(page: Page) -> list[str]:
    """Return axe's findings on the page as it stands, one line each with the first places."""
    found = Axe().run(page).response["violations"]
    return [
        f"axe {finding['impact']}: {finding['id']}: {finding['help']} ({len(finding['nodes'])}×): "
        + " | ".join(node["html"][:160] for node in finding["nodes"][:3])
        for finding in found
    ]


def overflow(page: Page) -> list[str]:
    """Say when the page scrolls sideways: nothing on a phone may."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"the page is {wide} px wider than the window"] if wide > 0 else []


def look_at(page: Page, url: str, sizes: list[str], whole: bool, check: bool) -> list[str]:
    """Take a picture of one page at each size; return what is wrong with it."""
    wrong: list[str] = []
    console: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            console.append(f"console {message.type}: {message.text[:300]}")

    page.on("console", note)
    page.on("pageerror", lambda error: console.append(f"script error: {error}"))
    name = re.sub(r"[^a-z0-9]+", "-", (urlsplit(url).path + "-" + urlsplit(url).query).lower()).strip("-") or "home"
    for size in sizes:
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        answer = page.goto(url)
        page.wait_for_load_state("load")
        page.wait_for_timeout(400)
        picture = OUTPUT / f"{name}-{size}.png"
        page.screenshot(path=picture, full_page=whole)
        print(f"{answer.status if answer else '?'} {url} at {width}×{height}: {picture}")
        wrong += [f"{size}: {line}" for line in overflow(page) + (violations(page) if check else [])]
    page.remove_listener("console", note)
    return wrong + sorted(set(console))


def main() -> None:
    """Read the command line, look at each page, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", help="addresses, or paths on --base")
    parser.add_argument("--base", default="https://localhost:8443")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--size", action="append", choices=sorted(SIZES), help="only these widths")
    parser.add_argument("--language", default="fr-FR", help="the browser's language: fr-FR or en-GB")
    parser.add_argument("--whole", action="store_true", help="the whole length of the page, not the first screen")
    parser.add_argument("--no-axe", action="store_true")
    options = parser.parse_args()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    with browser_context(options.language) as context:
        page = context.pages[0]
        first = urljoin(options.base, options.pages[0])
        if options.user:
            sign_in(page, first, options.user, options.password)
        for each in options.pages:
            url = urljoin(options.base, each)
            found = look_at(page, url, options.size or list(SIZES), options.whole, not options.no_axe)
            wrong += [f"{urlsplit(url).path} {line}" for line in found]
    print("\n".join(wrong) if wrong else "Nothing found by axe, nothing in the console, nothing too wide.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
