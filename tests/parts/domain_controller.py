"""A real Active Directory: Debian's Samba as a domain controller, in user and network namespaces of its own.

Its ports (636 and others) cannot be chosen; in a network namespace they are free, whoever runs the tests, and need no
root. A relay through a unix socket leads to it from a free port of this machine's loopback, TLS untouched.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.parts import required
from tests.parts.certificates import Authority

BASE = "DC=cabinet,DC=test"
ADMINISTRATOR = f"CN=Administrator,CN=Users,{BASE}"
ADMINISTRATOR_PASSWORD = "Adm1n!pass-word"
START_SECONDS = 240
INSIDE = Path(__file__).with_name("domain_controller_inside.py")


class Domain:
    """One running domain controller."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder
        self.authority = authority
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        """The LDAPS address."""
        return f"ldaps://localhost:{self.port}"

    def close(self) -> None:
        """Take no more visitors."""
        self._door.close()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._door.accept()
            except OSError:
                return
            inner = socket.socket(socket.AF_UNIX)
            try:
                inner.connect(str(self.folder / "relay.sock"))
            except OSError:
                visitor.close()
                inner.close()
                continue
            for one, other in ((visitor, inner), (inner, visitor)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
    source.close()


@contextmanager
def running(plan: Mapping[str, Any]) -> Iterator[Domain]:
    """Provision a domain with the plan's people and groups, and serve it; some 20 seconds."""
    required.program("samba", "samba-ad-dc")
    required.program("samba-tool", "samba-ad-dc")
    folder = Path(tempfile.mkdtemp(prefix="socle-ad-", dir="/tmp"))
    authority = Authority(folder, "domain")
    pair = authority.sign("localhost")
    pair.certificate.rename(folder / "server.pem")
    pair.key.rename(folder / "server.key")
    (folder / "plan.json").write_text(json.dumps({"administrator_password": ADMINISTRATOR_PASSWORD, **plan}))
    words = [
        "unshare",
        "--map-root-user",
        "--net",
        "setpriv",
        "--pdeathsig",
        "TERM",
        "/usr/bin/python3",
        "-I",
        str(INSIDE),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*words, str(folder)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    domain = Domain(folder, authority)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not (folder / "relay.sock").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the domain controller did not start:\n{(folder / 'log').read_text()[-3000:]}")
            time.sleep(0.1)
        yield domain
    finally:
        domain.close()
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)
