"""Making a kit: a fresh secret, its three sheets, the envelope, and a second key for every restic repository."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from socle.appliance.backups import plan
from socle.appliance.backups.engine import OnePasswordOnly
from socle.appliance.backups.recovery_kit import envelope, gathering, grouped_text, kit_secret, words
from socle.appliance.backups.recovery_kit.envelope import Contents
from socle.appliance.backups.recovery_kit.kit_secret import KitSecret
from socle.appliance.backups.recovery_kit.models import RecoveryKit
from socle.appliance.backups.recovery_kit.reaching import within
from socle.appliance.backups.runs import Backups
from socle.foundation import log
from socle.foundation.database import now
from socle.foundation.errors import SocleError
from socle.foundation.settings import BackupTarget
from socle.identity.actor import Actor
from socle.identity.audit import trail

SECONDS = 60.0
"""How long a target may take to take the key."""


@dataclass(frozen=True)
class Draft:
    """A kit that is not printed yet. It holds the secret: it must not outlive the request or the command."""

    secret: KitSecret
    sheets: tuple[str, ...]
    contents: Contents
    envelope: bytes
    covers: dict[str, str]
    engines: dict[str, str]
    """Each target's engine and version, as it is printed."""

    @property
    def number(self) -> str:
        """The kit's public number."""
        return self.secret.number

    def __repr__(self) -> str:
        """Show the number alone."""
        return f"Draft({self.number})"


def draft(backups: Backups) -> Draft:
    """Return a new kit for the targets of the settings; KeyMissing. Nothing is changed yet."""
    sources = backups.sources
    secret = kit_secret.new()
    contents = gathering.contents(sources.home, sources.settings, f"{sources.clock.now():%Y-%m-%d}")
    return Draft(
        secret=secret,
        sheets=words.split(secret.raw),
        contents=contents,
        envelope=envelope.seal(contents, secret),
        covers=gathering.marks(contents),
        engines={one.name: _version(backups, one) for one in plan.targets(sources.settings, sources.home)},
    )


def add_keys(backups: Backups, kit: Draft) -> dict[str, SocleError]:
    """Let the kit's own password open each restic repository; return the targets that could not take it, and why.

    That is no reason not to print: the envelope has the machine's own password too, and proving tries again.
    """
    targets = plan.targets(backups.sources.settings, backups.sources.home)

    done = within(SECONDS, {target.name: partial(_add_key, backups, target, kit.secret) for target in targets})
    return {name: answer for name, answer in done.items() if isinstance(answer, SocleError)}


def _add_key(backups: Backups, target: BackupTarget, secret: KitSecret) -> None:
    with suppress(OnePasswordOnly):  # the envelope has that one
        backups.engine(target).add_password(secret.password)


def remember(session: Session, actor: Actor, kit: Draft, holders: list[str]) -> None:
    """Write the kit down, without its secret."""
    row = RecoveryKit(
        number=kit.number,
        made_at=now(session),
        made_by=actor.name,
        envelope=grouped_text.encoded(kit.envelope),
        covers=kit.covers,
        holders=holders,
        proven={},
    )
    session.add(row)
    session.flush()
    trail.record(session, actor, "kit.made", "recovery_kit", row.id, reason=kit.number)
    log.info("recovery_kit_made", count=len(kit.covers))


def _version(backups: Backups, target: BackupTarget) -> str:
    try:
        return backups.unopened(target).version()
    except SocleError:  # not installed today: the kit can be printed all the same
        return target.engine
