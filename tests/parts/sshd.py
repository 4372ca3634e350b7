"""A real OpenSSH server: Debian's sshd as our own child on a port of loopback, for the user who runs the tests.

It lets in one key, which may be bound to one command, as a backup server's owner would do it.
"""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.parts import ports, required

START_SECONDS = 30
CONFIGURATION = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
Subsystem sftp internal-sftp
LogLevel VERBOSE
"""


class Sshd:
    """One server. `command`: all that its key may run; empty: anything, SFTP too."""

    def __init__(self, folder: Path, command: str = "") -> None:
        self.folder = folder
        self.port = ports.free()[0]
        self._program = required.program("sshd", "openssh-server")
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.key = self._make_key("client_key")
        self._make_key("host_key")
        bound = f'command="{command}",restrict ' if command else ""
        (folder / "authorized_keys").write_text(bound + (folder / "client_key.pub").read_text())
        (folder / "sshd_config").write_text(CONFIGURATION.format(port=self.port, folder=folder))

    @property
    def host_key(self) -> str:
        """The line the server shows."""
        return (self.folder / "host_key.pub").read_text().strip()

    @property
    def user(self) -> str:
        """Who signs in: the user who runs the tests."""
        return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()

    def address(self, path: Path, scheme: str = "ssh") -> str:
        """Return the address of a path on the server."""
        # After an SFTP host a second slash begins a path from the root.
        return f"{scheme}://{self.user}@127.0.0.1:{self.port}{'/' if scheme == 'sftp' else ''}{path}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            words = [self._program, "-D", "-e", "-f", str(self.folder / "sshd_config")]
            self._process = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"sshd did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it, with every connection it has: as when the machine is switched off."""
        if self._process is None:
            return
        for number in _descendants(self._process.pid):
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.kill()
        self._process.wait(START_SECONDS)
        self._process = None

    def __enter__(self) -> "Sshd":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _make_key(self, name: str) -> Path:
        keygen = required.program("ssh-keygen", "openssh-client")
        file = self.folder / name
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
        return file


def _descendants(number: int) -> list[int]:
    """Return the processes below one: sshd gives each connection a session of its own."""
    found: list[int] = []
    for child in Path(f"/proc/{number}/task/{number}/children").read_text().split():
        found += [*_descendants(int(child)), int(child)]
    return found


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
