"""An OpenLDAP server on this machine: its whole configuration and data, as slapcat writes them and slapadd reads them.

slapcat is always safe on the mdb backend, also while slapd runs (slapcat(8)). Passwords and the trail of changes come
along, which no reading through LDAP gives.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from socle.appliance.backups.parts import small
from socle.foundation.commands import Command, CommandFailed, CommandMissing, plain_environment, run
from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import DirectorySettings

KIND = "slapd"
CONFIG, DATA = "config.ldif", "data.ldif"
_NUMBERS = {CONFIG: "0", DATA: "1"}
_FOLDER = re.compile(rb"(?im)^olcDbDirectory::? .*$")


class SlapcatFailed(SocleError):
    """slapcat could not read the directory's files."""

    code = "BACKUP-SLAPCAT-FAILED"
    message = N_("The directory's own files could not be read (%(program)s).")
    hint = N_("Check “directory.ldap.slapd_config” and that Socle may read that folder and the directory's data.")
    kind = "unavailable"


def config_folder(settings: DirectorySettings) -> Path | None:
    """Return the slapd.d folder of a directory that lives on this machine, if the settings name it."""
    named = settings.ldap.slapd_config if settings.kind == "ldap" else ""
    return Path(named) if named else None


def pack(config: Path) -> tuple[bytes, int]:
    """Return configuration and data as one part, and how many entries they hold; SlapcatFailed."""
    files = {name: _slapcat(config, number) for name, number in _NUMBERS.items()}
    return small.pack_files(files), entries(files)


def unpack(part: bytes) -> Mapping[str, bytes]:
    """Return config.ldif and data.ldif; SmallPartBroken."""
    return small.unpack_files(part)


def entries(files: Mapping[str, bytes]) -> int:
    """Count the entries of all files."""
    return sum(line.startswith(b"dn:") for content in files.values() for line in content.splitlines())


def differences(files: Mapping[str, bytes], scratch: Path) -> list[str]:
    """Load both into an empty scratch folder with slapadd, read them back, and return which came back different.

    The configuration names the folder of the living data: it is given one in the scratch place first.
    """
    config = scratch / "slapd.d"
    config.mkdir(mode=0o700, parents=True)
    moved = {**files, CONFIG: _moved(files[CONFIG], scratch)}
    for name, number in _NUMBERS.items():
        ldif = scratch / name
        ldif.touch(mode=0o600)
        ldif.write_bytes(moved[name])
        if not _run("slapadd", "-q", "-F", str(config), "-n", number, "-l", str(ldif)):
            return [name]
    return [name for name, number in _NUMBERS.items() if _plain(_slapcat(config, number)) != _plain(moved[name])]


def _moved(config: bytes, scratch: Path) -> bytes:
    """Give each database a folder in the scratch place: slapadd must never reach the living data."""
    number = 0

    def other(_found: re.Match[bytes]) -> bytes:
        nonlocal number
        number += 1
        folder = scratch / f"data-{number}"
        folder.mkdir(mode=0o700)
        return f"olcDbDirectory: {folder}".encode()

    return _FOLDER.sub(other, _unfolded(config))


def _unfolded(ldif: bytes) -> bytes:
    """Join the lines that LDIF cut after 78 signs (RFC 2849)."""
    return ldif.replace(b"\n ", b"")


def _plain(ldif: bytes) -> list[list[bytes]]:
    """Return the entries in order, each with its lines sorted: the order of attributes means nothing (RFC 4512)."""
    return [sorted(entry.splitlines()) for entry in _unfolded(ldif).split(b"\n\n")]


def _slapcat(config: Path, number: str) -> bytes:
    output = _run("slapcat", "-o", "ldif-wrap=no", "-F", str(config), "-n", number)
    if not output:
        raise SlapcatFailed(program=f"slapcat -n {number}")
    return output


def _run(*words: str) -> bytes:
    """Return what a program of slapd wrote (a blank line for one that succeeds silently), or nothing if it failed."""
    environment = plain_environment()
    environment["PATH"] += ":/usr/sbin"  # Debian keeps them there, out of an ordinary account's way
    try:
        done = run(Command(list(words), environment)).succeeded()
    except (CommandFailed, CommandMissing):
        return b""
    return done.output or b"\n"
