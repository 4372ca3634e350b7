"""Finds what Socle needs from the operating system, and installs what is missing with apt.

    python3 tools/prepare_machine.py run       what `make run` needs (restic, what prints pages need…)
    python3 tools/prepare_machine.py test      that, and the real parts the tests start
    python3 tools/prepare_machine.py python    prints the newest suitable Python

Uses the standard library only: it runs before anything is installed.
"""

import ctypes.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

NEWEST_PYTHON, OLDEST_PYTHON = (3, 13), (3, 11)
SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"


def program(name: str) -> Callable[[], bool]:
    """Return a test that `name` can be run; a plain user's PATH often lacks the sbin folders."""
    return lambda: shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}") is not None


def library(name: str) -> Callable[[], bool]:
    """Return a test that the shared library `name` is there."""
    return lambda: ctypes.util.find_library(name) is not None


def folder(pattern: str) -> Callable[[], bool]:
    """Return a test that something matches `pattern` from the root folder."""
    return lambda: any(Path("/").glob(pattern))


def suitable_python() -> str | None:
    """Return the newest python3 from 3.11 to 3.13 that can make a virtual environment, or None."""
    names = [f"python3.{minor}" for minor in range(NEWEST_PYTHON[1], OLDEST_PYTHON[1] - 1, -1)]
    for name in [*names, "python3"]:
        path = shutil.which(name)
        if path and _makes_environments(path):
            return path
    return None


def _makes_environments(python: str) -> bool:
    probe = f"import ensurepip, sys, venv; sys.exit(not {OLDEST_PYTHON} <= sys.version_info[:2] <= {NEWEST_PYTHON})"
    return subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0


def localhost_is_known() -> bool:
    """Tell whether this machine can find itself: a bare Debian 12 without /etc/hosts cannot."""
    return subprocess.run(["getent", "hosts", "localhost"], capture_output=True, check=False).returncode == 0


# Debian package → how to tell that it, or its like on another system, is there.
FOR_RUN: dict[str, Callable[[], bool]] = {
    "python3-venv": lambda: suitable_python() is not None,
    "restic": program("restic"),
    "libpango-1.0-0": library("pango-1.0"),
    "libpangoft2-1.0-0": library("pangoft2-1.0"),
    "libharfbuzz-subset0": library("harfbuzz-subset"),
    "libnss-myhostname": localhost_is_known,
    "fonts-dejavu-core": folder("usr/share/fonts/truetype/dejavu/*.ttf"),
}
FOR_TEST: dict[str, Callable[[], bool]] = FOR_RUN | {
    "postgresql": folder("usr/lib/postgresql/1[567]/bin/initdb"),
    "slapd": program("slapd"),
    "ldap-utils": program("ldapsearch"),
    "chromium": program("chromium"),
    "poppler-utils": program("pdftotext"),
    "libatomic1": folder("usr/lib/*/libatomic.so.1"),
    "procps": program("ps"),
}
SERVERS = {"postgresql", "slapd"}


def install(packages: list[str]) -> int:
    """Install Debian packages as root or through sudo; return an exit code, having said what to do when it can't."""
    by_hand = f"sudo apt-get update && sudo apt-get install --no-install-recommends {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        print(
            f"Socle needs: {', '.join(packages)} (Debian's names). Install their like, then try again.", file=sys.stderr
        )
        return 1
    sudo: list[str] = [] if os.geteuid() == 0 else ["sudo"]
    if sudo and shutil.which("sudo") is None:
        print(f"Socle needs packages that only root can install. As root, run:\n  {by_hand}", file=sys.stderr)
        return 1
    print(f"Installing Debian packages: {' '.join(packages)}", flush=True)
    for verb in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "Dpkg::Use-Pty=0", *verb],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            print(f"{done.stdout}\nThat failed. Run it by hand, then try again:\n  {by_hand}", file=sys.stderr)
            return 1
    started = sorted(SERVERS & set(packages))
    if started and Path("/run/systemd/system").exists():
        print(f"The tests start their own servers; Debian's can go: sudo systemctl disable --now {' '.join(started)}")
    return 0


def missing(wanted: dict[str, Callable[[], bool]]) -> list[str]:
    """Return the packages whose contents this machine lacks."""
    return [package for package, is_there in wanted.items() if not is_there()]


def main(word: str) -> int:
    """Do what the command line asks; return the exit code."""
    if word == "python":
        print(suitable_python() or "python3")
        return 0
    wanted = {"run": FOR_RUN, "test": FOR_TEST}[word]
    packages = missing(wanted)
    if not packages:
        return 0
    code = install(packages)
    still = missing(wanted)
    if code == 0 and still:
        print(f"Still missing after the installation: {', '.join(still)}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else "run"))
