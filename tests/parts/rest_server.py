"""A real rest-server as our own child: over TLS, with a name and a password, and (as it should be) only adding."""

import base64
import hashlib
import secrets
import socket
import subprocess
import time
from pathlib import Path

from tests.parts import ports, required
from tests.parts.certificates import Authority

START_SECONDS = 30
NAME = "cabinet"
SERVED: dict[int, Path] = {}
"""The folder behind each port."""


class RestServer:
    """One server of one account."""

    def __init__(self, folder: Path, *, append_only: bool = True) -> None:
        self.folder = folder
        self.port = ports.free()[0]
        self.password = secrets.token_hex(8)
        self._program = required.program("restic-rest-server", "restic-rest-server")
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "data").mkdir(parents=True)
        SERVED[self.port] = folder / "data"
        authority = Authority(folder, "backup-authority")
        self.certificate_file = authority.file
        self._pair = authority.sign("localhost", "127.0.0.1")
        digest = base64.b64encode(hashlib.sha1(self.password.encode(), usedforsecurity=False).digest()).decode()
        (folder / "htpasswd").write_text(f"{NAME}:{{SHA}}{digest}\n")
        self._mode = ["--append-only"] if append_only else []

    @property
    def address(self) -> str:
        """The address of the account's repository."""
        return f"rest:https://127.0.0.1:{self.port}/{NAME}/"

    @property
    def data(self) -> Path:
        """Where the account's repository lies."""
        return self.folder / "data" / NAME

    def start(self) -> None:
        """Start, and wait until it answers."""
        words = [self._program, "--path", str(self.folder / "data"), "--listen", f"127.0.0.1:{self.port}"]
        words += ["--private-repos", "--htpasswd-file", str(self.folder / "htpasswd"), *self._mode]
        words += ["--tls", "--tls-cert", str(self._pair.certificate), "--tls-key", str(self._pair.key)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"rest-server did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it: as when the machine is switched off."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_SECONDS)
            self._process = None

    def __enter__(self) -> "RestServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
