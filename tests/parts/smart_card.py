"""A real pcscd with virtual readers (vsmartcard's vpcd), and cards plugged into them over TCP: small PIV cards.

One pcscd per machine, for vpcd's ports are fixed: these tests share one xdist group, and runs wait for one another. A
PIV card proves our own way through PC/SC and PKCS#11, not the driver of a CPS.
"""

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from tests.builders.cards import Card
from tests.parts import required

PORTS = (35963, 35964)
"""Of vpcd's two readers; its ports are fixed."""
ANSWER_TO_RESET = bytes.fromhex("3B80800101")
_APPLICATION = bytes.fromhex("A000000308000010000100")
_SOCKET = Path("/run/pcscd/pcscd.comm")
_SECONDS = 30
_TURN_SECONDS = 900
_OFF, _ON, _RESET, _ANSWER = 0, 1, 2, 4


def module() -> str:
    """Return OpenSC's PKCS#11 module, or give the test up."""
    found = next(Path("/usr/lib").glob("*/opensc-pkcs11.so"), None)
    return str(found) if found else required.absent("OpenSC's PKCS#11 module", "opensc-pkcs11")


def _root() -> list[str]:
    return [] if os.geteuid() == 0 else ["sudo", "-n"]


def _may_be_root() -> bool:
    if os.geteuid() == 0:
        return True
    asked = ["sudo", "-n", "true"]
    return shutil.which("sudo") is not None and subprocess.run(asked, capture_output=True, check=False).returncode == 0


def as_root(*words: str) -> None:
    """Run a command as root."""
    subprocess.run([*_root(), *words], capture_output=True, check=False)


class Readers:
    """The running pcscd."""

    def __init__(self) -> None:
        self._program = required.program("pcscd", "pcscd")
        if not list(Path("/usr/lib/pcsc/drivers").glob("serial/libifdvpcd.so*")):
            required.absent("the virtual reader", "vsmartcard-vpcd")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the service and wait until it listens; what an earlier one left behind goes first."""
        as_root("mkdir", "-p", str(_SOCKET.parent))
        as_root("rm", "-f", str(_SOCKET), str(_SOCKET.with_name("pcscd.pid")))
        knows = subprocess.run([self._program, "--help"], capture_output=True, text=True, check=False)
        # Where pcscd asks polkit, nobody but root would see the cards of a machine without a seat.
        more = ["--disable-polkit"] if "--disable-polkit" in knows.stdout + knows.stderr else []
        quiet = subprocess.DEVNULL
        command = [*_root(), self._program, "--foreground", *more]
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        deadline = time.monotonic() + _SECONDS
        while not (_SOCKET.exists() and all(map(_listens, PORTS))):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("pcscd did not start")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the service."""
        if self._process is not None:
            for signal in ("TERM", "KILL"):
                as_root("kill", f"-{signal}", str(self._process.pid))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(10)
                    break
            self._process = None


@contextmanager
def running() -> Iterator[Readers]:
    """Run pcscd for the block."""
    if not _may_be_root():
        required.absent("the right to start pcscd", "sudo")
    with _alone():
        readers = Readers()
        readers.start()
        try:
            yield readers
        finally:
            readers.stop()


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a name that one run at a time may have on this network; free again when its process ends."""
    with socket.socket(socket.AF_UNIX) as name:
        deadline = time.monotonic() + _TURN_SECONDS
        while True:
            try:
                name.bind("\0socle-test-pcscd")
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield


def _listens(port: int) -> bool:
    """Tell whether a port is listened at, without connecting: a connection would be a card."""
    wanted = f":{port:04X} 00000000:0000 0A"
    return any(wanted in Path(f"/proc/net/{table}").read_text() for table in ("tcp",))


class Plugged:
    """A PIV card that can be put into a virtual reader and taken out, with its own code and count of tries."""

    def __init__(self, card: Card, code: str = "1234", tries: int = 3) -> None:
        self.applet = Applet(card, code, tries)
        self._connection: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def put_in(self, reader: int = 0) -> None:
        """Put the card into a reader."""
        self._connection = socket.create_connection(("127.0.0.1", PORTS[reader]), timeout=_SECONDS)
        self._connection.settimeout(None)
        self._thread = threading.Thread(target=self._serve, args=(self._connection,), daemon=True)
        self._thread.start()

    def take_out(self) -> None:
        """Take it out."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
            self._connection.close()
            self._connection = None
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(10)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                said = _exactly(connection, struct.unpack(">H", _exactly(connection, 2))[0])
                if len(said) == 1:
                    if said[0] in {_OFF, _ON, _RESET}:
                        self.applet.reset()
                    if said[0] == _ANSWER:
                        _say(connection, ANSWER_TO_RESET)
                    continue
                answer = self.applet.answer(said)
                if answer is None:
                    self.take_out()
                    return
                _say(connection, answer)


def _exactly(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = connection.recv(count - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def _say(connection: socket.socket, answer: bytes) -> None:
    connection.sendall(struct.pack(">H", len(answer)) + answer)


class Applet:
    """The little of a PIV card that signing in needs (NIST SP 800-73): one key, one certificate, a code."""

    def __init__(self, card: Card, code: str, tries: int) -> None:
        if not isinstance(card.key, rsa.RSAPrivateKey):
            raise TypeError("the emulated card has an RSA key")
        self._key, self._code, self.tries, self._most = card.key, code.encode(), tries, 3
        self.dies_at_signature = False
        """Whether the card leaves its reader in the middle of a signature."""
        self.signatures = 0
        self._selected = self._authenticated = False
        self._chain = self._rest = b""
        number = (card.certificate.serial_number & (2**128 - 1)).to_bytes(16, "big")
        holder = _tlv(0x30, bytes.fromhex("d4e739da739ced39ce739d836858210842108421c84210c3eb")) + _tlv(0x34, number)
        holder += _tlv(0x35, b"20351231") + _tlv(0x3E, b"") + _tlv(0xFE, b"")
        facts = _tlv(0xF0, bytes.fromhex("a000000116ff02") + number[:14]) + _tlv(0xF1, b"!") + _tlv(0xF2, b"!")
        facts += _tlv(0xF3, b"") + _tlv(0xF4, b"\0") + _tlv(0xF5, b"\x10")
        facts += b"".join(_tlv(tag, b"") for tag in (0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE))
        certificate = _tlv(0x70, card.der) + _tlv(0x71, b"\0") + _tlv(0xFE, b"")
        discovery = _tlv(0x4F, _APPLICATION) + b"\x5f\x2f\x02\x40\x00"
        self._objects = {b"\x5f\xc1\x05": certificate, b"\x5f\xc1\x02": holder, b"\x5f\xc1\x07": facts}
        self._discovery = _tlv(0x7E, discovery)

    def reset(self) -> None:
        """Forget what was selected and proven."""
        self._selected = self._authenticated = False
        self._chain = self._rest = b""

    def answer(self, command: bytes) -> bytes | None:
        """Return the answer to one command; None when the card is gone."""
        class_byte, instruction, first, second = command[:4]
        data, expected = _body(command[4:])
        if instruction == 0xC0:
            rest, self._rest = self._rest, b""
            return self._reply(rest, expected)
        if class_byte & 0x10:
            self._chain += data
            return b"\x90\x00"
        data, self._chain = self._chain + data, b""
        if instruction == 0xA4 and first == 4:
            return self._select(data, expected)
        if not self._selected:
            return b"\x6d\x00"
        if instruction == 0xCB:
            return self._object(data, expected)
        if instruction == 0x20 and second == 0x80:
            return self._verify(data)
        if instruction == 0x87 and second == 0x9A:
            return self._sign(data, expected)
        return b"\x6d\x00"

    def _select(self, data: bytes, expected: int) -> bytes:
        if len(data) < 5 or not _APPLICATION.startswith(data[:9]):
            return b"\x6a\x82"
        self._selected, self._authenticated = True, False
        inner = _tlv(0x4F, _APPLICATION[5:]) + _tlv(0x79, _tlv(0x4F, _APPLICATION[:5]))
        return self._reply(_tlv(0x61, inner), expected)

    def _object(self, data: bytes, expected: int) -> bytes:
        tag = data[2 : 2 + data[1]]
        if tag == b"\x7e":
            return self._reply(self._discovery, expected)
        found = self._objects.get(tag)
        return self._reply(_tlv(0x53, found), expected) if found is not None else b"\x6a\x82"

    def _verify(self, data: bytes) -> bytes:
        if self.tries == 0:
            return b"\x69\x83"
        if not data:
            return b"\x90\x00" if self._authenticated else bytes([0x63, 0xC0 | self.tries])
        self._authenticated = data.rstrip(b"\xff") == self._code
        self.tries = self._most if self._authenticated else self.tries - 1
        if self._authenticated:
            return b"\x90\x00"
        return bytes([0x63, 0xC0 | self.tries]) if self.tries else b"\x69\x83"

    def _sign(self, data: bytes, expected: int) -> bytes | None:
        if not self._authenticated:
            return b"\x69\x82"
        if self.dies_at_signature:
            return None
        at = data.find(b"\x81\x82")
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        padded = int.from_bytes(data[at + 4 : at + 4 + length], "big")
        numbers = self._key.private_numbers()
        signed = pow(padded, numbers.d, numbers.public_numbers.n).to_bytes(256, "big")
        self.signatures += 1
        return self._reply(_tlv(0x7C, _tlv(0x82, signed)), expected)

    def _reply(self, data: bytes, expected: int) -> bytes:
        if len(data) <= expected:
            return data + b"\x90\x00"
        self._rest = data[expected:]
        return data[:expected] + bytes([0x61, min(len(self._rest), 0xFF)])


def _body(body: bytes) -> tuple[bytes, int]:
    """Take the data and the length of the expected answer out of a command, short or extended (ISO 7816-4)."""
    if len(body) <= 1:
        return b"", (body[0] if body else 0) or 256
    if body[0] or len(body) < 3:
        end = 1 + body[0]
        return body[1:end], (body[end] if len(body) > end else 0) or 256
    if len(body) == 3:
        return b"", int.from_bytes(body[1:3], "big") or 65536
    end = 3 + int.from_bytes(body[1:3], "big")
    return body[3:end], (int.from_bytes(body[-2:], "big") if len(body) > end else 0) or 65536


def _tlv(tag: int, value: bytes) -> bytes:
    """Return a tag, a length and a value (BER)."""
    length = len(value)
    if length < 0x80:
        return bytes([tag, length]) + value
    if length < 0x100:
        return bytes([tag, 0x81, length]) + value
    return bytes([tag, 0x82]) + struct.pack(">H", length) + value
