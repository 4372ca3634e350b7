"""The whole server as a person starts it (`socle up`), on ports of its own, and a plain client to talk to it."""

import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import msgspec
from tests.parts import ports

from socle.cli.demonstration import PASSWORD
from socle.foundation import home as homes
from socle.foundation.home import Home

READY_SECONDS = 120
Door = str


class Server:
    """One home, served by `socle up` in processes of its own."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder, self.keys_folder = folder / "home", folder / "keys"
        self.ports = dict(zip(("staff", "maintainer"), ports.free(2), strict=True))
        self._settings = settings
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Home:
        """The home folder."""
        return homes.find(self.folder, self.keys_folder)

    @property
    def password(self) -> str:
        """The password of all demonstration accounts."""
        return self.home.keys.read(PASSWORD).decode()

    def address(self, door: Door = "staff") -> str:
        """Return a door's address."""
        return f"https://localhost:{self.ports[door]}"

    def _socle(self) -> list[str]:
        return [sys.executable, "-m", "socle", "--home", str(self.folder), "--keys", str(self.keys_folder)]

    def run(self, *words: str, check: bool = True, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a `socle` command on this home and wait for its end."""
        command = [*self._socle(), *words]
        done = subprocess.run(command, capture_output=True, text=True, input=text, timeout=600, check=False)
        if check and done.returncode:
            raise AssertionError(f"socle {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def run_json(self, *words: str) -> Any:
        """Run a command with --json and return what it says, whatever its exit status."""
        return msgspec.json.decode(self.run(*words, "--json", check=False).stdout)

    def write_settings(self) -> None:
        """Write the settings file with this server's ports."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ports = f"[web]\nstaff_port = {self.ports['staff']}\nmaintainer_port = {self.ports['maintainer']}\n"
        practice = '[practice]\nname = "Cabinet des Tilleuls"\n'
        (self.folder / "socle.toml").write_text(practice + ports + self._settings, encoding="utf-8")

    def start(self, *words: str) -> None:
        """Start the server and wait until both doors answer."""
        self.write_settings()
        command = [*self._socle(), "up", *words]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + READY_SECONDS
        while not all(self._answers(door) for door in self.ports):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server did not start:\n{self.log()}")
            time.sleep(0.1)

    def _answers(self, door: Door) -> bool:
        try:
            return Client(self, door).get("/healthz").status == 200
        except OSError:
            return False

    def stop(self) -> int:
        """Stop as Ctrl-C does and return the exit status."""
        return self._end(signal.SIGINT)

    def kill(self) -> None:
        """Cut the power: every process of the server ends at once, without a word."""
        assert self._process is not None
        for process in (self._process.pid, *self.processes()):
            _signal(process, signal.SIGKILL)
        self._process.wait(30)
        self._process = None

    def processes(self) -> list[int]:
        """Return the process numbers of the doors, their workers and the scheduler."""
        assert self._process is not None
        found, look = list[int](), [self._process.pid]
        while look:
            parent = look.pop()
            children = Path(f"/proc/{parent}/task/{parent}/children")
            numbers = [int(word) for word in children.read_text().split()] if children.exists() else []
            found += numbers
            look += numbers
        return found

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(60)
        self._process = None
        return code

    def log(self) -> str:
        """Return what the server printed."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""


def _signal(process: int, number: signal.Signals) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


class Answer:
    """What the server answered."""

    def __init__(self, status: int, body: bytes, address: str, headers: Any) -> None:
        self.status, self.body, self.address, self.headers = status, body, address, headers

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Return the body's structure."""
        return msgspec.json.decode(self.body)


class Client:
    """A browser without a window: keeps cookies, follows redirects, trusts the practice's own authority only."""

    def __init__(self, server: Server, door: Door = "staff") -> None:
        self._base = server.address(door)
        context = ssl.create_default_context(cafile=str(server.keys_folder / "authority.pem"))
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(self.cookies)
        )
        self.token = ""

    def get(self, path: str, **headers: str) -> Answer:
        """Fetch a page."""
        return self._send(urllib.request.Request(self._base + path, headers=headers))

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form, with the proof of the last page signed in."""
        body = urllib.parse.urlencode({"_csrf": self.token, **fields}).encode()
        return self._send(urllib.request.Request(self._base + path, data=body, headers=headers))

    def _send(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=60) as response:
                return Answer(response.status, response.read(), response.url, response.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read(), error.url, error.headers)

    def sign_in(self, username: str, password: str, page: str = "/agenda") -> Answer:
        """Sign in and take the form proof from `page`."""
        answer = self.post("/sign-in", {"username": username, "password": password})
        found = re.search(r'name="_csrf"\s+value="([^"]+)"', self.get(page).text)
        if found is None:
            raise AssertionError(f"no form proof on {page}: {answer.status} at {answer.address}\n{answer.text}")
        self.token = found.group(1)
        return answer


@contextmanager
def demonstration(folder: Path, template: Path, settings: str = "") -> Iterator[Server]:
    """Serve a copy of the demonstration practice in `template` (made at the first use), and stop it at the end."""
    if not template.exists():
        first = Server(template, settings)
        first.start()
        first.stop()
    shutil.copytree(template, folder, dirs_exist_ok=True)
    server = Server(folder, settings)
    try:
        yield server
    finally:
        server.stop()
