"""What is left to do once everything is restored: certificates, the kit's own proof, the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from socle.appliance.backups import reports
from socle.appliance.backups.recovery_kit import recovery
from socle.appliance.backups.recovery_kit.envelope import Contents
from socle.appliance.backups.recovery_kit.kit_secret import KitSecret
from socle.appliance.backups.recovery_kit.recovery import Candidate, Recovered
from socle.foundation.clock import Clock
from socle.foundation.database import Database
from socle.foundation.errors import SocleError
from socle.foundation.settings import Settings
from socle.identity.actor import Actor


@dataclass(frozen=True)
class Paper:
    """What two sheets gave: their secret, what the envelope holds, and the envelope as it was (none: words alone)."""

    secret: KitSecret
    held: Contents
    envelope: bytes | None


@dataclass(frozen=True)
class Finished:
    """The report's file; the certificates that could not be put back; why there is no PDF, if so."""

    report: Path
    certificates: list[Path]
    refusal: SocleError | None


def finish(
    done: Recovered,
    chosen: Candidate,
    candidates: Sequence[Candidate],
    paper: Paper,
    database: Database,
    settings: Settings,
    clock: Clock,
    actor: Actor,
    versions: dict[str, str],
    locale: str,
) -> Finished:
    """Put certificates back, note that the kit was just proven, and write the signed report."""
    opened = [one.target.name for one in candidates if one.error is None]
    with database.writing() as session:
        recovery.remember(session, actor, paper.secret, paper.held, paper.envelope, opened)
    certificates = recovery.put_certificates_back(settings, paper.held)
    written = recovery.report(chosen, done, clock.now(), versions)
    file, refusal = reports.write(done.restored.home, written, locale)
    return Finished(file, certificates, refusal)
