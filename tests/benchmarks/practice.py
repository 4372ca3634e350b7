"""The practice under measure: a home filled by `socle bench data`, on either database, made once and kept."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import floor, stand
from tests.parts import postgresql

SEED = 1
PATIENTS, APPOINTMENTS = 50_000, 1_000_000
"""Size 1 of docs/how-to/measure.md: a practice with twenty years behind it."""
SOCLE = Path(sys.executable).with_name("socle")


@dataclass(frozen=True)
class Practice:
    """One home, and the floor's database beside it."""

    database: str
    size: float
    folder: Path
    port: int
    floor_database: str

    @property
    def words(self) -> list[str]:
        """The command line up to its verb."""
        return [str(SOCLE), "--home", str(self.folder / "home"), "--keys", str(self.folder / "keys")]

    @property
    def patients(self) -> int:
        """How many patients it holds."""
        return max(100, round(PATIENTS * self.size))

    @property
    def appointments(self) -> int:
        """How many appointments it holds."""
        return max(1000, round(APPOINTMENTS * self.size))

    @property
    def password(self) -> str:
        """The password of the account the measures are taken with."""
        return (self.folder / "keys" / "bench_password").read_text()

    @property
    def numbers(self) -> tuple[list[int], int]:
        """The practitioners' numbers, and that of a type of appointment."""
        filled = json.loads((self.folder / "filled").read_text())
        return filled["practitioners"], filled["types"][0]

    def next_turn(self) -> int:
        """Count the presses that wrote into this practice: each takes free times of its own."""
        counter = self.folder / "turn"
        turn = int(counter.read_text()) + 1 if counter.exists() else 0
        counter.write_text(str(turn))
        return turn

    @property
    def environment(self) -> Mapping[str, str]:
        """What a door of this home is started with."""
        return {"SOCLE_HOME": str(self.folder / "home"), "SOCLE_KEYS": str(self.folder / "keys")}


def prepare(folder: Path, database: str, size: float, cluster: postgresql.Cluster | None) -> Practice:
    """Open the practice kept in `folder`, making it at the first time (minutes at size 1)."""
    place = folder / f"{database}-{size:g}"
    done = place / "filled"
    if not done.exists():
        _make(place, database, cluster)
    settings = tomllib.loads((place / "home" / "socle.toml").read_text())
    practice = Practice(database, size, place, settings["web"]["staff_port"], (place / "floor").read_text())
    if not done.exists():
        floor.prepare(practice.floor_database)
        counts = ["--patients", str(practice.patients), "--appointments", str(practice.appointments)]
        words = [*practice.words, "bench", "data", *counts, "--seed", str(SEED), "--json"]
        told = subprocess.run(words, check=True, timeout=7200, stdout=subprocess.PIPE, text=True).stdout
        done.write_text(told[told.index("{") :])
    # One kept since an earlier version has to follow the history, as a practice's own server does when it starts.
    subprocess.run([*practice.words, "migrate"], check=True, timeout=7200, stdout=subprocess.DEVNULL)
    return practice


def _make(place: Path, database: str, cluster: postgresql.Cluster | None) -> None:
    if place.exists():
        raise SystemExit(f"{place} is half made: remove it, then measure again")
    (place / "home").mkdir(parents=True)
    url, floor_database = "", str(place / "floor.db")
    if cluster is not None:
        url, floor_database = cluster.url(cluster.create()), cluster.url(cluster.create())
    ports = f"staff_port = {stand.free_port()}\nmaintainer_port = {stand.free_port()}\n"
    (place / "home" / "socle.toml").write_text(f'[database]\nurl = "{url}"\n\n[web]\nworkers = 2\n{ports}')
    (place / "floor").write_text(floor_database)
