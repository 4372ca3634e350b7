"""The real Chromium, driven by Playwright, with a new empty profile for each page."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright
from tests.parts import required

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, TABLET, PHONE = (1440, 900), (1024, 768), (390, 844)
"""The three sizes every page is looked at."""


@contextmanager
def running() -> Iterator[Browser]:
    """Start the browser, and end it with the tests."""
    path = required.program("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, headless=True)
        try:
            yield browser
        finally:
            browser.close()
