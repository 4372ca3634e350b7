"""The agent's own enrolment and requests against a served door: who is trusted, what is kept, whose clock is right."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.conftest import AUDIT_KEY
from tests.parts import door

from socle.appliance.maintenance import authority
from socle.foundation.clock import SystemClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.foundation.toolbox import Toolbox
from socle.identity.actor import machine
from socle.identity.sessions import workstations
from socle.web.apps import staff_app
from socle_station import enrolment
from socle_station.link import Https, Link
from socle_station.wording import Fault

pytestmark = pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)


@pytest.fixture
def tools(engine: Engine, tmp_path: Path) -> Toolbox:
    database = Database(engine, SystemClock(), {"audit_key": AUDIT_KEY})
    return door.tools(database, SystemClock(), tmp_path)


@pytest.fixture
def address(tools: Toolbox) -> Iterator[str]:
    with door.served(staff_app(tools), tools.of(Keys)) as address:
        yield address


@pytest.fixture
def code(tools: Toolbox) -> str:
    with tools.of(Database).writing() as session:
        return workstations.add(session, machine("test"), "Salle 2")[1]


def linked(folder: Path, late: float = 0) -> Link:
    enrolled, key, pinned = enrolment.load(folder)
    wire = Https(enrolled.server, pinned)
    return Link(wire, enrolled.server, enrolled.number, key, enrolled.fingerprint, "fr", lambda: time.time() + late)


def test_an_enrolled_agent_keeps_its_key_to_itself_and_is_known(
    tools: Toolbox, address: str, code: str, tmp_path: Path
) -> None:
    folder = tmp_path / "station"
    shown = authority.shown_fingerprint(tools.of(Keys))
    enrolled = enrolment.enrol(folder, address, code.lower(), shown.upper(), "fr")
    assert (enrolled.name, enrolled.fingerprint) == ("Salle 2", authority.fingerprint(tools.of(Keys)))
    assert (folder / "key.pem").stat().st_mode & 0o777 == 0o600
    assert "key" not in json.loads((folder / "station.json").read_text())
    assert linked(folder).beat().holder is None


def test_a_wrong_fingerprint_stops_before_anything_is_sent(
    tools: Toolbox, address: str, code: str, tmp_path: Path
) -> None:
    for wrong in ("0" * 20, "", authority.fingerprint(tools.of(Keys))[:8]):
        with pytest.raises(Fault, match="STATION-FINGERPRINT-WRONG"):
            enrolment.enrol(tmp_path / "station", address, code, wrong, "fr")
    with pytest.raises(Fault, match="STATION-NOT-ENROLLED"):
        enrolment.load(tmp_path / "station")
    with tools.of(Database).reading() as session:
        assert workstations.listed(session)[0].code_digest is not None  # the code is still good


def test_another_server_at_the_address_is_not_spoken_to(
    tools: Toolbox, address: str, code: str, tmp_path: Path
) -> None:
    shown = authority.shown_fingerprint(tools.of(Keys))
    enrolment.enrol(tmp_path / "station", address, code, shown, "fr")
    other = Keys(tmp_path / "other")
    authority.prepare(other, "Impostor", ["localhost"], datetime.now(UTC))
    pinned = other.read("authority.pem").decode()
    enrolled, key, _pinned = enrolment.load(tmp_path / "station")
    stranger = Link(Https(address, pinned), address, enrolled.number, key, enrolled.fingerprint)
    with pytest.raises(Fault, match="STATION-SERVER-NOT-TRUSTED"):
        stranger.beat()


@pytest.mark.parametrize("late", [-3600.0, 3600.0])
def test_a_clock_off_by_an_hour_is_said_in_the_persons_language(
    tools: Toolbox, address: str, code: str, tmp_path: Path, late: float
) -> None:
    enrolment.enrol(tmp_path / "station", address, code, authority.shown_fingerprint(tools.of(Keys)), "fr")
    with pytest.raises(Fault, match="STATION-CLOCK-OFF") as caught:
        linked(tmp_path / "station", late).beat()
    assert "60 min d’écart" in caught.value.words("fr")[0]


def test_a_server_that_is_not_there_is_said(tools: Toolbox, address: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="STATION-SERVER-UNREACHABLE"):
        enrolment.enrol(tmp_path / "station", "https://localhost:9", code, "0" * 20, "fr")
