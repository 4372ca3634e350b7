"""What was measured: judged against the goals, and written as Markdown and JSON."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ratio:
    """One figure with its goal: the ratios of the paired rounds, and how good they have to be."""

    goal: str
    what: str
    database: str
    size: float
    rounds: Sequence[float]
    limit: float
    at_least: bool = False
    detail: str = ""
    median: float = field(init=False)
    reached: bool = field(init=False)

    def __post_init__(self) -> None:
        """Judge the median."""
        middle = median(self.rounds)
        object.__setattr__(self, "median", middle)
        object.__setattr__(self, "reached", middle >= self.limit if self.at_least else middle <= self.limit)

    @property
    def row(self) -> str:
        """The figure as a line of a Markdown table."""
        sign = "≥" if self.at_least else "≤"
        span = f"{min(self.rounds):.2f} to {max(self.rounds):.2f}"
        verdict = "yes" if self.reached else "**no**"
        words = (self.goal, self.what, self.database, f"{self.size:g}", f"{self.median:.2f}", span)
        return f"| {' | '.join(words)} | {sign} {self.limit:g} | {verdict} | {self.detail} |"


def surroundings() -> dict[str, object]:
    """Return what the figures depend on: commit, versions, machine, load."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = ("flask", "gunicorn", "sqlalchemy", "psycopg", "sqlcipher3", "argon2-cffi", "jinja2")
    return {
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "load average": [round(value, 2) for value in os.getloadavg()],
        **{name: metadata.version(name) for name in names},
    }


def disk(folder: Path) -> str:
    """Say how long this disk takes for one small write: no change can be saved in less."""
    times = []
    with (folder / "disk").open("wb", buffering=0) as file:
        for _ in range(100):
            begin = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append(1000 * (time.perf_counter() - begin))
    (folder / "disk").unlink()
    times.sort()
    return f"p50 {times[50]:.2f} ms, p95 {times[95]:.2f} ms"


def write(folder: Path, ratios: Iterable[Ratio], cells: Sequence[dict[str, object]], facts: dict[str, object]) -> Path:
    """Write `benchmarks.md` and `benchmarks.json`; return the first."""
    folder.mkdir(parents=True, exist_ok=True)
    found = list(ratios)
    lines = ["# Measured against the floor", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    lines += ["", "Only ratios of one run count: the median of the paired rounds is judged.", ""]
    lines += ["| goal | work | database | size | median | rounds | wanted | reached | |", "|---" * 9 + "|"]
    lines += [ratio.row for ratio in found]
    lines += ["", "| database | size | work | clients | p50 ms | p95 ms | p99 ms | requests/s | errors | ms of CPU |"]
    lines += ["|---" * 10 + "|", *map(_cell_row, cells), ""]
    path = folder / "benchmarks.md"
    path.write_text("\n".join(lines))
    data = {"surroundings": facts, "ratios": [asdict(ratio) for ratio in found], "cells": list(cells)}
    (folder / "benchmarks.json").write_text(json.dumps(data, indent=1, ensure_ascii=False))
    return path


def _cell_row(cell: dict[str, object]) -> str:
    names = ("database", "size", "work", "clients", "p50", "p95", "p99", "per_second", "errors", "cpu_ms")
    return (
        "| "
        + " | ".join(f"{value:.2f}" if isinstance(value := cell[name], float) else str(value) for name in names)
        + " |"
    )
