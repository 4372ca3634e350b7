"""Opening targets with nothing but two sheets and the envelope; its keys lie in a folder that is gone afterwards."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from socle.appliance.backups import access
from socle.appliance.backups.engine import Engine, Engines, WrongPassword
from socle.appliance.backups.recovery_kit.envelope import Contents, Reach
from socle.appliance.backups.recovery_kit.kit_secret import KitSecret
from socle.foundation.errors import N_, SocleError
from socle.foundation.secrets import BACKUP_SSH_KEY, BORG_PASSPHRASE, RESTIC_PASSWORD, Keys, target_secret
from socle.foundation.settings import BackupTarget

Answer = TypeVar("Answer")


class TargetSilent(SocleError):
    """A target gave no answer in time."""

    code = "KIT-TARGET-SILENT"
    message = N_("The backup target “%(target)s” gave no answer within %(seconds)s seconds.")
    hint = N_("Check the network and the machine that holds it, then try again.")
    kind = "unavailable"


@dataclass(frozen=True)
class Reached:
    """A target of the envelope. `by_machine` opens it with the machine's own password, where that is another one."""

    target: BackupTarget
    by_kit: Engine
    by_machine: Engine | None

    def opened(self) -> Engine:
        """Return the engine that opens the repository: the kit's own key, else the machine's; any engine's error.

        A restic repository that was away when the kit was made does not have the kit's key.
        """
        self.by_kit.version()
        try:
            self.by_kit.identity()
        except WrongPassword:
            if self.by_machine is None:
                raise
            self.by_machine.identity()
            return self.by_machine
        return self.by_kit


@contextmanager
def at_hand(contents: Contents, secret: KitSecret, engines: Engines) -> Iterator[list[Reached]]:
    """Give each target of the envelope, with keys that are gone at the end."""
    with tempfile.TemporaryDirectory(prefix="socle-kit-", ignore_cleanup_errors=True) as place:
        kit, machine = Keys(Path(place) / "kit"), Keys(Path(place) / "machine")
        for keys in (kit, machine):
            keys.write(BORG_PASSPHRASE, contents.passwords.get("borg", "").encode())
            if contents.ssh_key:
                keys.write(BACKUP_SSH_KEY, contents.ssh_key)
            for one in contents.targets:
                if one.secret:
                    keys.write(target_secret(one.name), one.secret.encode())
        kit.write(RESTIC_PASSWORD, secret.password)
        own = contents.passwords.get("restic", "")
        machine.write(RESTIC_PASSWORD, own.encode())
        yield [_reached(one, Path(place), kit, machine if own else None, engines) for one in contents.targets]


def _reached(one: Reach, place: Path, kit: Keys, machine: Keys | None, engines: Engines) -> Reached:
    certificate = place / f"{one.name}.pem"
    if one.certificate:
        certificate.write_bytes(one.certificate)
    target = BackupTarget(
        name=one.name,
        repository=one.repository,
        engine="borg" if one.engine == "borg" else "restic",
        offsite=one.offsite,
        username=one.username,
        host_key=one.host_key,
        certificate_file=str(certificate) if one.certificate else "",
    )
    second = machine if one.engine == "restic" else None
    return Reached(
        target,
        engines.open(target, access.with_keys(target, kit)),
        engines.open(target, access.with_keys(target, second)) if second else None,
    )


def within(seconds: float, work: Mapping[str, Callable[[], Answer]]) -> dict[str, Answer | SocleError]:
    """Do the work of all targets at once; what raised, or gave no answer in time, is its error.

    A thread that got no answer ends with its engine's own limits; nobody waits for it.
    """
    answers: dict[str, Answer | SocleError] = {}
    broken: list[BaseException] = []

    def do(name: str, one: Callable[[], Answer]) -> None:
        try:
            answers[name] = one()
        except SocleError as error:
            answers[name] = error
        except BaseException as error:  # noqa: BLE001 - raised again by the one who waits
            broken.append(error)

    threads = [threading.Thread(target=do, args=pair, daemon=True) for pair in work.items()]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    if broken:
        raise broken[0]
    silent = {name: TargetSilent(target=name, seconds=int(seconds)) for name in work}
    return {name: answers.get(name, silent[name]) for name in work}
