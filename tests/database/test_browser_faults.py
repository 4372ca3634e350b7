"""What breaks in browsers, on both databases: grouped, dated, told apart by versions, bounded, and the finding."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from socle.appliance.supervision.browsers import faults, known
from socle.appliance.supervision.browsers.faults import Fault, Kind
from socle.appliance.supervision.browsers.known import BrowserTalksTooMuch, BrowserUnknown, Speaker
from socle.appliance.supervision.browsers.models import BrowserFault, BrowserVersion, KnownBrowser
from socle.appliance.supervision.checks import broken_browsers
from socle.appliance.supervision.circumstances import Circumstances
from socle.foundation.checks import Finding
from socle.foundation.clock import SettableClock
from socle.foundation.database import Database, now
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.identity.actor import Actor
from socle.identity.audit.models import AuditEntry
from socle.identity.sessions.models import Workstation


def speaker(mark: int = 1, browser: str = "Chrome 155 · Windows", socle: str = "0.1.0 (aaaaaa)") -> Speaker:
    return Speaker(mark.to_bytes(32), "192.168.1.20", browser, socle)


def fault(what: str = "TypeError: … is undefined", kind: Kind = "script", times: int = 1, place: str = "") -> Fault:
    return Fault(kind, "/agenda", what, place or "agenda/agenda.js:12:5", times)


def note(database: Database, who: Speaker, *found: Fault) -> None:
    with database.writing() as session:
        faults.note(session, who, "staff", list(found))


def only(database: Database) -> BrowserFault:
    with database.reading() as session:
        return session.scalars(select(BrowserFault)).one()


def count(database: Database, table: type) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_the_same_fault_is_one_line_that_counts(database: Database, clock: SettableClock) -> None:
    began = clock.now()
    note(database, speaker(), fault(times=2))
    clock.advance(timedelta(hours=3))
    note(database, speaker(), fault(times=5), fault("RangeError: …"))
    note(database, speaker(2), fault())
    with database.reading() as session:
        first, second = faults.newest(session)
    assert {first.browser.id, second.browser.id} == {1, 2}
    [line] = [each for one in (first, second) for each in one.faults if each.count == 7]
    assert (line.first_at, line.last_at) == (began, clock.now())
    assert count(database, BrowserFault) == 3


def test_a_fault_names_the_update_that_came_before_it(database: Database, clock: SettableClock) -> None:
    note(database, speaker())  # a browser that only says its version
    clock.advance(timedelta(days=30))
    note(database, speaker(browser="Chrome 156 · Windows"))
    clock.advance(timedelta(hours=2))
    note(database, speaker(browser="Chrome 156 · Windows"), fault())
    line = only(database)
    assert (line.browser_before, line.browser) == ("Chrome 155 · Windows", "Chrome 156 · Windows")
    assert line.socle_before is None


def test_an_update_of_socle_and_of_both(database: Database, clock: SettableClock) -> None:
    note(database, speaker())
    clock.advance(timedelta(days=30))
    note(database, speaker(socle="0.2.0 (bbbbbb)"), fault("A"))
    note(database, speaker(socle="0.2.0 (bbbbbb)", browser="Chrome 156 · Windows"), fault("B"))
    with database.reading() as session:
        found = {one.what: (one.browser_before, one.socle_before) for one in faults.of_browser(session, 1)}
    assert found == {"A": (None, "0.1.0 (aaaaaa)"), "B": ("Chrome 155 · Windows", "0.1.0 (aaaaaa)")}


def test_an_update_of_long_ago_is_not_to_blame(database: Database, clock: SettableClock) -> None:
    note(database, speaker())
    clock.advance(timedelta(days=1))
    note(database, speaker(browser="Chrome 156 · Windows"))
    clock.advance(timedelta(days=8))
    note(database, speaker(browser="Chrome 156 · Windows"), fault())
    assert only(database).browser_before is None


def test_a_fault_that_was_mended_begins_anew(database: Database, clock: SettableClock) -> None:
    note(database, speaker(), fault(times=9))
    clock.advance(faults.QUIET + timedelta(seconds=1))
    note(database, speaker(), fault())
    assert (only(database).count, only(database).first_at) == (1, clock.now())


def test_a_browser_that_talks_too_much_is_not_listened_to(database: Database, clock: SettableClock) -> None:
    for _ in range(known.MOST_IN_AN_HOUR):
        note(database, speaker(), fault())
    with pytest.raises(BrowserTalksTooMuch):
        note(database, speaker(), fault())
    assert only(database).count == known.MOST_IN_AN_HOUR
    note(database, speaker(2))  # others are
    clock.advance(timedelta(hours=1))
    note(database, speaker(), fault())


def test_one_address_cannot_bring_browsers_without_end(
    database: Database, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(known.NEW_IN_AN_HOUR):
        note(database, speaker(number))
    with pytest.raises(BrowserTalksTooMuch):
        note(database, speaker(999))
    clock.advance(timedelta(hours=1))
    note(database, speaker(999))
    monkeypatch.setattr(known, "MOST", known.NEW_IN_AN_HOUR + 1)
    with pytest.raises(BrowserTalksTooMuch):
        note(database, speaker(1000))


def test_one_browser_cannot_bring_faults_without_end(database: Database, clock: SettableClock) -> None:
    for number in range(0, faults.MOST_OF_A_BROWSER + 20, 10):
        note(database, speaker(), *(fault(f"Error: {number + each}") for each in range(10)))
    assert count(database, BrowserFault) == faults.MOST_OF_A_BROWSER


def test_what_was_silent_for_90_days_is_forgotten(database: Database, clock: SettableClock) -> None:
    note(database, speaker(), fault())
    clock.advance(timedelta(days=60))
    note(database, speaker(2), fault())
    clock.advance(timedelta(days=31))
    with database.writing() as session:
        faults.forget_old(session)
        known.forget_old(session)
    assert [count(database, table) for table in (KnownBrowser, BrowserVersion, BrowserFault)] == [1, 1, 1]


def test_faults_dealt_with_are_forgotten_and_it_is_written_down(database: Database, actor: Actor) -> None:
    note(database, speaker(), fault())
    with database.writing() as session:
        faults.settle(session, actor, 1)
    with database.reading() as session:
        assert faults.newest(session) == []
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert (entry.action, entry.subject_id) == ("browser.settle", 1)
    with pytest.raises(BrowserUnknown), database.writing() as session:
        faults.settle(session, actor, 77)


def examined(database: Database) -> Finding:
    with database.reading() as session:
        return broken_browsers.check(Circumstances(session, Home(Path(), Keys(Path())), now(session), None))


def test_the_finding(database: Database, clock: SettableClock) -> None:
    assert examined(database).state == "green"
    note(database, speaker())
    clock.advance(timedelta(days=10))
    note(database, speaker(browser="Chrome 156 · Windows"), fault(times=2))
    assert examined(database).state == "green"  # once is nothing
    clock.advance(timedelta(hours=1))
    note(database, speaker(browser="Chrome 156 · Windows"), fault(times=1))
    found = examined(database)
    assert (found.code, found.state) == ("BROWSER-BROKEN", "amber")
    assert found.details["at"] == clock.now() - timedelta(hours=1)
    assert (found.details["before"], found.details["after"]) == ("Chrome 155 · Windows", "Chrome 156 · Windows")
    note(database, speaker(2), fault(times=3))
    assert examined(database).details["others"] == 1
    clock.advance(broken_browsers.STILL)
    assert examined(database).state == "green"  # not seen for a day


@pytest.mark.parametrize(
    "found",
    [
        fault(times=50, place="extension"),
        fault(times=50, place="elsewhere"),
        fault("script-src-elem: inline", "policy", 50),
        fault("GET /session/state: no answer", "request", 50),
    ],
)
def test_what_is_not_socles_is_no_finding(database: Database, found: Fault) -> None:
    note(database, speaker(), found)
    assert examined(database).state == "green"


def test_a_browser_that_an_agent_opens_goes_by_its_workstations_name(database: Database, clock: SettableClock) -> None:
    note(database, speaker(), fault(times=3))
    assert examined(database).details["address"] == "192.168.1.20"
    with database.writing() as session:
        mark = speaker().mark
        session.add(Workstation(name="Accueil", named_at=now(session), system="", address="", browser_digest=mark))
    assert examined(database).details["address"] == "Accueil"
    with database.reading() as session:
        assert known.workstations(session, [known.get(session, 1)]) == {1: "Accueil"}
    with database.writing() as session:
        session.execute(update(Workstation).values(revoked_at=now(session)))
    assert examined(database).details["address"] == "192.168.1.20"
