"""The goals of docs/how-to/measure.md, each as the ratio of two figures taken in the same round."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from tests.benchmarks.load import Cell
from tests.benchmarks.measure import EMPTY, FLOOR_SIZE, SIGN_IN, Figures, Key
from tests.benchmarks.report import Ratio

Pick = Callable[[Cell], float]
READING = ("search", "search, one typing error", "open a patient", "week agenda, page", "week agenda, data")


def p50(cell: Cell) -> float:
    """Pick the median time."""
    return cell.p50


def p95(cell: Cell) -> float:
    """Pick the time that one answer in twenty passes."""
    return cell.p95


def rate(cell: Cell) -> float:
    """Pick the answers per second."""
    return cell.per_second


def judged(figures: Figures) -> Iterator[Ratio]:
    """Yield every ratio that the figures allow."""
    for database, size in sorted({(key.database, key.size) for key in figures.cells if key.size != FLOOR_SIZE}):
        yield from _against_the_floor(figures, database, size)
        yield from _start_and_memory(figures, database, size)
        if size != (smallest := min(key.size for key in figures.cells if key.size != FLOOR_SIZE)):
            yield from _growth(figures, database, size, smallest)
    yield from _databases(figures)


def _against_the_floor(figures: Figures, database: str, size: float) -> Iterator[Ratio]:
    def ratio(goal: str, work: str, clients: int, pick: Pick, limit: float) -> Ratio:
        ours = figures.cells[Key(database, size, work, clients)]
        floor = figures.cells[Key(database, FLOOR_SIZE, EMPTY, clients)]
        what = f"{work}: {pick.__name__} / E, {clients} client{'s' if clients > 1 else ''}"
        return Ratio(goal, what, database, size, _paired(ours, floor, pick), limit, detail=_errors(ours))

    for clients in (1, 8):
        for pick in (p50, p95):
            yield ratio("P1", "search", clients, pick, 1.5)
            yield ratio("P1", "search, one typing error", clients, pick, 2)
    yield ratio("P3", "open a patient", 1, p95, 3)
    yield ratio("P4", "week agenda, page", 1, p50, 4)
    page = figures.cells[Key(database, size, "week agenda, page", 1)]
    spread = [cell.p95 / cell.p50 for cell in page]
    yield Ratio("P4", "week agenda, page: p95 / its own p50", database, size, spread, 1.6)
    yield ratio("P4", "week agenda, data", 1, p50, 2.2)
    yield ratio("P5", "create an appointment", 1, p50, 3)
    ours = figures.cells[Key(database, size, SIGN_IN, 1)]
    rounds = [cell.p50 / bare for cell, bare in zip(ours, figures.hashing_ms, strict=True)]
    yield Ratio("P6", "sign in: p50 / one bare argon2id", database, size, rounds, 1.3, detail=_errors(ours))


def _start_and_memory(figures: Figures, database: str, size: float) -> Iterator[Ratio]:
    floor = figures.starts[database, size, "floor"]
    for what in ("one door", "socle up"):
        times = figures.starts[database, size, what]
        rounds = [time / least for time, least in zip(times, floor, strict=True)]
        detail = f"{median(times):.2f} s, floor {median(floor):.2f} s"
        yield Ratio("P9", f"{what}: start to first good page / floor", database, size, rounds, 1.3, detail=detail)
    least = figures.memory[database, FLOOR_SIZE, "one door"]
    for what, limit in (("one door", 1.25), ("all doors", 2.5)):
        size_mb = figures.memory[database, size, what]
        detail = f"{size_mb:.0f} MB, floor {least:.0f} MB"
        yield Ratio("P10", f"memory of {what} / floor", database, size, [size_mb / least], limit, detail=detail)
    grown = figures.memory[database, size, "one door, after"] / figures.memory[database, size, "one door"]
    yield Ratio("P10", "memory of one door after all the load / fresh", database, size, [grown], 1.5)


def _growth(figures: Figures, database: str, size: float, smallest: float) -> Iterator[Ratio]:
    for work in (*READING, "create an appointment"):
        for pick, limit in ((p50, 1.2), (p95, 1.3)):
            large = figures.cells[Key(database, size, work, 1)]
            small = figures.cells.get(Key(database, smallest, work, 1))
            if small is not None:
                what = f"{work}: {pick.__name__} against size {smallest:g}"
                yield Ratio("P7", what, database, size, _paired(large, small, pick), limit)


def _databases(figures: Figures) -> Iterator[Ratio]:
    for key, cells in figures.cells.items():
        other = figures.cells.get(Key("postgresql", key.size, key.work, key.clients))
        if key.database == "sqlcipher" and key.work == "search" and key.clients == 8 and other is not None:
            rounds = _paired(cells, other, rate)
            what = "search: answers per second, SQLCipher / PostgreSQL, 8 clients"
            yield Ratio("P11", what, "both", key.size, rounds, 1.6, at_least=True)


def _paired(ours: Sequence[Cell], others: Sequence[Cell], pick: Pick) -> list[float]:
    return [pick(one) / pick(other) for one, other in zip(ours, others, strict=True)]


def _errors(cells: Sequence[Cell]) -> str:
    wrong = sum(cell.errors for cell in cells)
    return f"{wrong} wrong answers of {sum(cell.requests for cell in cells)}" if wrong else ""
