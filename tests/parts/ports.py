"""Ports of loopback for what tests start: no two processes of one run are ever given the same."""

import os
import socket

WORKERS = 16


def free(count: int = 1) -> list[int]:
    """Return ports nobody listens on. Each process of the run has its own, for another could take one meanwhile."""
    own = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % WORKERS
    found: list[int] = []
    held: list[socket.socket] = []
    try:
        while len(found) < count and len(held) < 100 * WORKERS:
            probe = socket.socket()
            held.append(probe)
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            if port // 2 % WORKERS == own:  # the kernel favours odd or even numbers
                found.append(port)
    finally:
        for probe in held:
            probe.close()
    if len(found) < count:
        raise RuntimeError("no free port was found")
    return found
