"""Reports of the browser check on both databases: codes, limits, what is forgotten, the maintainer's versions."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from socle.appliance.supervision.browsers import check_reports, minimums
from socle.appliance.supervision.browsers.check_reports import ReportMissing, TooManyReports
from socle.appliance.supervision.browsers.facts import Facts, Seen
from socle.appliance.supervision.browsers.minimums import VersionWrong
from socle.appliance.supervision.browsers.models import BrowserCheck
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.identity.actor import Actor
from socle.identity.audit.models import AuditEntry

SEEN = Seen(
    cookie_came_back=True, browser="Chrome 156 · Linux", family="Chrome", version=156, tls="TLSv1.3", user_agent="UA"
)


def keep(database: Database, browser: int = 1, address: str = "192.168.1.20", facts: Facts | None = None) -> str:
    with database.writing() as session:
        return check_reports.keep(session, facts or Facts(), SEEN, browser.to_bytes(32), "staff", address)


def test_a_report_is_found_by_its_code_however_it_is_typed(database: Database) -> None:
    code = keep(database, facts=Facts(script=True, seconds_ahead=600.0))
    assert re.fullmatch(rf"[{check_reports.LETTERS}]{{2}}-\d{{4}}", code)
    with database.reading() as session:
        for typed in (code, code.lower(), code.replace("-", ""), f" {code[:2]} {code[3:]} "):
            found = check_reports.by_code(session, typed)
            assert (found.code, found.facts.seconds_ahead, found.seen) == (code, 600.0, SEEN)
            assert {line.check: line.state for line in found.lines}["clock"] == "amber"
        for typed in ("", "?", "AA-0000", "x" * 300):
            with pytest.raises(ReportMissing):
                check_reports.by_code(session, typed)


def test_the_same_browser_keeps_its_code_for_an_hour(database: Database, clock: SettableClock) -> None:
    code = keep(database)
    clock.advance(timedelta(minutes=59))
    assert keep(database, facts=Facts(script=True)) == code
    with database.reading() as session:
        assert check_reports.by_code(session, code).facts.script
        assert session.execute(select(func.count()).select_from(BrowserCheck)).scalar_one() == 1
    clock.advance(timedelta(minutes=61))
    assert keep(database) != code


def test_one_address_and_all_addresses_have_their_limit_for_an_hour(database: Database, clock: SettableClock) -> None:
    for browser in range(check_reports.MOST_OF_AN_ADDRESS):
        keep(database, browser)
    with pytest.raises(TooManyReports):
        keep(database, 999)
    keep(database, 0)  # a browser that has its code may look again
    keep(database, 1000, "192.168.1.21")
    for browser in range(check_reports.MOST_OF_AN_ADDRESS + 1, check_reports.MOST_OF_ALL):
        keep(database, 2000 + browser, f"10.0.{browser}.1")
    with pytest.raises(TooManyReports):
        keep(database, 9999, "10.1.0.1")
    clock.advance(timedelta(hours=1, seconds=1))
    keep(database, 999)


def test_reports_are_forgotten_after_90_days(database: Database, clock: SettableClock) -> None:
    old = keep(database)
    clock.advance(timedelta(days=60))
    recent = keep(database, 2)
    clock.advance(timedelta(days=31))
    with database.writing() as session:
        check_reports.forget_old(session)
        assert [one.code for one in check_reports.recent(session)] == [recent]
        with pytest.raises(ReportMissing):
            check_reports.by_code(session, old)


def test_the_maintainer_chooses_the_oldest_versions(database: Database, actor: Actor) -> None:
    wanted = {"Chrome": "150", "Edge": "140", "Firefox": " 128 ", "Safari": "18"}
    with database.writing() as session:
        minimums.change(session, actor, wanted)
    with database.reading() as session:
        assert minimums.listed(session) == {"Chrome": 150, "Edge": 140, "Firefox": 128, "Safari": 18}
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert (entry.action, entry.fields) == ("browser.minimums", ["chrome", "firefox"])


@pytest.mark.parametrize("version", ["", "0", "-1", "140.2", "x", "10000", "9" * 400, "²"])
def test_a_version_that_is_none_changes_nothing(database: Database, actor: Actor, version: str) -> None:
    with pytest.raises(VersionWrong), database.writing() as session:
        minimums.change(session, actor, {"Chrome": "150", "Edge": version, "Firefox": "140", "Safari": "18"})
    with database.reading() as session:
        assert minimums.listed(session) == minimums.DEFAULTS
