"""A kit of three kinds of targets: a disk, a rest-server that only lets add, borg over SSH. Then nothing but paper."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.builders import backups as places
from tests.builders import recovery_kits as kits
from tests.builders.backups import ACTOR, Place
from tests.conftest import AUDIT_KEY, DATABASE_KEY
from tests.parts import borg
from tests.parts.rest_server import NAME, RestServer
from tests.parts.sshd import Sshd

from socle.appliance.backups import runs
from socle.appliance.backups.recovery_kit import envelope, reaching, recovery, scanning, state, words
from socle.appliance.backups.recovery_kit.kit_secret import KitSecret
from socle.appliance.backups.restore import fingerprint
from socle.appliance.backups.runs import Backups
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.engines import embedded_engine
from socle.foundation.secrets import BACKUP_SSH_KEY, target_secret
from socle.foundation.settings import BackupSettings, BackupTarget, Settings
from socle.migrations import history

pytestmark = [pytest.mark.real, pytest.mark.slow]
CHANGED_BY_A_RESTORE = {"session", "audit_entry", "audit_lane", "backup_run", "recovery_kit"}


def _with_three_targets(place: Place, rest: RestServer, neighbour: Sshd, kept: Path) -> Place:
    place.home.keys.write(BACKUP_SSH_KEY, neighbour.key.read_bytes())
    place.home.keys.write(target_secret("offsite"), rest.password.encode())
    targets = (
        place.target,
        BackupTarget(
            name="offsite",
            repository=f"{rest.address}practice",
            username=NAME,
            certificate_file=str(rest.certificate_file),
            append_only=True,
            offsite=True,
        ),
        BackupTarget(
            name="neighbour",
            repository=neighbour.address(kept / "practice"),
            engine="borg",
            host_key=neighbour.host_key,
            offsite=True,
        ),
    )
    settings = Settings(backup=BackupSettings(targets=targets))
    backups = Backups(replace(place.backups.sources, settings=settings), place.backups.engines)
    for target in targets:
        runs.prepare(backups, target)
        place.later(minutes=10)
        runs.back_up(backups, target, ACTOR)
    return replace(place, backups=backups)


@pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)
def test_paper_reaches_a_server_and_a_neighbour(tmp_path: Path, database: Database, clock: SettableClock) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    serve = f"{borg.program()} serve --append-only --restrict-to-path {kept}"
    with RestServer(tmp_path / "rest") as rest, Sshd(tmp_path / "sshd", serve) as neighbour:
        place = places.make(tmp_path / "place", database, clock, DATABASE_KEY, AUDIT_KEY)
        place = _with_three_targets(place, rest, neighbour, kept)
        kit = kits.make(place)
        openings = kits.prove(place, kit)
        assert [(one.target, one.error and one.error.code) for one in openings] == [
            ("disk", None),
            ("offsite", None),
            ("neighbour", None),
        ]
        with place.database.reading() as session:
            assert state.read(session, place.home, place.backups.sources.settings).code == "RECOVERY-KIT"
        paper = kits.scanned(kit, tmp_path, 1, 2)
        before = fingerprint(place.database.engine).database
        assert before is not None
        for gone in (place.home.folder, place.home.keys.folder, place.repository):
            shutil.rmtree(gone)
        rest.certificate_file.unlink()
        neighbour.key.unlink()

        scanned = scanning.read(paper)
        secret = KitSecret(words.combine(*scanned.sheets))
        held = envelope.unseal(envelope.joined(list(scanned.parts)), secret)
        with reaching.at_hand(held, secret, place.backups.engines) as targets:
            candidates = recovery.look(targets, "newest", clock.now())
            assert [one.error.code if one.error else "" for one in candidates] == ["BACKUP-REPOSITORY-MISSING", "", ""]
            assert recovery.best(candidates).target.name == "neighbour"  # the last one that was sealed
            for number, chosen in enumerate(candidates[1:]):
                into, keys = tmp_path / f"again-{number}", tmp_path / f"keys-{number}"
                done = recovery.recover(chosen, into, keys, None, history, clock, ACTOR, lambda _name, _seconds: None)
                again = embedded_engine(into / "database" / "practice.db", done.restored.home.keys.read("database"))
                after = fingerprint(again).database
                again.dispose()
                assert after is not None
                for table in before.tables.keys() - CHANGED_BY_A_RESTORE:
                    assert after.tables[table] == before.tables[table], (chosen.target.name, table)
                assert not recovery.put_certificates_back(place.backups.sources.settings, held)
                assert rest.certificate_file.read_bytes() == held.targets[1].certificate
                # The new machine can go on backing up: what opened the targets came back with the set.
                assert done.restored.home.keys.read(target_secret("offsite")) == rest.password.encode()
