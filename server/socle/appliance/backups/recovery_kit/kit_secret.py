"""The kit's 128 random bits, and the three things they give: a public number, a password, and the envelope's key."""

import base64
import secrets
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

BYTES = 16
NUMBER_BYTES = 5


@dataclass(frozen=True)
class KitSecret:
    """What two sheets say together. It lives in one request or one command, and is never stored or logged."""

    raw: bytes = field(repr=False)

    @cached_property
    def number(self) -> str:
        """The kit's public number, such as "K7QX-M2PD": it tells kits apart and says nothing of the secret."""
        return written(self.number_bytes)

    @cached_property
    def number_bytes(self) -> bytes:
        """The same as bytes."""
        return self._derive(b"socle kit number", NUMBER_BYTES)

    @cached_property
    def password(self) -> bytes:
        """What opens each restic repository, beside the machine's own password."""
        return base64.b32encode(self._derive(b"socle kit password", 25))

    @cached_property
    def envelope_key(self) -> bytes:
        """The envelope's AES-256 key."""
        return self._derive(b"socle kit envelope", 32)

    def _derive(self, label: bytes, length: int) -> bytes:
        return HKDF(SHA256(), length, salt=None, info=label).derive(self.raw)


def new() -> KitSecret:
    """Return a fresh secret."""
    return KitSecret(secrets.token_bytes(BYTES))


def written(number: bytes) -> str:
    """Return a kit's number as it is printed."""
    text = base64.b32encode(number).decode()
    return f"{text[:4]}-{text[4:]}"
