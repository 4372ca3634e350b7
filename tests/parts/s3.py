"""An S3 server as our own child: moto's, where it is installed (`pip install moto[server]`); nothing of ours needs it.

It keeps everything in memory, so what it holds can't be looked at from outside. It shows that restic speaks S3 with the
keys it is given, not how a real provider behaves.
"""

import secrets
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from tests.parts import ports

START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """Its bucket's address, and the two halves of the key."""

    address: str
    key: str
    secret: str


@contextmanager
def running() -> Iterator[Server]:
    """Start it with one bucket; the test is given up where there is none."""
    program = shutil.which("moto_server")
    if program is None:
        pytest.skip("moto_server is not on this machine")
    port = ports.free()[0]
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("moto_server did not start")
            time.sleep(0.1)
        url = f"http://127.0.0.1:{port}"
        urllib.request.urlopen(urllib.request.Request(f"{url}/cabinet", method="PUT"), timeout=20).close()
        yield Server(f"s3:{url}/cabinet", "AKIA" + secrets.token_hex(8).upper(), secrets.token_hex(20))
    finally:
        process.kill()
        process.wait(START_SECONDS)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
