"""The workstation's agent as its person runs it: a process and a terminal of its own, typed at by the test."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.parts import chromium, ports, smart_card
from tests.parts.virtual_screen import Screen

SECONDS = 60


class Agent:
    """One `socle-station run`, and what it said so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.debugging_port = ports.free(1)[0]
        self._said = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._terminal = -1
        self.environment: dict[str, str] | None = None
        """What the agent finds around it; else what the tests themselves do."""

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of the agent's commands to its end."""
        return subprocess.run(
            self._words(*words), capture_output=True, text=True, timeout=SECONDS, check=False, env=self.environment
        )

    def _words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "socle_station", "--folder", str(self.folder), "--language", "fr", *words]

    def start(self, *more: str, browser_arguments: Sequence[str] = ()) -> None:
        """Start watching the card in a terminal, with a real Chromium without a screen."""
        own = ["--headless=new", "--ignore-certificate-errors", *browser_arguments]
        self._start(["--terminal", *more], own)

    def start_in_window(self, screen: Screen, *more: str, browser_arguments: Sequence[str] = ()) -> None:
        """Start the agent as its icon does: its own window, and Chromium's, on a screen."""
        self.environment = {**(self.environment or screen.environment), "DISPLAY": screen.display}
        self._start(list(more), list(browser_arguments))

    def _start(self, more: list[str], browser_arguments: list[str]) -> None:
        own = [*chromium.FLAGS, f"--remote-debugging-port={self.debugging_port}", *browser_arguments]
        words = [f"--browser-argument={each}" for each in own]
        self._terminal, theirs = pty.openpty()
        self._process = subprocess.Popen(
            self._words("run", "--module", smart_card.module(), *words, *more),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env=self.environment,
        )
        os.close(theirs)
        threading.Thread(target=self._read, args=(self._terminal,), daemon=True).start()

    def _read(self, terminal: int) -> None:
        with contextlib.suppress(OSError):
            while select.select([terminal], [], [])[0]:
                more = os.read(terminal, 4096)
                if not more:
                    return
                self._said += more

    @property
    def said(self) -> str:
        """What the agent showed since `forget`."""
        return self._said.decode(errors="replace")

    def forget(self) -> None:
        """Forget what was shown so far."""
        self._said = b""

    def type(self, text: str) -> None:
        """Type a line at the agent's terminal."""
        os.write(self._terminal, f"{text}\n".encode())

    def wait_for(self, words: str, seconds: float = SECONDS) -> None:
        """Wait until the agent has shown these words."""
        deadline = time.monotonic() + seconds
        while words not in self.said:
            running = self._process is not None and self._process.poll() is None
            if time.monotonic() > deadline or not running:
                raise AssertionError(f"the agent never said {words!r}:\n{self.said}")
            time.sleep(0.02)

    def stop(self) -> int:
        """End the agent as its person does."""
        return self._end(signal.SIGINT)

    def kill(self) -> None:
        """End the agent without a word, and the browser it opened."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        try:
            code = self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            code = self._process.wait(10)
        self._process = None
        os.close(self._terminal)
        return code
