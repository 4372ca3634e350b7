"""Finds what Socle needs from the operating system, and installs what is missing with apt.

    python3 tools/prepare_machine.py run       what `make run` needs (restic, what prints pages need…)
    python3 tools/prepare_machine.py test      that, and the real parts the tests start
    python3 tools/prepare_machine.py python    prints the newest suitable Python

Uses the standard library only: it runs before anything is installed.
"""

import ctypes.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
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


def python_headers() -> bool:
    """Tell whether what the chosen Python's C extensions are built with is there."""
    words = [suitable_python() or "python3", "-c", "import sysconfig; print(sysconfig.get_path('include'))"]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    return bool(said) and (Path(said) / "Python.h").exists()


def python_windows() -> bool:
    """Tell whether the chosen Python can open windows; Debian packages that apart."""
    words = [suitable_python() or "python3", "-c", "import tkinter"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def localhost_is_known() -> bool:
    """Tell whether this machine can find itself: a bare Debian 12 without /etc/hosts cannot."""
    return subprocess.run(["getent", "hosts", "localhost"], capture_output=True, check=False).returncode == 0


def borg_is_recent() -> bool:
    """Tell whether borg 1.4 or later is there; Debian 12 itself has 1.2."""
    if not program("borg")():
        return False
    said = subprocess.run(["borg", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)\.(\d+)", said)
    return found is not None and (int(found.group(1)), int(found.group(2))) >= (1, 4)


# Debian package → how to tell that it, or its like on another system, is there.
FOR_RUN: dict[str, Callable[[], bool]] = {
    "python3-venv": lambda: suitable_python() is not None,
    "restic": program("restic"),
    "openssh-client": program("ssh"),
    "libpango-1.0-0": library("pango-1.0"),
    "libpangoft2-1.0-0": library("pangoft2-1.0"),
    "libharfbuzz-subset0": library("harfbuzz-subset"),
    "libnss-myhostname": localhost_is_known,
    "fonts-dejavu-core": folder("usr/share/fonts/truetype/dejavu/*.ttf"),
    "poppler-utils": program("pdftoppm"),
}
FOR_TEST: dict[str, Callable[[], bool]] = FOR_RUN | {
    "postgresql": folder("usr/lib/postgresql/1[567]/bin/initdb"),
    "slapd": program("slapd"),
    "ldap-utils": program("ldapsearch"),
    "chromium": program("chromium"),
    "libatomic1": folder("usr/lib/*/libatomic.so.1"),
    "procps": program("ps"),
    "openssh-server": program("sshd"),
    "borgbackup": borg_is_recent,
    "restic-rest-server": program("restic-rest-server"),
    # A domain controller needs them all, and none of what they recommend.
    "samba-ad-dc": program("samba"),
    "samba-ad-provision": folder("usr/share/samba/setup/provision.ldif"),
    "samba-dsdb-modules": folder("usr/lib/*/samba/ldb/samldb.so"),
    "samba-vfs-modules": folder("usr/lib/*/samba/vfs/acl_xattr.so"),
    "winbind": program("winbindd"),
    "python3-samba": folder("usr/lib/python3/dist-packages/samba/samdb.py"),
    # Cards: a reader that is none, and what pyscard is built from (it has no wheel for Linux).
    "pcscd": program("pcscd"),
    "vsmartcard-vpcd": folder("usr/lib/pcsc/drivers/serial/libifdvpcd.so*"),
    "opensc-pkcs11": folder("usr/lib/*/opensc-pkcs11.so"),
    "gcc": program("gcc"),
    "libc6-dev": folder("usr/include/stdlib.h"),
    "libpcsclite-dev": folder("usr/include/PCSC/winscard.h"),
    "swig": program("swig"),
    "python3-dev": python_headers,
    # The agent's window and the browser's, on a screen that is none; what makes browsers trust an authority.
    "xvfb": program("Xvfb"),
    "xdotool": program("xdotool"),
    "python3-tk": python_windows,
    "libnss3-tools": program("certutil"),
}
SERVERS = {"pcscd", "postgresql", "slapd", "openssh-server", "restic-rest-server", "samba-ad-dc", "winbind"}
# What a release lacks, or has too old → the later suite of Debian that has it for this release.
FROM_LATER: dict[str, dict[str, str]] = {
    "bookworm": {"borgbackup": "bookworm-backports", "restic-rest-server": "trixie"}
}
# Programs without libraries of their own: taken out of the later package, so that nothing else of the system changes.
TAKEN_OUT = {"restic-rest-server": "usr/bin/restic-rest-server"}


def install(packages: list[str]) -> int:
    """Install Debian packages as root or through sudo; return an exit code, having said what to do when it can't."""
    later = {name: suite for name, suite in FROM_LATER.get(release(), {}).items() if name in packages}
    plain = [name for name in packages if name not in later]
    by_hand = f"sudo apt-get update && sudo apt-get install --no-install-recommends {' '.join(plain)}"
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
    for verb in (["update", "-qq"], [*INSTALL, *plain]) if plain else ():
        done = apt(sudo, verb)
        if done.returncode != 0:
            print(f"{done.stdout}\nThat failed. Run it by hand, then try again:\n  {by_hand}", file=sys.stderr)
            return 1
    for name, suite in later.items():
        said = install_from_later(sudo, name, suite)
        if said:
            print(f"{said}\nThat failed. Install {name} as {suite} has it, then try again.", file=sys.stderr)
            return 1
    started = sorted(SERVERS & set(packages))
    if started and Path("/run/systemd/system").exists():
        print(f"The tests start their own servers; Debian's can go: sudo systemctl disable --now {' '.join(started)}")
    return 0


INSTALL = ["install", "-qq", "-y", "--no-install-recommends"]


def apt(sudo: list[str], words: list[str], folder: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Run apt-get without questions; what it says comes back as text."""
    return subprocess.run(
        [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "Dpkg::Use-Pty=0", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, cwd=folder,
    )  # fmt: skip


def release() -> str:
    """Return Debian's name for this release, such as "bookworm"; empty elsewhere."""
    file = Path("/etc/os-release")
    words = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line) if file.exists() else {}
    return words.get("VERSION_CODENAME", "").strip('"') if words.get("ID") == "debian" else ""


def own_mirror() -> str:
    """Return the address this machine has its Debian from, as apt itself reads its sources."""
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    words = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    for line in subprocess.run(words, capture_output=True, text=True, check=False).stdout.splitlines():
        address, suite, component = line.split()
        if (suite, component) == (release(), "main"):
            return address
    return ""


def install_from_later(sudo: list[str], package: str, suite: str) -> str:
    """Install one package of a later suite, seen for this one call only; return what apt said when that failed."""
    mirror = own_mirror()
    if not mirror:
        return f"apt has no {release()} main among its sources."
    with tempfile.TemporaryDirectory(prefix="socle-apt-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "lists" / "partial").mkdir(parents=True)
        suites = [suite] if package in TAKEN_OUT else [release(), suite]
        key = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
        (folder / "sources.list").write_text("".join(f"deb [{key}] {mirror} {one} main\n" for one in suites))
        options = [f"Dir::Etc::sourcelist={folder}/sources.list", "Dir::Etc::sourceparts=/dev/null"]
        options += [f"Dir::State::lists={folder}/lists", "Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache="]
        seen = [word for option in options for word in ("-o", option)]
        install = ["download", "-qq", package] if package in TAKEN_OUT else [*INSTALL, "-t", suite, package]
        said = ""
        for words in (["update", "-qq"], install):
            done = apt(sudo, [*seen, *words], name)
            said = done.stdout if done.returncode else ""
            if said:
                break
        if not said and package in TAKEN_OUT:
            said = take_out(sudo, folder, TAKEN_OUT[package])
        subprocess.run([*sudo, "rm", "-rf", f"{folder}/lists"], check=False)
        return said


def take_out(sudo: list[str], folder: Path, path: str) -> str:
    """Put one program of the downloaded package into /usr/local/bin; return what went wrong."""
    for words in (
        ["dpkg-deb", "--extract", *map(str, folder.glob("*.deb")), f"{folder}/out"],
        [*sudo, "install", "-D", "-m", "755", f"{folder}/out/{path}", "-t", "/usr/local/bin"],
    ):
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            return done.stdout
    return ""


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
