"""A real slapd on this machine goes into the set whole, and comes back the same."""

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.builders import backups as places
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY
from tests.parts import required
from tests.parts import slapd as parts
from tests.parts.slapd import Slapd

from socle.appliance.backups import runs
from socle.appliance.backups.drill import DrillFailed, drill
from socle.appliance.backups.parts import slapd, small
from socle.appliance.backups.restore import Restoration, restore_home
from socle.appliance.backups.runs import Backups
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.settings import DirectorySettings, LdapSettings
from socle.migrations import history

pytestmark = [pytest.mark.real, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]
LDIF = f"""\
dn: {parts.SUFFIX}
objectClass: dcObject
objectClass: organization
o: Cabinet
dc: cabinet

dn: {parts.PEOPLE}
objectClass: organizationalUnit
ou: people

dn: uid=cmoreau,{parts.PEOPLE}
objectClass: inetOrgPerson
uid: cmoreau
cn: Camille Moreau
sn: Moreau
displayName:: Q2FtaWxsZSBNb3LDqWF1
userPassword: {{SSHA}}pV6yAwZbVfTpPP6XUn1yq+Xg0hMhWUPr
description: a line so long that slapcat would fold it if nobody told it not to, for it has more than 78 signs in it
""".encode()


@pytest.fixture
def server() -> Iterator[tuple[Slapd, Path]]:
    """A running slapd with three entries, and its configuration as a slapd.d folder."""
    with parts.folder() as folder:
        one = Slapd(folder / "ldap")
        one.load(LDIF)
        config = folder / "slapd.d"
        config.mkdir()
        words = [required.program("slaptest", "slapd"), "-f", str(one.folder / "slapd.conf"), "-F", str(config)]
        subprocess.run(words, check=True, capture_output=True)
        with one:
            yield one, config


@pytest.fixture
def place(tmp_path: Path, database: Database, clock: SettableClock, server: tuple[Slapd, Path]) -> Place:
    """A practice whose directory is that slapd."""
    made = places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY, documents=1)
    ldap = LdapSettings(urls=(server[0].socket_url,), slapd_config=str(server[1]))
    known = made.backups.sources
    settings = msgspec.structs.replace(known.settings, directory=DirectorySettings("ldap", ldap))
    return replace(made, backups=Backups(replace(known, settings=settings), made.backups.engines))


def data_files(server: Slapd) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((server.folder / "data").glob("data.mdb")))


def test_the_whole_directory_comes_back_and_the_living_one_is_not_touched(
    place: Place, server: tuple[Slapd, Path], tmp_path: Path
) -> None:
    before = data_files(server[0])
    manifest = runs.back_up(place.backups, place.target, ACTOR)
    assert (manifest.directory.kind, manifest.directory.reached) == ("slapd", True)
    assert manifest.directory.entries > 6
    done = drill(place.backups, place.target, history, ACTOR)
    assert {check.name: check.count for check in done.report.checks}["directory"] == manifest.directory.entries
    assert data_files(server[0]) == before, "the drill wrote into the living directory"

    cancel = threading.Event()
    restoration = Restoration(place.engine(), manifest, history, cancel)
    restore_home(restoration, tmp_path / "again", tmp_path / "keys", None, place.clock, ACTOR)
    kept = (tmp_path / "again" / "directory" / slapd.DATA).read_bytes()
    assert b"{SSHA}" not in kept  # slapcat writes passwords in base 64
    assert b"userPassword::" in kept
    assert b"uid=cmoreau" in kept
    assert b"olcDatabase={1}mdb" in (tmp_path / "again" / "directory" / slapd.CONFIG).read_bytes()


def test_a_directory_that_does_not_load_fails_the_drill(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    real = slapd.pack

    def spoilt(config: Path) -> tuple[bytes, int]:
        files = dict(slapd.unpack(real(config)[0]))
        files[slapd.DATA] = files[slapd.DATA].replace(b"objectClass: inetOrgPerson", b"objectClass: nothingKnown")
        return small.pack_files(files), slapd.entries(files)

    monkeypatch.setattr(slapd, "pack", spoilt)
    runs.back_up(place.backups, place.target, ACTOR)
    with pytest.raises(DrillFailed):
        drill(place.backups, place.target, history, ACTOR)


def test_unreadable_files_do_not_cost_the_night_and_are_told(place: Place, server: tuple[Slapd, Path]) -> None:
    server[1].rename(server[1].with_name("elsewhere"))
    manifest = runs.back_up(place.backups, place.target, ACTOR)
    assert (manifest.directory.kind, manifest.directory.reached, manifest.directory.entries) == ("slapd", False, 0)
    assert drill(place.backups, place.target, history, ACTOR).report.passed
