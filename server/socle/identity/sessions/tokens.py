"""The opaque values that browsers hold; the database keeps only their SHA-256."""

import base64
import binascii
import hashlib
import hmac
import secrets

_RANDOM_BYTES = 32
_MARK_BYTES = 6


def new(key: bytes) -> str:
    """Make a token: 256 random bits, and a short mark that says which server made it."""
    random = secrets.token_bytes(_RANDOM_BYTES)
    return base64.urlsafe_b64encode(random + _mark(key, random)).decode().rstrip("=")


def digest(token: str) -> bytes:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def made_here(key: bytes, token: str) -> bool:
    """Tell whether this server, with its present keys, made the token: a foreign cookie is not looked up at all."""
    if len(token) > 80:
        return False
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    random, mark = raw[:_RANDOM_BYTES], raw[_RANDOM_BYTES:]
    return len(random) == _RANDOM_BYTES and hmac.compare_digest(mark, _mark(key, random))


def _mark(key: bytes, random: bytes) -> bytes:
    return hmac.digest(key, b"socle session token\0" + random, "sha256")[:_MARK_BYTES]
