"""Runs that somebody asked for on the maintainer's page."""

from pathlib import Path

from sqlalchemy import select
from tests.parts import door

from socle.appliance.backups import asking
from socle.appliance.backups.models import Kind, Outcome
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.foundation.home import Home
from socle.identity.actor import Actor
from socle.identity.audit.models import AuditEntry
from socle.jobs import asked_backups


def test_a_run_for_a_target_that_is_gone_ends_and_says_why(
    database: Database, clock: SettableClock, actor: Actor, tmp_path: Path
) -> None:
    tools = door.tools(database, clock, tmp_path)
    with database.writing() as session:
        number = asking.ask(session, actor, tools.of(Home), "old-disk", Kind.VERIFY)
    asked_backups.JOB.run(tools)
    with database.reading() as session:
        assert asking.waiting(session) == []
        run = asking.get(session, number)
        told = select(AuditEntry.reason).where(AuditEntry.action == "backup.verify", AuditEntry.subject_id == number)
        assert session.scalars(told).all() == ["BACKUP-TARGET-UNKNOWN"]
    assert (run.outcome, run.error_code, run.ended_at) == (Outcome.FAILED, "BACKUP-TARGET-UNKNOWN", clock.now())
    assert run.log[-1]["text"] == "BACKUP-TARGET-UNKNOWN"
