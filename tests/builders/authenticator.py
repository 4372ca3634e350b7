"""An authenticator in software, for answers that no honest browser gives: another page, an old challenge, a copy."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

_PRESENT, _VERIFIED, _HAS_KEY = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    """Write bytes as WebAuthn's JSON does."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Authenticator:
    """One key for one server, which says about itself what the test wants."""

    host: str = "localhost"
    origin: str = "https://localhost:8443"
    verified: bool = True
    count: int = 0
    number: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def copy(self) -> "Authenticator":
        """Return a second authenticator with the same key and counter."""
        return replace(self)

    def make(self, options: dict[str, Any]) -> str:
        """Answer a question for a new key."""
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        about = bytes(16) + len(self.number).to_bytes(2, "big") + self.number + public
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(_HAS_KEY) + about})
        client = self._client("webauthn.create", options["challenge"])
        return self._answer({"clientDataJSON": text(client), "attestationObject": text(attestation)})

    def sign(self, options: dict[str, Any]) -> str:
        """Answer a question for a signature, with a counter one higher than before."""
        self.count += 1
        data, client = self._data(0), self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature)}
        )

    def _data(self, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verified else 0)
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        number = text(self.number)
        answer = {"id": number, "rawId": number, "type": "public-key", "clientExtensionResults": {}}
        return json.dumps({**answer, "response": response})
