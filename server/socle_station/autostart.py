"""Has the agent start when its person opens their session on this machine, by each system's own way."""

import os
import plistlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from socle_station.wording import Fault

NAME = "Socle"
RUN_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
_LABEL = "fr.socle.station"
SECONDS = 30


def command(folder: Path, program: str = sys.executable) -> list[str]:
    """Return what starts the agent with its window: this very Python, wherever it was installed."""
    windowed = Path(program).with_name("pythonw.exe")  # Windows: no black window beside the agent's own
    python = str(windowed) if windowed.exists() else program
    return [python, "-m", "socle_station", "--folder", str(folder.absolute()), "run"]


def place(home: Path, system: str = sys.platform) -> Path:
    """Return the file that has the agent started; Windows keeps a registry value instead."""
    if system == "darwin":
        return home / "Library" / "LaunchAgents" / f"{_LABEL}.plist"
    return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "autostart" / "socle-station.desktop"


def content(words: Sequence[str], system: str = sys.platform) -> bytes:
    """Return that file: a launch agent of macOS, or a desktop entry (freedesktop.org Desktop Entry 1.5)."""
    if system == "darwin":
        return plistlib.dumps({"Label": _LABEL, "ProgramArguments": list(words), "RunAtLoad": True})
    return (
        "[Desktop Entry]\nType=Application\nName=Socle\nComment=Carte professionnelle\n"
        f"Exec={' '.join(_quoted(word) for word in words)}\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
    ).encode()


def registry_command(words: Sequence[str] | None) -> list[str]:
    """Return the `reg` of Windows that has the agent started, or no longer."""
    if words is None:
        return ["reg", "delete", RUN_KEY, "/v", NAME, "/f"]
    return ["reg", "add", RUN_KEY, "/v", NAME, "/t", "REG_SZ", "/d", subprocess.list2cmdline(words), "/f"]


def switch_on(folder: Path, home: Path, system: str = sys.platform) -> None:
    """Have the agent of this folder start at each opening of a session; Fault when the system refuses."""
    words = command(folder)
    if system == "win32":
        _run(registry_command(words))
        return
    file = place(home, system)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content(words, system))
    except OSError as error:
        raise Fault("AUTOSTART-REFUSED", reason=error.strerror or str(error)) from None


def switch_off(home: Path, system: str = sys.platform) -> None:
    """Have it start no longer; nothing happens when it did not."""
    if system == "win32":
        if _succeeds(["reg", "query", RUN_KEY, "/v", NAME]):
            _run(registry_command(None))
        return
    try:
        place(home, system).unlink(missing_ok=True)
    except OSError as error:
        raise Fault("AUTOSTART-REFUSED", reason=error.strerror or str(error)) from None


def _quoted(word: str) -> str:
    r"""Return an argument as `Exec` takes it: quoted, its backslashes doubled for the file, `%` as `%%`."""
    escaped = "".join(f"\\{sign}" if sign in '"`$\\' else sign for sign in word)
    return '"' + escaped.replace("\\", "\\\\").replace("%", "%%") + '"'


def _run(words: list[str]) -> None:
    if not _succeeds(words):
        raise Fault("AUTOSTART-REFUSED", reason=" ".join(words[:2]))


def _succeeds(words: list[str]) -> bool:
    try:
        done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
