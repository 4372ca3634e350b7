"""Makes a workstation one of the practice's: its own key pair, the server's authority pinned by its fingerprint.

What is kept lies in one folder of the person who runs the agent: `station.json`, `key.pem` (0600), `authority.pem`.
"""

import hashlib
import json
import os
import platform
import re
import ssl
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from socle_station.link import Https, answered, json_headers, text
from socle_station.wording import Fault, Language

FINGERPRINT_SIGNS = 20
"""Hexadecimal signs of the authority's SHA-256 that the maintainer's page shows: 80 bits."""
_STATION, _KEY, _AUTHORITY = "station.json", "key.pem", "authority.pem"


@dataclass(frozen=True)
class Enrolled:
    """One enrolled workstation."""

    server: str
    number: int
    name: str
    practice: str
    fingerprint: str


def default_folder() -> Path:
    """Return where this system keeps a person's own settings."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming") / "Socle Station"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "Socle Station"
    return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "socle-station"


def enrol(folder: Path, server: str, code: str, fingerprint: str, language: Language) -> Enrolled:
    """Make a key, check who the server is, and hand it the key's public half with the code."""
    address = "https://" + re.sub("^https?:(//)?", "", server.strip()).rstrip("/")
    if not _is_address(address):
        raise Fault("STATION-ADDRESS-WRONG", server=server.strip())
    status, found = Https(address, "").send("GET", "/station/authority", b"", {})
    try:
        authority, proven = pinned(found.decode("ascii", "replace"))
    except ValueError:
        raise Fault("STATION-ANSWER-WRONG", server=address, status=status) from None
    typed = "".join(sign for sign in fingerprint.lower() if sign in "0123456789abcdef")
    if len(typed) < FINGERPRINT_SIGNS or not proven.startswith(typed):
        raise Fault("STATION-FINGERPRINT-WRONG", server=address)
    key = Ed25519PrivateKey.generate()
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    sent = {
        "code": plain,
        "public_key": text(key.public_key().public_bytes_raw()),
        "proof": text(key.sign(f"socle-enrol-1\n{plain}".encode())),
        "system": f"{platform.system()} {platform.release()}"[:80],
    }
    answer = Https(address, authority).send("POST", "/station/enrol", json.dumps(sent).encode(), json_headers(language))
    said = answered(*answer, address)
    enrolled = Enrolled(address, int(said["number"]), str(said["name"]), str(said["practice"]), proven)
    _keep(folder, enrolled, key, authority)
    return enrolled


def pinned(sent: str) -> tuple[str, str]:
    """Return the one certificate that was sent, written anew, and its SHA-256; ValueError when there is none.

    Nothing else of what was sent is kept: reading stops at the first certificate, and trusting a file trusts them all.
    """
    first, end, _others = sent.strip().partition(ssl.PEM_FOOTER)  # Pythons differ in reading more
    der = ssl.PEM_cert_to_DER_cert(first + end)
    return ssl.DER_cert_to_PEM_cert(der), hashlib.sha256(der).hexdigest()


def _is_address(address: str) -> bool:
    parts = urlsplit(address)
    try:
        is_named = re.fullmatch(r"[a-z0-9.:_-]+", parts.hostname or "") is not None
        return is_named and parts.netloc.isprintable() and not parts.path and parts.port != 0
    except ValueError:
        return False


def load(folder: Path) -> tuple[Enrolled, Ed25519PrivateKey, str]:
    """Return the workstation, its key, and the authority; Fault when it is not enrolled."""
    try:
        enrolled = Enrolled(**json.loads((folder / _STATION).read_text(encoding="utf-8")))
        key = load_pem_private_key((folder / _KEY).read_bytes(), None)
        authority = (folder / _AUTHORITY).read_text(encoding="ascii")
    except (OSError, ValueError, TypeError):
        raise Fault("STATION-NOT-ENROLLED") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Fault("STATION-NOT-ENROLLED")
    return enrolled, key, authority


def authority_path(folder: Path) -> Path:
    """Return where the server's authority lies, for browsers to trust."""
    return folder / _AUTHORITY


def _keep(folder: Path, enrolled: Enrolled, key: Ed25519PrivateKey, authority: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    private(folder / _KEY, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private(folder / _AUTHORITY, authority.encode())
    private(folder / _STATION, json.dumps(asdict(enrolled), indent=2).encode())


def private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    new = path.with_suffix(path.suffix + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    new.replace(path)
