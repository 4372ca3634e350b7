"""Has the browsers of this person trust the server's authority, with the tools of each system."""

import shutil
import subprocess
import sys
from pathlib import Path

NAME = "Socle"
SECONDS = 60


def commands(authority: Path, home: Path, profile: Path, system: str = sys.platform) -> list[list[str]]:
    """Return what has to be run: Chromium and Edge on Linux read ~/.pki/nssdb, Firefox its own profile."""
    if system == "win32":
        return [["certutil", "-user", "-addstore", "Root", str(authority)]]
    if system == "darwin":
        keychain = home / "Library" / "Keychains" / "login.keychain-db"
        return [["security", "add-trusted-cert", "-r", "trustRoot", "-k", str(keychain), str(authority)]]
    store = home / ".pki" / "nssdb"
    made = []
    for folder in (store, profile):
        place = f"sql:{folder}"
        if not (folder / "cert9.db").exists():
            made.append(["certutil", "-d", place, "-N", "--empty-password"])
        made.append(["certutil", "-d", place, "-A", "-t", "C,,", "-n", NAME, "-i", str(authority)])
    return made


def install(authority: Path, home: Path, profile: Path, system: str = sys.platform) -> str | None:
    """Make the browsers trust the authority; return None, or the commands that a person has to run instead."""
    wanted = commands(authority, home, profile, system)
    by_hand = "\n".join(" ".join(f'"{word}"' if " " in word else word for word in each) for each in wanted)
    if shutil.which(wanted[0][0]) is None:
        return by_hand
    if system not in {"win32", "darwin"}:
        for folder in (home / ".pki" / "nssdb", profile):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in wanted:
        try:
            done = subprocess.run(each, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return by_hand
        if done.returncode != 0:
            return by_hand
    return None
