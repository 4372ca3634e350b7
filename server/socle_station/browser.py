"""Opens the practice's pages in a browser of their own: own profile, own window, no extensions, nobody's bookmarks.

The ticket is not put on the command line, which other programs of the machine can read: the window opens on a small
file of the agent's own, which leads on.
"""

import html
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from socle_station.enrolment import private
from socle_station.wording import Fault, Language

_LINUX = ("chromium", "chromium-browser", "google-chrome", "microsoft-edge", "firefox", "firefox-esr")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
)
_WINDOWS = (
    "Microsoft/Edge/Application/msedge.exe",
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Mozilla Firefox/firefox.exe",
)
_CHROMIUM_FLAGS = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=AutofillServerCommunication,Translate",
    "--password-store=basic",
)
_FIREFOX_PREFERENCES = """user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.autoDisableScopes", 15);
user_pref("extensions.enabledScopes", 0);
user_pref("identity.fxaccounts.enabled", false);
user_pref("intl.accept_languages", "%s");
user_pref("security.enterprise_roots.enabled", true);
user_pref("signon.rememberSignons", false);
user_pref("toolkit.telemetry.enabled", false);
"""


HAND_OVER_SECONDS = 3.0
"""How long a second start of a browser may take to hand its page to the first."""


def find(system: str = sys.platform) -> str | None:
    """Return the first browser this system has, or None."""
    if system == "win32":
        folders = [os.environ.get(name, "") for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
        places: Sequence[str] = [str(Path(folder) / one) for one in _WINDOWS for folder in folders if folder]
    else:
        places = _MAC if system == "darwin" else _LINUX
    return next((found for found in map(shutil.which, places) if found), None)


class _Started:
    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process

    def wait_code(self, seconds: float) -> int | None:
        """Return the exit code of a process that hands its page over and ends; None when it goes on."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            return None


class Window:
    """The window of one workstation, in a profile below `folder`."""

    def __init__(
        self, folder: Path, server: str, language: Language, program: str = "", arguments: Sequence[str] = ()
    ) -> None:
        self._page, self._profile = folder / "open.html", folder / "browser"
        self._server, self._language, self._program, self._arguments = server, language, program, tuple(arguments)
        self._process: subprocess.Popen[bytes] | None = None

    def is_open(self) -> bool:
        """Tell whether the browser that was opened here still runs."""
        return self._process is not None and self._process.poll() is None

    def open(self, ticket: str) -> None:
        """Open a window that goes in with that ticket; Fault when there is no browser."""
        address = f"{self._server}/station/enter#{ticket}"
        lead = f'<meta http-equiv="refresh" content="0;url={html.escape(address)}">'
        private(self._page, f'<!doctype html><meta charset="utf-8">{lead}<title>Socle</title>'.encode())
        if self.is_open():
            if self._started().wait_code(HAND_OVER_SECONDS) == 0:
                return  # the browser that runs took the page over: a second window
            self.close()  # it would not: begin anew
        self._process = self._started().process

    def _started(self) -> "_Started":
        quiet = subprocess.DEVNULL
        try:
            return _Started(subprocess.Popen(self.command(), stdin=quiet, stdout=quiet, stderr=quiet))
        except OSError:
            raise Fault("BROWSER-MISSING") from None

    def command(self) -> list[str]:
        """Return the program and its arguments; prepares the profile."""
        program = self._program or find()
        if program is None:
            raise Fault("BROWSER-MISSING")
        self._profile.mkdir(mode=0o700, parents=True, exist_ok=True)
        page = self._page.absolute().as_uri()
        if "firefox" in Path(program).name.lower():
            (self._profile / "user.js").write_text(_FIREFOX_PREFERENCES % self._language, encoding="ascii")
            return [program, "--profile", str(self._profile.absolute()), *self._arguments, "--new-window", page]
        own = [f"--user-data-dir={self._profile.absolute()}", *_CHROMIUM_FLAGS, f"--lang={self._language}"]
        own.append(f"--accept-lang={self._language}")
        return [program, *own, *self._arguments, f"--app={page}"]

    def close(self) -> None:
        """End the browser that was opened here (its page is locked, and keeps its text on the server)."""
        if self._process is not None and self.is_open():
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)

    def forget_ticket(self) -> None:
        """Remove the file that led in: its ticket is used or too old."""
        self._page.unlink(missing_ok=True)
