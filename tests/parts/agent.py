"""A workstation's agent as a test speaks for it: signs requests to a door's test client with a key of its own."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from socle.foundation.clock import Clock


def b64(value: bytes) -> str:
    """Return bytes as they travel."""
    return base64.b64encode(value).decode()


@dataclass
class Agent:
    """One workstation's side of the wire, written without the agent's own code."""

    client: FlaskClient
    clock: Clock
    base: str = "https://localhost:8443"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    number: int = 0

    def enrol(self, code: str, system: str = "Linux") -> TestResponse:
        """Enrol with a code, as the maintainer's page shows it."""
        proof = self.key.sign(f"socle-enrol-1\n{code.replace('-', '')}".encode())
        body = {"code": code, "public_key": b64(self.key.public_key().public_bytes_raw()), "proof": b64(proof)}
        answer = self.client.post("/station/enrol", json={**body, "system": system}, base_url=self.base)
        if answer.status_code == 200:
            self.number = answer.get_json()["number"]
        return answer

    def headers(self, path: str, body: bytes, at: datetime | None = None, nonce: bytes | None = None) -> dict[str, str]:
        """Return the four headers that sign a request."""
        moment = str(int((at or self.clock.now()).timestamp() * 1000))
        nonce = nonce or secrets.token_bytes(16)
        words = ("socle-station-1", "POST", path, hashlib.sha256(body).hexdigest(), moment, nonce.hex())
        signature = self.key.sign("\n".join((*words, str(self.number))).encode())
        return {
            "X-Socle-Station": str(self.number),
            "X-Socle-Time": moment,
            "X-Socle-Nonce": b64(nonce),
            "X-Socle-Signature": b64(signature),
            "Content-Type": "application/json",
            "Accept": "application/json",
        }

    def post(
        self, path: str, content: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Send a signed request, or one with the headers given."""
        body = json.dumps(content or {}).encode()
        headers = dict(headers or self.headers(path, body))
        return self.client.post(path, data=body, headers=headers, base_url=self.base)
