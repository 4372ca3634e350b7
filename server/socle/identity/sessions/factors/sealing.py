"""Seals the secrets of factors for one account and one use, with keys that come from the home's own."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from socle.foundation.errors import N_, SocleError

_NONCE_BYTES = 12


class FactorUnreadable(SocleError):
    """A factor's secret was sealed with keys this server does not have."""

    code = "FACTOR-UNREADABLE"
    message = N_("The server cannot read the secret of this second factor: it was kept with other keys.")
    hint = N_("Use a recovery code or another way; if none works, ask an administrator to remove the second factor.")
    kind = "broken"


def derived(key: bytes, purpose: str) -> bytes:
    """Return a key of 32 bytes for one purpose, from the home's key for forms and tokens."""
    return HKDF(SHA256(), length=32, salt=None, info=b"socle factor\0" + purpose.encode()).derive(key)


def seal(key: bytes, purpose: str, bound_to: int, clear: bytes) -> bytes:
    """Return the secret sealed: it opens for the same purpose and the same number (an account's) only."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(derived(key, purpose)).encrypt(nonce, clear, str(bound_to).encode())


def open_sealed(key: bytes, purpose: str, bound_to: int, sealed: bytes) -> bytes:
    """Return the secret again, or raise FactorUnreadable."""
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(derived(key, purpose)).decrypt(nonce, rest, str(bound_to).encode())
    except (InvalidTag, ValueError):  # ValueError: shorter than any seal
        raise FactorUnreadable from None
