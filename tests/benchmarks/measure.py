"""Takes the figures: all servers stand side by side, and each round presses them in turn."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from statistics import median

import psutil
from tests.benchmarks import floor, load, stand, visitor, works
from tests.benchmarks.load import Cell
from tests.benchmarks.practice import Practice
from tests.benchmarks.stand import Stand
from tests.benchmarks.visitor import Visitor
from tests.benchmarks.works import Work
from tests.parts import postgresql

from socle.appliance.maintenance import certificate_files
from socle.identity.people.passwords import Hasher

EMPTY = "empty page (the floor)"
SIGN_IN = "sign in"
CLIENTS = (1, 8)
ONE_DOOR = "from socle import wsgi; wsgi.serve('staff', wsgi.open_home())"
FLOOR_SIZE = 0.0


@dataclass(frozen=True)
class Key:
    """Which press: the floor counts as a practice of size 0."""

    database: str
    size: float
    work: str
    clients: int


@dataclass
class Figures:
    """Everything measured: for each press one cell a round; starts in seconds; memory in MB."""

    cells: dict[Key, list[Cell]] = field(default_factory=dict)
    processor_ms: dict[Key, list[float]] = field(default_factory=dict)
    hashing_ms: list[float] = field(default_factory=list)
    starts: dict[tuple[str, float, str], list[float]] = field(default_factory=dict)
    memory: dict[tuple[str, float, str], float] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """What is being measured, and with how much patience."""

    practices: Sequence[Practice]
    cluster: postgresql.Cluster | None
    rounds: int
    seconds: int
    log: Path


def run(bench: Bench) -> Figures:
    """Take all figures."""
    figures = Figures()
    for practice in bench.practices:
        _starts(bench, practice, figures)
    with ExitStack() as stack:
        floors = {
            practice.database: stack.enter_context(_floor(bench, practice))
            for practice in {one.database: one for one in bench.practices}.values()
        }
        doors = [(practice, stack.enter_context(_door(bench, practice))) for practice in bench.practices]
        visitors = [visitor.sign_in(practice.port, practice.password) for practice, _ in doors]
        for (practice, one), who in zip(doors, visitors, strict=True):
            _check(practice, who)
            figures.memory[practice.database, practice.size, "one door"] = one.memory()["all"]
        for name, one in floors.items():
            stand.ask(_port(one), "/empty", _floor_cookie())
            figures.memory[name, FLOOR_SIZE, "one door"] = one.memory()["all"]
        for turn in range(bench.rounds):
            print(f"round {turn + 1} of {bench.rounds}", flush=True)
            for name, one in floors.items():
                _press_floor(bench, name, one, turn, figures)
            for (practice, one), who in zip(doors, visitors, strict=True):
                _press_door(bench, practice, one, who, turn, figures)
            figures.hashing_ms.append(_bare_verify())
        for practice, one in doors:
            figures.memory[practice.database, practice.size, "one door, after"] = one.memory()["all"]
    return figures


def _press_floor(bench: Bench, name: str, one: Stand, turn: int, figures: Figures) -> None:
    empty = Work(EMPTY, [load.Request("/empty")])
    for clients in CLIENTS:
        _press(bench, Key(name, FLOOR_SIZE, EMPTY, clients), one, empty, _floor_cookie(), turn, figures)


def _press_door(bench: Bench, practice: Practice, one: Stand, who: Visitor, turn: int, figures: Figures) -> None:
    for work, clients in product(works.reading(practice), CLIENTS):
        _press(bench, Key(practice.database, practice.size, work.name, clients), one, work, who.headers, turn, figures)
    for clients in CLIENTS:
        work = works.booking(practice)
        key = Key(practice.database, practice.size, work.name, clients)
        _press(bench, key, one, work, who.writing_headers, turn, figures)
    form = visitor.sign_in_form(practice.password)
    work = Work(SIGN_IN, [load.Request("/sign-in", "POST", form)])
    key = Key(practice.database, practice.size, SIGN_IN, 1)
    _press(bench, key, one, work, visitor.FORM, turn, figures, status=303)


def _press(
    bench: Bench,
    key: Key,
    one: Stand,
    work: Work,
    headers: Mapping[str, str],
    turn: int,
    figures: Figures,
    status: int = 200,
) -> None:
    servers = [*one.family(), *_cluster_processes(bench)]
    load.wait_for_calm()
    before = stand.processor_seconds(servers)
    cell = load.press(
        one.address,
        work.requests,
        headers,
        connections=key.clients,
        seconds=bench.seconds,
        offset=0 if work.writes else turn * 397,
        status=status,
    )
    after = stand.processor_seconds([*one.family(), *_cluster_processes(bench)])
    figures.cells.setdefault(key, []).append(cell)
    figures.processor_ms.setdefault(key, []).append(1000 * (after - before) / max(1, cell.requests))


def _cluster_processes(bench: Bench) -> list[psutil.Process]:
    if bench.cluster is None:
        return []
    head = psutil.Process(bench.cluster.process.pid)
    return [head, *head.children(recursive=True)]


def _check(practice: Practice, who: Visitor) -> None:
    """Look at one answer of each kind first: figures of error pages are worth nothing."""
    for work in works.reading(practice):
        status, text = stand.ask(practice.port, work.requests[0].path, who.headers)
        if status != 200 or len(text) < 300:
            raise SystemExit(f"{work.name}: {work.requests[0].path} was answered {status}, {len(text)} characters")


def _bare_verify() -> float:
    """Return how long one check of a password takes by itself, in ms."""
    hasher, times = Hasher(), []
    kept = hasher.keep("trois mots et un chat gris sur le toit")
    for _ in range(20):
        begin = time.perf_counter()
        hasher.is_right(kept, "trois mots et un chat gris sur le toit")
        times.append(1000 * (time.perf_counter() - begin))
    return median(times)


def _starts(bench: Bench, practice: Practice, figures: Figures) -> None:
    """Measure the way from nothing to the first good page, and all the memory of a whole server."""
    for _ in range(min(3, bench.rounds)):
        for what, opened in (("floor", _floor), ("one door", _door), ("socle up", _whole)):
            load.wait_for_calm()
            with opened(bench, practice) as one:
                key = (practice.database, practice.size, what)
                figures.starts.setdefault(key, []).append(one.ready_seconds)
                if what == "socle up":
                    time.sleep(2)
                    figures.memory[practice.database, practice.size, "all doors"] = one.memory()["all"]


@contextmanager
def _floor(bench: Bench, practice: Practice) -> Iterator[Stand]:
    port = stand.free_port()
    keys = practice.folder / "keys"
    files = [str(keys / name) for name in (certificate_files.SERVER_CERTIFICATE, certificate_files.SERVER_KEY)]
    words = [sys.executable, "-m", "tests.benchmarks.floor", str(port), *files]
    environment = {"FLOOR_DATABASE": practice.floor_database}
    with stand.started(words, environment, port, "/empty", _floor_cookie(), bench.log) as one:
        yield one


@contextmanager
def _door(bench: Bench, practice: Practice) -> Iterator[Stand]:
    words = [sys.executable, "-c", ONE_DOOR]
    with stand.started(words, practice.environment, practice.port, "/sign-in", {}, bench.log) as one:
        yield one


@contextmanager
def _whole(bench: Bench, practice: Practice) -> Iterator[Stand]:
    words = [*practice.words, "up", "--no-demo"]
    with stand.started(words, {}, practice.port, "/sign-in", {}, bench.log) as one:
        yield one


def _floor_cookie() -> dict[str, str]:
    return {"Cookie": f"session={floor.TOKEN}"}


def _port(one: Stand) -> int:
    return int(one.address.rpartition(":")[2])
