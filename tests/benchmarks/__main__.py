"""Measures Socle against the floor: `make bench ARGS="--sizes 1,10 --rounds 5"`. Never part of `make test`."""

import argparse
import os
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.benchmarks import backups, chart, goals, practice, report
from tests.benchmarks.measure import Bench, Figures, run
from tests.benchmarks.report import Ratio
from tests.parts import postgresql

DATABASES = ("sqlcipher", "postgresql")
# As a practice would run it: what protects from a power cut stays on.
POSTGRESQL = {"shared_buffers": "512MB"}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--sizes", default="1", help="1 is 50,000 patients and 1,000,000 appointments (default: 1)")
    parser.add_argument("--databases", default=",".join(DATABASES))
    parser.add_argument("--rounds", type=int, choices=range(1, 21), default=5, metavar="N")
    parser.add_argument("--seconds", type=int, choices=range(1, 31), default=3, metavar="S", help="for each press")
    parser.add_argument("--folder", type=Path, default=Path(f"/var/tmp/socle-bench-{os.geteuid()}"))
    parser.add_argument("--output", type=Path, default=report.ROOT / "tests/output/benchmarks")
    parser.add_argument("--what", choices=("pages", "backups", "all"), default="all")
    parser.add_argument("--documents", type=int, default=backups.DOCUMENTS, help="of the practice that is backed up")
    return parser.parse_args()


def main() -> None:
    """Prepare the practices, measure, judge, write."""
    asked = _arguments()
    asked.folder.mkdir(parents=True, exist_ok=True)
    facts = report.surroundings() | {"one write brought to the disk": report.disk(asked.folder)}
    ratios, cells = list[Ratio](), list[dict[str, object]]()
    if asked.what != "backups":
        ratios, cells = _pages(asked)
    if asked.what != "pages":
        engines = ("restic", "borg")
        ratios += backups.measured(asked.folder, engines, min(asked.rounds, 3), asked.documents)
    path = report.write(asked.output, ratios, cells, facts)
    if picture := chart.growth(ratios):
        (asked.output / "growth.svg").write_text(picture)
    print(path.read_text())


def _pages(asked: argparse.Namespace) -> tuple[list[Ratio], list[dict[str, object]]]:
    """Press the pages of each practice."""
    with ExitStack() as stack:
        cluster = None
        if "postgresql" in asked.databases:
            place = asked.folder / "postgresql"
            place.mkdir(exist_ok=True)
            cluster = stack.enter_context(postgresql.kept(place, POSTGRESQL))
        practices = [
            practice.prepare(asked.folder, name, float(size), cluster if name == "postgresql" else None)
            for name in asked.databases.split(",")
            for size in asked.sizes.split(",")
        ]
        figures = run(Bench(practices, cluster, asked.rounds, asked.seconds, asked.folder / "servers.log"))
    return list(goals.judged(figures)), _rows(figures)


def _rows(figures: Figures) -> list[dict[str, object]]:
    return [
        {
            "database": key.database,
            "size": key.size,
            "work": key.work,
            "clients": key.clients,
            "p50": median(cell.p50 for cell in cells),
            "p95": median(cell.p95 for cell in cells),
            "p99": median(cell.p99 for cell in cells),
            "per_second": median(cell.per_second for cell in cells),
            "errors": sum(cell.errors for cell in cells),
            "cpu_ms": median(figures.processor_ms[key]),
        }
        for key, cells in figures.cells.items()
    ]


if __name__ == "__main__":
    main()
