"""Power cut amid 200 writes: what was confirmed is there, what was not is not half there, the trail is whole."""

import threading
from datetime import date, timedelta
from http.client import HTTPException
from random import Random

import pytest
from sqlalchemy import select
from tests.parts.server import Client, Server

from socle import wiring
from socle.foundation.database import Database
from socle.identity.audit.models import AuditEntry
from socle.identity.audit.verification import verify
from socle.practice.agenda.models import Appointment, AppointmentType, PractitionerAgenda

pytestmark = [pytest.mark.slow, pytest.mark.real]
WRITES, CUTS = 200, 2
WRITERS = ("smarchand", "cmoreau", "tlefevre", "ibenali")


class Writers:
    """Several people booking as fast as they can, each remembering what was confirmed to them."""

    def __init__(self, server: Server, practitioners: list[int], type_id: int, first_day: date) -> None:
        self._server, self._practitioners, self._type, self._first_day = server, practitioners, type_id, first_day
        self.confirmed: set[int] = set()
        self.tried = 0
        self._lock = threading.Lock()
        self._turn = 0

    def run(self, enough: threading.Event) -> list[threading.Thread]:
        """Start writing until `enough`, WRITES tries or the server's end."""
        threads = [threading.Thread(target=self._write, args=(username, enough)) for username in WRITERS]
        for thread in threads:
            thread.start()
        return threads

    def _write(self, username: str, enough: threading.Event) -> None:
        client = Client(self._server)
        try:
            client.sign_in(username, self._server.password)
            while not enough.is_set():
                fields = self._next()
                if fields is None:
                    return
                answer = client.post("/agenda/appointments", fields, Accept="application/json")
                assert answer.status == 200, answer.text
                with self._lock:
                    self.confirmed |= {row[0] for row in answer.json()["rows"]}
        except (OSError, HTTPException):
            return  # the power is gone

    def _next(self) -> dict[str, str] | None:
        with self._lock:
            if self.tried >= WRITES:
                return None
            self.tried += 1
            self._turn += 1
            turn = self._turn
        day = self._first_day + timedelta(days=turn // 20)
        slot = turn % 20
        return {
            "practitioner": str(self._practitioners[turn % len(self._practitioners)]),
            "patient": str(1 + turn % 1000),
            "type": str(self._type),
            "start": f"{day}T{8 + slot // 2:02}:{30 * (slot % 2):02}",
            "minutes": "30",
            "confirmed": "1",
        }


def test_nothing_confirmed_is_lost_and_the_trail_stays_whole(server: Server) -> None:
    random = Random(7)
    confirmed: set[int] = set()
    first_day = date.today() + timedelta(days=400)  # noqa: DTZ011 - far ahead, in an empty agenda
    practitioners, type_id = _parties(server)
    tried = 0
    for cut in range(CUTS):
        writers = Writers(server, practitioners, type_id, first_day + timedelta(days=30 * cut))
        threads = writers.run(threading.Event())
        _wait_for(writers, random.randrange(20, WRITES - 40))
        server.kill()
        for thread in threads:
            thread.join(60)
        assert writers.confirmed
        confirmed |= writers.confirmed
        tried += writers.tried
        server.start()
    _check(server, confirmed, tried)


def _parties(server: Server) -> tuple[list[int], int]:
    with wiring.toolbox(server.home).of(Database).reading() as session:
        practitioners = list(session.scalars(select(PractitionerAgenda.practitioner_id)))
        return practitioners, session.scalars(select(AppointmentType.id)).first() or 0


def _wait_for(writers: Writers, confirmed: int) -> None:
    enough = threading.Event()
    for _ in range(6000):
        if len(writers.confirmed) >= confirmed:
            return
        enough.wait(0.01)
    raise AssertionError(f"only {len(writers.confirmed)} writes were confirmed")


def _check(server: Server, confirmed: set[int], tried: int) -> None:
    with wiring.toolbox(server.home).of(Database).snapshot() as session:
        booked = select(AuditEntry.subject_id).where(AuditEntry.action == "appointment.booked")
        in_trail = set(session.scalars(booked))
        late = select(Appointment.id).where(Appointment.id >= min(confirmed))
        in_agenda = set(session.scalars(late))
        verdict = verify(session)
    assert confirmed <= in_agenda, "a confirmed appointment is gone"
    assert in_agenda == in_trail, "a change without its entry, or an entry without its change"
    assert len(in_agenda) <= tried
    assert verdict.damages == ()
    assert server.run("audit", "verify").returncode == 0
