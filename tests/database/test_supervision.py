"""Every check against a real database and a real home folder."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from socle.appliance.supervision import health, job_runs
from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation import home as homes
from socle.foundation.checks import Finding, worst
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database, now
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.identity.actor import Role, machine
from socle.identity.audit import trail
from socle.identity.people.models import Account
from socle.identity.sessions import doors, sessions, tokens
from socle.identity.sessions.factors.models import Passkey
from socle.identity.sessions.sessions import Place
from socle.identity.sessions.standing import Limits

LIMITS = Limits(idle=timedelta(minutes=10), absolute=timedelta(hours=12))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return homes.create(tmp_path / "home", tmp_path / "keys")


@pytest.fixture
def well(database: Database, home: Home) -> None:
    """A practice in which nothing is wrong (the disk of the machine that runs the tests aside)."""
    with database.writing() as session:
        trail.record(session, machine("test"), "session.open")
        job_runs.register(session, "nightly")


def examine(database: Database, home: Home, *others: Finding) -> dict[str, Finding]:
    with database.reading() as session:
        moment = now(session)
        found = health.examine(Circumstances(session, home, moment, moment + timedelta(days=90)), others)
    return {finding.code: finding for finding in found if finding.code != "DISK-SPACE"}


@pytest.mark.usefixtures("well")
def test_nothing_wrong_is_green(database: Database, home: Home) -> None:
    found = examine(database, home)
    assert worst(finding.state for finding in found.values()) == "green", found
    assert len(found) == len(health.CHECKS) - 1


@pytest.mark.usefixtures("well")
def test_keys_that_others_can_read(database: Database, home: Home) -> None:
    (home.keys.folder / "audit").chmod(0o640)
    found = examine(database, home)["KEYS-EXPOSED"]
    assert (found.state, found.details["names"]) == ("red", "audit")


@pytest.mark.usefixtures("well")
def test_a_missing_key_is_found_and_hides_no_other_check(database: Database, home: Home) -> None:
    (home.keys.folder / "documents").unlink()
    found = examine(database, Home(home.folder, Keys(home.keys.folder)))  # a process that has not read it yet
    assert found["KEYS-MISSING"].state == "red"
    assert found["JOBS"].state == "green"


def test_keys_inside_the_home_protect_nothing(database: Database, tmp_path: Path) -> None:
    home = homes.create(tmp_path / "home", tmp_path / "home" / "keys")
    assert examine(database, home)["KEYS-INSIDE-HOME"].state == "red"


@pytest.mark.usefixtures("well")
def test_a_database_of_another_version(database: Database, home: Home) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert examine(database, home)["DATABASE-REVISION"].state == "red"


@pytest.mark.usefixtures("well")
def test_a_silent_scheduler(database: Database, home: Home, clock: SettableClock) -> None:
    clock.advance(timedelta(hours=25))
    assert "JOBS" in examine(database, home)
    clock.advance(timedelta(hours=2))
    assert examine(database, home)["JOBS-SILENT"].state == "red"


@pytest.mark.usefixtures("well")
def test_a_failed_job_is_named_until_it_succeeds(database: Database, home: Home) -> None:
    for outcome, code in (("failed", "JOBS-FAILED"), ("done", "JOBS")):
        with database.writing() as session:
            job_runs.end(session, job_runs.begin(session, "nightly", now(session)), outcome, "NO-SPACE")
        assert code in examine(database, home)


@pytest.mark.usefixtures("well")
def test_a_clock_set_back(database: Database, home: Home, clock: SettableClock) -> None:
    clock.advance(timedelta(hours=-2))
    assert examine(database, home)["CLOCK-BACKWARDS"].details["minutes"] == 120


@pytest.mark.usefixtures("well")
def test_the_emergency_administrator_is_seen_for_a_week(database: Database, home: Home, clock: SettableClock) -> None:
    with database.writing() as session:
        account = Account(
            username="secours", display_name="Secours", roles=[Role.ADMINISTRATOR], created_at=now(session)
        )
        session.add(account)
        session.flush()
        place = Place(tokens.digest("b"), "Firefox", "192.0.2.7")
        sessions.open_at(session, doors.MAINTAINER, account, place, tokens.digest("t"), LIMITS, "break_glass")
    assert examine(database, home)["EMERGENCY-SIGN-IN"].state == "amber"
    clock.advance(timedelta(days=8))
    assert "EMERGENCY" in examine(database, home)


@pytest.mark.parametrize(("days", "code"), [(90, "CERTIFICATE"), (20, "CERTIFICATE-ENDS"), (-1, "CERTIFICATE-ENDS")])
def test_the_end_of_the_certificate(database: Database, home: Home, days: int, code: str) -> None:
    with database.reading() as session:
        moment = now(session)
        found = health.examine(Circumstances(session, home, moment, moment + timedelta(days=days)))
    assert code in {finding.code for finding in found}


@pytest.mark.usefixtures("well")
def test_the_worst_comes_first_and_other_rooms_count(database: Database, home: Home) -> None:
    found = list(examine(database, home, Finding("BACKUP-NEVER", "red", "x")).values())
    assert found[0].code == "BACKUP-NEVER"


@pytest.mark.usefixtures("well")
def test_who_lacks_a_second_factor_is_named(database: Database, home: Home) -> None:
    with database.writing() as session:
        for name, role in (("nathalie", Role.ADMINISTRATOR), ("karim", Role.MAINTAINER), ("claire", Role.SECRETARY)):
            session.add(Account(username=name, directory_key=name, display_name=name.title(), roles=[role.value],
                                active=True, created_at=now(session)))  # fmt: skip
    found = examine(database, home)["FACTOR-POWERFUL"]
    assert (found.state, found.details["names"]) == ("amber", "Karim, Nathalie")
    with database.writing() as session:
        for account in session.scalars(select(Account).where(Account.username != "claire")):
            session.add(Passkey(account_id=account.id, credential_id=account.username.encode(), public_key=b"1",
                                sign_count=0, host="localhost", name="Clé", made_at=now(session)))  # fmt: skip
    assert examine(database, home)["FACTOR"].state == "green"
    home.settings_path.write_text(
        '[access.secretary]\nsecond_factor = "required"\n[access.maintainer]\nfactors = ["totp"]\n'
    )
    missing = examine(database, home)["FACTOR-MISSING"]
    assert (missing.state, missing.details["names"]) == ("amber", "Claire")
    home.settings_path.write_text('[access.maintainer]\nfactors = ["totp"]\n')  # what does not count is none
    assert examine(database, home)["FACTOR-POWERFUL"].details["names"] == "Karim"
