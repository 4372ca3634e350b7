"""What a browser's facts mean, line by line."""

import msgspec
import pytest

from socle.appliance.supervision.browsers import verdict
from socle.appliance.supervision.browsers.facts import Facts, Seen
from socle.appliance.supervision.browsers.minimums import DEFAULTS
from socle.appliance.supervision.browsers.verdict import Line, judge, worst

WINTER = 60
SEEN = Seen(
    cookie_came_back=True, browser="Firefox 145 · Windows", family="Firefox", version=145, tls="TLSv1.3", user_agent=""
)
FINE = Facts(
    script=True,
    local_storage=True,
    session_storage=True,
    seconds_ahead=0.4,
    secure=True,
    trusted=True,
    violations=(),
    missing=(),
    altered=(),
    foreign=(),
    replaced=(),
    translated=False,
    can_print=True,
    time_zone="Europe/Paris",
    minutes_from_utc=WINTER,
)


def lines(facts: Facts = FINE, seen: Seen = SEEN) -> dict[str, Line]:
    return {line.check: line for line in judge(facts, seen, DEFAULTS, WINTER)}


def test_a_browser_in_which_nothing_is_wrong() -> None:
    found = lines()
    assert {line.state for line in found.values()} == {"green"}
    assert not any(line.do for line in found.values())


def test_without_a_script_the_server_says_what_it_sees_and_that_it_does_not_see_the_rest() -> None:
    found = lines(Facts())
    assert found["script"].state == "red"
    assert {name for name, line in found.items() if line.state == "green"} == {"cookies", "version", "secure"}
    unseen = {"storage", "clock", "zone", "requests", "policy", "extensions", "printing"}
    assert {name for name, line in found.items() if line.state == "unknown"} == unseen


@pytest.mark.parametrize(
    ("changed", "check", "state"),
    [
        ({"local_storage": False}, "storage", "amber"),
        ({"secure": False}, "secure", "red"),
        ({"trusted": False}, "secure", "amber"),
        ({"seconds_ahead": 119.0}, "clock", "green"),
        ({"seconds_ahead": -121.0}, "clock", "amber"),
        ({"seconds_ahead": 3600.0}, "clock", "red"),
        ({"time_zone": "Europe/Brussels"}, "zone", "green"),
        ({"time_zone": "Indian/Reunion", "minutes_from_utc": 240}, "zone", "amber"),
        ({"missing": ("css/socle.css",)}, "requests", "red"),
        ({"altered": ("js/session.js",)}, "requests", "red"),
        ({"violations": ("script-src inline",)}, "policy", "amber"),
        ({"foreign": ("script extension",)}, "extensions", "amber"),
        ({"replaced": ("fetch",)}, "extensions", "red"),
        ({"translated": True}, "extensions", "red"),
        ({"can_print": False}, "printing", "amber"),
        ({"printed": False}, "printing", "amber"),
    ],
)
def test_each_thing_that_can_be_wrong(changed: dict[str, object], check: str, state: str) -> None:
    found = lines(msgspec.structs.replace(FINE, **changed))
    assert found[check].state == state
    assert bool(found[check].do) is (state != "green")
    assert {line.state for name, line in found.items() if name != check} == {"green"}


@pytest.mark.parametrize(
    ("family", "version", "state"),
    [("Firefox", 140, "green"), ("Firefox", 139, "red"), ("Opera", 120, "amber"), ("", 0, "amber")],
)
def test_versions_are_measured_against_the_maintainers_list(family: str, version: int, state: str) -> None:
    seen = msgspec.structs.replace(SEEN, family=family, version=version)
    assert lines(seen=seen)["version"].state == state


def test_the_cookie_that_does_not_come_back() -> None:
    assert lines(seen=msgspec.structs.replace(SEEN, cookie_came_back=False))["cookies"].state == "red"


def test_what_was_not_seen_is_worse_than_good_and_better_than_wrong() -> None:
    states: list[verdict.State] = ["green", "unknown", "amber", "red"]
    for at, state in enumerate(states):
        assert worst([Line("a", each, "") for each in states[: at + 1]]) == state


def test_every_hint_has_its_places_filled() -> None:
    for facts in (FINE, Facts(), Facts(script=True, missing=("a",), foreign=("b",), violations=("c",))):
        for line in judge(facts, SEEN, DEFAULTS, WINTER):
            assert "%" not in line.what % dict(line.details) + (line.do % dict(line.details))
