"""Bad days of the machine: the right person is told in words with a code, and nothing is lost or half-written."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.parts import postgresql, small_disk
from tests.parts.server import Client, Server, demonstration
from tests.parts.small_disk import Disk

pytestmark = [pytest.mark.slow, pytest.mark.real]
FAR = date.today() + timedelta(days=500)  # noqa: DTZ011 - far ahead, in an empty agenda


def _book(client: Client, slot: int, day: date = FAR) -> tuple[int, str]:
    fields = {
        "practitioner": "1",
        "patient": "7",
        "type": "1",
        "start": f"{day}T{8 + slot // 2:02}:{30 * (slot % 2):02}",
        "minutes": "30",
        "confirmed": "1",
        "note": "x" * 400,
    }
    for number in range(1, 9):  # the practitioners' accounts follow the emergency administrator's
        answer = client.post("/agenda/appointments", {**fields, "practitioner": str(number)}, Accept="application/json")
        code = str(answer.json().get("code", ""))
        if code != "AGENDA-PARTY-MISSING":
            return answer.status, code
    raise AssertionError("no practitioner takes appointments")


@pytest.fixture
def on_small_disk(tmp_path: Path, demonstration_template: Path) -> Iterator[tuple[Server, Disk]]:
    """A server whose home and keys lie on a disk of 150 MB."""
    with small_disk.mounted(tmp_path / "disk", 150) as disk:
        with demonstration(disk.folder / "practice", demonstration_template) as server:
            server.start()
            yield server, disk


def test_a_full_disk_is_said_and_nothing_is_half_written(on_small_disk: tuple[Server, Disk]) -> None:
    server, disk = on_small_disk
    client = Client(server)
    client.sign_in("smarchand", server.password)
    disk.fill()
    answers = [_book(client, slot % 20, FAR + timedelta(days=slot // 20)) for slot in range(120)]
    refused = [answer for answer in answers if answer[0] != 200]
    assert refused, "the disk was never full"
    assert set(refused) == {(503, "DATABASE-DISK-FULL")}
    assert '"code":"DATABASE-DISK-FULL"' in server.log()
    assert "Traceback" not in server.log()
    disk.free()
    assert _book(client, 1, FAR + timedelta(days=100)) == (200, "")
    assert server.run("audit", "verify").returncode == 0


def test_a_home_that_became_read_only_is_said_at_the_start(on_small_disk: tuple[Server, Disk]) -> None:
    server, disk = on_small_disk
    server.stop()
    disk.protect(read_only=True)
    done = server.run("up", check=False)
    disk.protect(read_only=False)
    assert done.returncode == 2
    assert "-READ-ONLY]" in done.stderr
    assert "Traceback" not in done.stderr
    server.start()


def test_a_new_home_cannot_be_made_on_a_read_only_disk(tmp_path: Path) -> None:
    with small_disk.mounted(tmp_path / "disk", 20) as disk:
        disk.protect(read_only=True)
        done = Server(disk.folder / "practice").run("init", check=False)
        disk.protect(read_only=False)
    assert done.returncode == 2
    assert "HOME-READ-ONLY" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_said(server: Server, tmp_path: Path) -> None:
    second = Server(tmp_path / "second")
    second.ports = server.ports
    second.write_settings()
    done = second.run("up", "--no-demo", check=False)
    assert done.returncode == 2
    assert "PORT-TAKEN" in done.stderr


@pytest.fixture
def cluster_folder() -> Iterator[Path]:
    """A folder for a PostgreSQL that is stopped and started again (its server is another user: not under pytest's)."""
    folder = Path(tempfile.mkdtemp(prefix="socle-pg-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_stopped_postgresql_is_said_and_the_doors_come_back_with_it(tmp_path: Path, cluster_folder: Path) -> None:
    with ExitStack() as first_life:
        cluster = first_life.enter_context(postgresql.kept(cluster_folder, postgresql.HASTE))
        server = Server(tmp_path / "practice", f'[database]\nurl = "{cluster.url(cluster.create())}"\n')
        try:
            server.start()
            client = Client(server)
            client.sign_in("smarchand", server.password)
            assert _book(client, 1) == (200, "")
            first_life.close()
            assert Client(server).get("/healthz").status == 503
            page = client.get("/agenda")
            assert page.status == 503
            assert "DATABASE-UNAVAILABLE" in page.text
            assert _book(client, 2) == (503, "DATABASE-UNAVAILABLE")
            with postgresql.kept(cluster_folder, postgresql.HASTE):
                assert client.get("/agenda").status == 200
                assert _book(client, 2) == (200, "")
                assert server.run("audit", "verify").returncode == 0
        finally:
            server.stop()
        assert "Traceback" not in server.log()
