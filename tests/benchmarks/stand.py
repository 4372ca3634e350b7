"""A server under measure: started, watched and stopped by its own process id."""

import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path

import psutil

READY_SECONDS = 120.0


@dataclass(frozen=True)
class Stand:
    """A running server and its workers."""

    address: str
    ready_seconds: float
    process: "subprocess.Popen[bytes]"

    def family(self) -> list[psutil.Process]:
        """Return the server's process and all its descendants."""
        head = psutil.Process(self.process.pid)
        return [head, *head.children(recursive=True)]

    def memory(self) -> dict[str, float]:
        """Return the proportional set size in MB of its processes, by command line, and in all."""
        sizes: dict[str, float] = {}
        for process in self.family():
            with suppress(psutil.NoSuchProcess):
                name = " ".join(process.cmdline()[-3:])
                sizes[name] = sizes.get(name, 0.0) + process.memory_full_info().pss / 1e6
        return {**sizes, "all": sum(sizes.values())}

    def processor_seconds(self) -> float:
        """Return the processor time used so far by the server and its workers."""
        return processor_seconds(self.family())


def processor_seconds(processes: Sequence[psutil.Process]) -> float:
    """Return the processor time used so far by these processes."""
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Return the status and the text of one page."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # our own server, on loopback
    connection = HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


@contextmanager
def started(
    words: Sequence[str], environment: Mapping[str, str], port: int, good: str, headers: Mapping[str, str], log: Path
) -> Iterator[Stand]:
    """Start a server; it is ready when the page `good` first answers 200. Stop it at the end."""
    begin = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(words, env={**os.environ, **environment}, stdout=output, stderr=output)
    try:
        _wait(process, port, good, headers, begin)
        yield Stand(f"https://127.0.0.1:{port}", time.monotonic() - begin, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, good: str, headers: Mapping[str, str], begin: float) -> None:
    while True:
        with suppress(OSError):
            if ask(port, good, headers)[0] == 200:
                return
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        if time.monotonic() - begin > READY_SECONDS:
            raise RuntimeError("the server is not ready")
        time.sleep(0.02)
