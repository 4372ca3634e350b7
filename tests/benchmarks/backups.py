"""P12: backups against the raw engine, on the same data, in the same round: time, memory, growth; a drill, a recovery.

The raw engine gets the documents' folder and the database's own stream as a file that lies ready: the least that could
be done. Ours makes that stream, takes its sums, hashes every document, seals, reads back and writes down.
"""

import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path

import psutil
from tests.benchmarks import practice
from tests.benchmarks.report import Ratio

from socle import wiring
from socle.appliance.backups.parts import rows
from socle.appliance.backups.parts.rows import Facts
from socle.foundation import home as homes
from socle.foundation.database import Database
from socle.foundation.home import Home
from socle.identity.actor import machine
from socle.practice.documents.storage import Storage
from socle.practice.patients import registry

DOCUMENTS, ADDED = 20_000, 200
SOCLE = [sys.executable, "-m", "socle"]
Words = Sequence[str]


@dataclass
class Spent:
    """What one round took: seconds and peak bytes (proportional set size of the whole tree), by the work's name."""

    seconds: dict[str, float] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    grown: dict[str, int] = field(default_factory=dict)


def measured(folder: Path, engines: Sequence[str], rounds: int, documents: int) -> Iterator[Ratio]:
    """Make the practice once, measure each engine in each round, and yield the ratios."""
    source = _source(folder, documents)
    for engine in engines:
        spent = [_round(folder / "backups-scratch", source, engine) for _ in range(rounds)]
        yield from _judged(engine, spent)


def _source(folder: Path, documents: int) -> Home:
    """Copy the practice of size 1 and give it documents; kept for the next time."""
    place = folder / f"backups-{documents}"
    if not (place / "done").exists():
        made = practice.prepare(folder, "sqlcipher", 1, None)
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(made.folder / "home", place / "home")
        shutil.copytree(made.folder / "keys", place / "keys")
        home = homes.find(place / "home", place / "keys")
        storage = Storage(home.documents_path, home.keys.read("documents"))
        for _ in range(documents):
            storage.keep(BytesIO(secrets.token_bytes(20_000 + secrets.randbelow(130_000))))
        (place / "done").touch()
    return homes.find(place / "home", place / "keys")


def _round(scratch: Path, source: Home, engine: str) -> Spent:
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(source.folder, scratch / "home")
    shutil.copytree(source.keys.folder, scratch / "keys")
    target = f'[[backup.targets]]\nname = "disk"\nengine = "{engine}"\nrepository = "{scratch / "ours"}"\n'
    (scratch / "home" / "socle.toml").write_text(target)
    home, spent = homes.find(scratch / "home", scratch / "keys"), Spent()
    ours, raw = _Ours(scratch), _RAW[engine](scratch)
    ours.run("backup", "init")
    raw.prepare()
    for night in ("first", "second"):
        _dump(home, scratch / "stream")
        before = {"ours": _size(scratch / "ours"), "raw": _size(scratch / "raw")}
        _spend(spent, f"raw {night}", partial(raw.back_up, home, night))
        _spend(spent, f"ours {night}", lambda: ours.run("backup", "run"))
        spent.grown |= {f"{who} {night}": _size(scratch / who) - before[who] for who in before}
        if night == "first":
            _live_a_day(home)
    _spend(spent, "raw check", raw.check)
    _spend(spent, "ours check", lambda: ours.run("backup", "verify"))
    _spend(spent, "raw restore", raw.restore)
    back = ("--into", str(scratch / "back"), "--keys-into", str(scratch / "back-keys"))
    _spend(spent, "ours restore", lambda: ours.run("backup", "restore", *back))
    _spend(spent, "drill", lambda: ours.run("backup", "drill"))
    shutil.rmtree(scratch)
    return spent


def _live_a_day(home: Home) -> None:
    """Add a day's documents and patients."""
    storage = Storage(home.documents_path, home.keys.read("documents"))
    for _ in range(ADDED):
        storage.keep(BytesIO(secrets.token_bytes(90_000)))
    database = wiring.toolbox(home).of(Database)
    with database.writing() as session:
        for patient in range(1, 41):
            registry.read(session, machine("bench"), patient)
    database.engine.dispose()


def _dump(home: Home, file: Path) -> None:
    """Write the database's stream to a file, ready for the raw engine."""
    database = wiring.toolbox(home).of(Database)
    with file.open("wb") as stream:
        for chunk in rows.dump(database.engine, Facts()):
            stream.write(chunk)
    database.engine.dispose()


class _Ours:
    def __init__(self, scratch: Path) -> None:
        self._place = ["--home", str(scratch / "home"), "--keys", str(scratch / "keys")]

    def run(self, *words: str) -> None:
        _run([*SOCLE, *self._place, *words])


class _Restic:
    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        (scratch / "password").write_text("measure")
        self.words = ["restic", "--no-cache", "-q", "-r", str(scratch / "raw"), "-p", str(scratch / "password")]

    def prepare(self) -> None:
        _run([*self.words, "init"])

    def back_up(self, home: Home, _night: str) -> None:
        _run([*self.words, "backup", "documents"], folder=home.folder)
        _run([*self.words, "backup", "stream"], folder=self.scratch)

    def check(self) -> None:
        _run([*self.words, "check", "--read-data-subset=1/30"])

    def restore(self) -> None:
        for path in ("documents", "stream"):
            _run(
                [
                    *self.words,
                    "restore",
                    "latest",
                    "--path",
                    self._path(path),
                    "--target",
                    str(self.scratch / "raw-back"),
                ]
            )

    def _path(self, name: str) -> str:
        return str(self.scratch / ("home/documents" if name == "documents" else name))


class _Borg:
    def __init__(self, scratch: Path) -> None:
        self.scratch, self.environment = scratch, {"BORG_PASSPHRASE": "measure", "BORG_BASE_DIR": str(scratch / "borg")}
        self.repository = str(scratch / "raw")

    def prepare(self) -> None:
        self._borg("init", "--encryption=repokey-blake2", self.repository)

    def back_up(self, home: Home, night: str) -> None:
        self._borg(
            "create", "-C", "auto,zstd,3", f"{self.repository}::documents-{night}", "documents", folder=home.folder
        )
        fine = ("--chunker-params", "buzhash,14,20,17,4095")
        self._borg(
            "create", "-C", "auto,zstd,3", *fine, f"{self.repository}::stream-{night}", "stream", folder=self.scratch
        )

    def check(self) -> None:
        self._borg("check", "--repository-only", self.repository)

    def restore(self) -> None:
        back = self.scratch / "raw-back"
        back.mkdir()
        for name in ("documents", "stream"):
            self._borg("extract", f"{self.repository}::{name}-second", folder=back)

    def _borg(self, *words: str, folder: Path | None = None) -> None:
        _run(["borg", *words], folder=folder, more=self.environment)


_RAW: dict[str, Callable[[Path], _Restic | _Borg]] = {"restic": _Restic, "borg": _Borg}


def _run(words: Words, folder: Path | None = None, more: dict[str, str] | None = None) -> None:
    quiet, place = subprocess.DEVNULL, {**os.environ, **(more or {})}
    done = subprocess.run(words, cwd=folder, env=place, stdout=quiet, stderr=quiet, timeout=3600, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words[:6])}… ended with {done.returncode}")


def _spend(spent: Spent, name: str, work: Callable[[], None]) -> None:
    with _watched() as peak:
        began = time.monotonic()
        work()
        spent.seconds[name] = time.monotonic() - began
    spent.memory[name] = max(peak)


@contextmanager
def _watched() -> Iterator[list[int]]:
    """Look at the memory of our children ten times a second."""
    peak, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            total = 0
            for child in psutil.Process().children(recursive=True):
                try:
                    total += child.memory_full_info().pss
                except psutil.Error:
                    continue
            peak.append(total)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0


def _judged(engine: str, spent: Sequence[Spent]) -> Iterator[Ratio]:
    names = {"first": "first backup", "second": "second night", "check": "check", "restore": "restore"}
    for work, what in names.items():
        times = [one.seconds[f"ours {work}"] / one.seconds[f"raw {work}"] for one in spent]
        seconds = f"{spent[-1].seconds[f'ours {work}']:.1f} s against {spent[-1].seconds[f'raw {work}']:.1f} s"
        yield Ratio("P12", f"{engine}, {what}: time / raw", "sqlcipher", 1, times, 1.05, detail=seconds)
        memory = [one.memory[f"ours {work}"] / one.memory[f"raw {work}"] for one in spent]
        yield Ratio("P12", f"{engine}, {what}: memory / raw", "sqlcipher", 1, memory, 1.2)
    grown = [one.grown["ours second"] / one.grown["raw second"] for one in spent]
    megabytes = f"{spent[-1].grown['ours second'] / 1e6:.1f} MB against {spent[-1].grown['raw second'] / 1e6:.1f} MB"
    yield Ratio("P12", f"{engine}, second night: growth / raw", "sqlcipher", 1, grown, 1.05, detail=megabytes)
    for work, what in (("drill", "whole drill"), ("ours restore", "from nothing to a practice")):
        base = [one.seconds[work] / one.seconds["raw restore"] for one in spent]
        detail = f"{spent[-1].seconds[work]:.1f} s"
        yield Ratio("P12", f"{engine}, {what}: time / raw restore", "sqlcipher", 1, base, 3, detail=detail)
