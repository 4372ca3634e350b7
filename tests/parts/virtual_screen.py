"""A screen that is none (Xvfb), with a real keyboard's way in (xdotool): windows are found by what their title says."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageGrab
from tests.parts import required

SECONDS = 60
_SIZE = "1280x900x24"


@dataclass(frozen=True)
class Screen:
    """One running screen."""

    display: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a program that shows itself here."""
        return {**os.environ, "DISPLAY": self.display}

    def _do(self, *words: str) -> str:
        command = ["xdotool", *words]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return done.stdout

    def titles(self) -> dict[str, str]:
        """Return the windows that can be seen, each number with its title."""
        found = {}
        for number in self._do("search", "--onlyvisible", "--name", ".").split():
            title = self._do("getwindowname", number).strip()
            if title:
                found[number] = title
        return found

    def window(self, pattern: str) -> str | None:
        """Return the number of a window whose title matches, or None."""
        return next((number for number, title in self.titles().items() if re.search(pattern, title)), None)

    def wait_for(self, pattern: str, seconds: float = SECONDS) -> str:
        """Wait for a window whose title matches; return its number."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.window(pattern)
            if found is not None:
                return found
            assert time.monotonic() < deadline, f"no window said {pattern!r}: {self.titles()}"
            time.sleep(0.1)

    def type(self, window: str, text: str) -> None:
        """Type at whichever field of a window has the keyboard."""
        self._do("windowfocus", "--sync", window, "type", "--delay", "20", text)

    def press(self, window: str, *keys: str) -> None:
        """Press keys, such as "Return" or "alt+o", in a window."""
        self._do("windowfocus", "--sync", window, "key", "--delay", "20", *keys)

    def picture(self, window: str) -> Image.Image:
        """Return what a window shows."""
        lines = self._do("getwindowgeometry", "--shell", window).split()
        place = dict(each.split("=", 1) for each in lines)
        left, top, width, height = (int(place[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
        return ImageGrab.grab(bbox=(left, top, left + width, top + height), xdisplay=self.display)


@contextmanager
def running(folder: Path) -> Iterator[Screen]:
    """Run a screen for the block."""
    program = required.program("Xvfb", "xvfb")
    required.program("xdotool", "xdotool")
    reading, writing = os.pipe()
    said = (folder / "xvfb.log").open("wb")
    # Without -r, a key that a busy machine lets go of late repeats itself.
    command = [program, "-displayfd", str(writing), "-screen", "0", _SIZE, "-nolisten", "tcp", "-noreset", "-r"]
    process = subprocess.Popen(command, pass_fds=[writing], stdout=said, stderr=said, stdin=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as chosen:
            number = chosen.readline().strip()
        assert number, (folder / "xvfb.log").read_text(errors="replace")
        yield Screen(f":{number}")
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        said.close()
