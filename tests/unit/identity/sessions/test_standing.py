from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from socle.identity.sessions import doors
from socle.identity.sessions.reasons import WORDS, Reason, Why
from socle.identity.sessions.standing import Found, Limits, standing

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LIMITS = Limits(idle=timedelta(minutes=10), absolute=timedelta(hours=12))
OPENED = Found(
    id=7,
    door="staff",
    account_id=3,
    factor="password",
    browser_digest=b"b",
    browser="Firefox 140 · Linux",
    address="192.0.2.7",
    opened_at=START,
    signed_in_at=START,
    last_input_at=START,
    locked_at=None,
    lock_reason=None,
    ended_at=None,
    end_reason=None,
    ended_by=None,
    username="p.lemoine",
    display_name="Paul Lemoine",
    roles=["practitioner"],
    active=True,
    language="fr",
)


def after(**step: int) -> datetime:
    return START + timedelta(**step)


def test_open_until_the_idle_limit_then_locked_from_that_moment() -> None:
    assert standing(OPENED, after(minutes=9, seconds=59), LIMITS, doors.STAFF).state == "open"
    locked = standing(OPENED, after(minutes=45), LIMITS, doors.STAFF)
    assert locked.state == "locked"
    assert locked.reason == Reason(Why.IDLE, after(minutes=10), details={"minutes": 10})


def test_the_absolute_limit_ends_a_session_in_full_use() -> None:
    busy = replace(OPENED, last_input_at=after(hours=11, minutes=59))
    assert standing(busy, after(hours=11, minutes=59), LIMITS, doors.STAFF).state == "open"
    ended = standing(busy, after(hours=12), LIMITS, doors.STAFF)
    assert ended.state == "ended"
    assert ended.reason == Reason(Why.ABSOLUTE_LIMIT, after(hours=12), details={"hours": 12})


def test_a_locked_session_meets_the_absolute_limit_too() -> None:
    locked = replace(OPENED, locked_at=after(minutes=10), lock_reason="idle")
    assert standing(locked, after(hours=13), LIMITS, doors.STAFF).state == "ended"


def test_a_disabled_account_ends_at_once() -> None:
    ended = standing(replace(OPENED, active=False), START, LIMITS, doors.STAFF)
    assert ended.reason == Reason(Why.ACCOUNT_DISABLED)


@pytest.mark.parametrize(
    ("roles", "door", "state"),
    [
        (["practitioner"], doors.STAFF, "open"),
        (["secretary"], doors.STAFF, "open"),
        (["administrator"], doors.STAFF, "open"),
        (["maintainer"], doors.STAFF, "ended"),
        ([], doors.STAFF, "ended"),
        (["maintainer"], doors.MAINTAINER, "open"),
        (["administrator"], doors.MAINTAINER, "open"),
        (["practitioner", "secretary"], doors.MAINTAINER, "ended"),
    ],
)
def test_roles_lost_since_sign_in_close_the_door(roles: list[str], door: doors.Door, state: str) -> None:
    assert standing(replace(OPENED, roles=roles), START, LIMITS, door).state == state


@pytest.mark.parametrize("why", list(Why))
def test_every_reason_has_words_with_and_without_what_is_known(why: Why) -> None:
    full, plain = WORDS[why]
    assert full.title
    assert full.sentence
    assert not plain.places
    assert "%(" not in plain.sentence
    known = Reason(why, START, "Anne Weber", {"minutes": 10, "hours": 12})
    assert known.words is full
    for place in full.places:
        assert f"%({place})s" in full.sentence
    if full is not plain:
        assert Reason(why).words is plain
