"""A real engine at work on a source that never ends by itself: somebody who holds the repository's lock."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from socle.appliance.backups.engine import Engine

WAIT_SECONDS = 60.0


class Worker:
    """A store under way; `error` is how it ended."""

    def __init__(self, engine: Engine, pieces: int = 1) -> None:
        self.error: BaseException | None = None
        self._engine, self._pieces = engine, pieces
        self._reading, self._release = threading.Event(), threading.Event()
        self._before = children()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Start, and wait until the engine reads: it has its lock by then."""
        self._thread.start()
        assert self._reading.wait(WAIT_SECONDS), self.error

    def kill(self) -> None:
        """SIGKILL the engine with all its own children, and wait for the end."""
        kill_all(children() - self._before)
        self.end()

    def end(self) -> None:
        """Let the source end, and wait for the engine's end."""
        self._release.set()
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()

    def _source(self) -> Iterator[bytes]:
        for _ in range(self._pieces):
            yield os.urandom(1 << 20)
        self._reading.set()  # the last megabyte does not fit into a pipe: the engine took it
        assert self._release.wait(WAIT_SECONDS)
        raise InterruptedError("the source broke")

    def _work(self) -> None:
        try:
            self._engine.store_stream("slow", self._source(), ["set:slow"], lambda *_: None, threading.Event())
        except BaseException as error:
            self.error = error


@contextmanager
def somebody_storing(engine: Engine, pieces: int = 1) -> Iterator[Worker]:
    """Have somebody store a stream in the repository for as long as this lasts."""
    worker = Worker(engine, pieces)
    worker.start()
    try:
        yield worker
    finally:
        worker.end()


def children() -> set[int]:
    """Return this process's children."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(number) for task in tasks for number in task.read_text().split()}


def kill_all(numbers: set[int]) -> None:
    """SIGKILL each child's whole group."""
    for number in numbers:
        try:
            os.killpg(number, signal.SIGKILL)
        except ProcessLookupError:
            continue
