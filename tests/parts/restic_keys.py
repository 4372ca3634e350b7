"""The key files of restic, made cheap to open: a thousand times half a second of derivation is not what we test.

The key inside stays the one restic made; only the password's derivation becomes short, as on a machine with a very fast
processor. Key file: JSON with scrypt's numbers and `data` = nonce, AES-256-CTR text, Poly1305-AES sum (restic's
"References: Design", "Keys, Encryption and MAC").
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305
from tests.parts.rest_server import SERVED

from socle.appliance.backups.engines.restic import Restic

_CHEAP = {"N": 2, "r": 1, "p": 1}
_NONCE, _SUM = 16, 16


def make_cheap(engine: Restic) -> None:
    """Rewrite the key files of a repository that was made a moment ago, where we reach its folder."""
    folder, password = _folder(engine), engine.access.password_file.read_bytes().strip()
    for file in list((folder / "keys").iterdir()) if folder else []:
        cheap = _cheap(json.loads(file.read_bytes()), password)
        (file.parent / hashlib.sha256(cheap).hexdigest()).write_bytes(cheap)  # its name is its sum
        file.unlink()


def _folder(engine: Restic) -> Path | None:
    if engine.address.startswith("sftp:"):
        return Path(urlsplit(engine.address).path.replace("//", "/", 1))
    if engine.address.startswith("rest:"):
        place = urlsplit(engine.address.removeprefix("rest:"))
        return SERVED[place.port or 0] / place.path.strip("/")
    return engine.local_folder()


def _cheap(key: dict[str, Any], password: bytes) -> bytes:
    data = base64.b64decode(key["data"])
    nonce, text = data[:_NONCE], data[_NONCE:-_SUM]
    secret, sums = _derived(key, password)
    assert _summed(sums, nonce, text) == data[-_SUM:]
    plain = _ciphered(secret, nonce, text)
    key |= _CHEAP
    secret, sums = _derived(key, password)
    text = _ciphered(secret, nonce, plain)
    return json.dumps(key | {"data": base64.b64encode(nonce + text + _summed(sums, nonce, text)).decode()}).encode()


def _derived(key: dict[str, Any], password: bytes) -> tuple[bytes, bytes]:
    salt = base64.b64decode(key["salt"])
    made = hashlib.scrypt(password, salt=salt, n=key["N"], r=key["r"], p=key["p"], dklen=64, maxmem=1 << 30)
    return made[:32], made[32:]


def _ciphered(secret: bytes, nonce: bytes, text: bytes) -> bytes:
    return Cipher(algorithms.AES(secret), modes.CTR(nonce)).encryptor().update(text)


def _summed(sums: bytes, nonce: bytes, text: bytes) -> bytes:
    masked = Cipher(algorithms.AES(sums[:16]), modes.ECB()).encryptor().update(nonce)
    return Poly1305.generate_tag(sums[16:] + masked, text)
