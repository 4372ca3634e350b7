"""Presses a server with wrk, from loopback to loopback, for a few seconds, and says how it answered."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

SCRIPT = Path(__file__).with_name("requests.lua")
LONGEST_WAIT = 4.0
IDLE_PERCENT = 20.0


@dataclass(frozen=True)
class Request:
    """One request; the body is sent as a form."""

    path: str
    method: str = "GET"
    body: str = ""


@dataclass(frozen=True)
class Cell:
    """What one press gave: milliseconds, and answers per second."""

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    errors: int

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return self.requests / self.seconds


def wait_for_calm() -> float:
    """Wait, within bounds, until the processors have little else to do; return how busy they were at last."""
    deadline = time.monotonic() + LONGEST_WAIT
    while (busy := psutil.cpu_percent(interval=0.4)) > IDLE_PERCENT and time.monotonic() < deadline:
        pass
    return busy


def press(
    address: str,
    requests: Sequence[Request],
    headers: Mapping[str, str],
    *,
    connections: int,
    seconds: int,
    offset: int,
    status: int = 200,
) -> Cell:
    """Send the requests in turn, from `offset` on, for some seconds."""
    if not address.startswith("https://127.0.0.1:"):
        raise ValueError("a load goes to loopback only")
    with tempfile.TemporaryDirectory() as folder:
        files = {"LOAD_REQUESTS": Path(folder) / "requests", "LOAD_HEADERS": Path(folder) / "headers"}
        lines = (f"{one.method}\t{one.path}\t{one.body}\n" for one in requests)
        files["LOAD_REQUESTS"].write_text("".join(lines))
        files["LOAD_HEADERS"].write_text("".join(f"{name}: {value}\n" for name, value in headers.items()))
        places = {name: str(path) for name, path in files.items()}
        numbers = {"LOAD_OFFSET": str(offset), "LOAD_STATUS": str(status)}
        words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", str(SCRIPT), address]
        done = subprocess.run(
            words, env={**os.environ, **places, **numbers}, stdout=subprocess.PIPE, text=True, check=True, timeout=120
        )
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Cell)
