"""Has the browsers of this person trust the server's authority, with the tools of each system."""

import shutil
import subprocess
import sys
from pathlib import Path

from socle_station.wording import Fault

NAME = "Socle"
SECONDS = 60


def stores(home: Path, profile: Path) -> list[Path]:
    """Return the certificate stores of Linux: Chromium's and Edge's, its newer place once it is there, Firefox's."""
    newer = home / ".local" / "share" / "pki" / "nssdb"
    return [home / ".pki" / "nssdb", *([newer] if newer.is_dir() else []), profile]


def commands(authority: Path, home: Path, profile: Path, system: str = sys.platform) -> list[list[str]]:
    """Return what has to be run."""
    if system == "win32":
        return [["certutil", "-user", "-addstore", "Root", str(authority)]]
    if system == "darwin":
        keychain = home / "Library" / "Keychains" / "login.keychain-db"
        return [["security", "add-trusted-cert", "-r", "trustRoot", "-k", str(keychain), str(authority)]]
    made = []
    for folder in stores(home, profile):
        place = f"sql:{folder}"
        if not (folder / "cert9.db").exists():
            made.append(["certutil", "-d", place, "-N", "--empty-password"])
        made.append(["certutil", "-d", place, "-A", "-t", "C,,", "-n", NAME, "-i", str(authority)])
    return made


def install(authority: Path, home: Path, profile: Path, system: str = sys.platform) -> None:
    """Make the browsers trust the authority; a Fault names the commands that a person has to run instead."""
    wanted = commands(authority, home, profile, system)
    tool = wanted[0][0]
    by_hand = "\n".join(" ".join(f'"{word}"' if " " in word else word for word in each) for each in wanted)
    if shutil.which(tool) is None:
        raise Fault("TRUST-TOOL-MISSING", tool=tool, commands=by_hand)
    if system not in {"win32", "darwin"}:
        for folder in stores(home, profile):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if (folder / "cert9.db").exists():  # an authority of before, under the same name, would stay in the way
                _done(["certutil", "-d", f"sql:{folder}", "-D", "-n", NAME])
    for each in wanted:
        if not _done(each):
            raise Fault("TRUST-REFUSED", tool=tool, commands=by_hand)


def _done(words: list[str]) -> bool:
    try:
        done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
