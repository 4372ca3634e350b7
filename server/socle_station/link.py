"""Talks to the practice's server: each request signed with the workstation's own key, over TLS to its own authority."""

import base64
import hashlib
import http.client
import json
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from socle_station.token import Signature
from socle_station.wording import Fault, Language

SECONDS = 4.0
"""How long to wait for the server before saying that it does not answer."""
LARGEST_ANSWER = 1_000_000


@dataclass(frozen=True)
class Standing:
    """How the server sees this workstation: whose card is in, that person's session, and what their page needs."""

    holder: str | None
    session: str | None
    reopen: bool
    ticket_waits: bool


@dataclass(frozen=True)
class Opened:
    """A card was accepted: whose, and the ticket that opens the page, once, within seconds."""

    holder: str
    ticket: str


class Wire(Protocol):
    """Carries one request to the server and its answer back."""

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Return status and body; Fault when the server cannot be reached or is another."""
        ...


class Https:
    """The real wire: HTTPS to one address, trusting one authority and nothing else."""

    def __init__(self, server: str, authority: str) -> None:
        self.server = server.rstrip("/")
        parts = urlsplit(self.server)
        self._host, self._port = parts.hostname or "", parts.port or 443
        self._context = ssl.create_default_context(cadata=authority) if authority else unproven_context()

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=SECONDS, context=self._context)
        try:
            connection.request(method, path, body or None, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read(LARGEST_ANSWER)
        except ssl.SSLCertVerificationError:
            raise Fault("STATION-SERVER-NOT-TRUSTED", server=self.server) from None
        except (OSError, http.client.HTTPException):
            raise Fault("STATION-SERVER-UNREACHABLE", server=self.server) from None
        finally:
            connection.close()


def unproven_context() -> ssl.SSLContext:
    """Return a context that trusts anybody: only to fetch the authority whose fingerprint a person then compares."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Link:
    """The requests of one enrolled workstation."""

    def __init__(
        self,
        wire: Wire,
        server: str,
        number: int,
        key: Ed25519PrivateKey,
        authority_fingerprint: str,
        language: Language = "fr",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._wire, self.server, self._number, self._key = wire, server, number, key
        self._fingerprint, self._language, self._now = authority_fingerprint, language, now

    def beat(self) -> Standing:
        """Tell that the agent is there, and hear how things stand."""
        said = self._post("/station/beat")
        return Standing(said["holder"], said["session"], said["reopen"], said["ticket_waits"])

    def card_out(self, asked: bool = False) -> None:
        """Tell that the card was taken out, or that its holder asked the agent to lock."""
        self._post("/station/card-out", {"asked": True} if asked else None)

    def challenge(self) -> bytes:
        """Ask for something to sign."""
        return base64.b64decode(self._post("/station/challenge")["challenge"])

    def text_to_sign(self, challenge: bytes) -> bytes:
        """Return what the card signs: the challenge, for this workstation and this very server."""
        return f"socle-card-1\n{self._fingerprint}\n{self._number}\n{challenge.hex()}".encode()

    def prove(self, challenge: bytes, made: Signature) -> Opened:
        """Show what the card signed."""
        said = self._post(
            "/station/proof",
            {
                "challenge": text(challenge),
                "certificate": text(made.certificate),
                "others": [text(other) for other in made.others],
                "mechanism": made.mechanism,
                "signature": text(made.value),
            },
        )
        return Opened(said["holder"], said["ticket"])

    def ticket(self) -> str:
        """Ask for another ticket while the card is in and its session open."""
        return str(self._post("/station/ticket")["ticket"])

    def _post(self, path: str, content: Mapping[str, object] | None = None) -> dict[str, Any]:
        body = json.dumps(content or {}).encode()
        moment, nonce = str(int(self._now() * 1000)), secrets.token_bytes(16)
        words = ("socle-station-1", "POST", path, hashlib.sha256(body).hexdigest(), moment, nonce.hex())
        signature = self._key.sign("\n".join((*words, str(self._number))).encode())
        headers = {
            "X-Socle-Station": str(self._number),
            "X-Socle-Time": moment,
            "X-Socle-Nonce": text(nonce),
            "X-Socle-Signature": text(signature),
        }
        return answered(*self._wire.send("POST", path, body, headers | json_headers(self._language)), self.server)


def json_headers(language: Language) -> dict[str, str]:
    """Return the headers of a request in JSON whose refusal should come in that language."""
    return {"Content-Type": "application/json", "Accept": "application/json", "Accept-Language": language}


def answered(status: int, body: bytes, server: str) -> dict[str, Any]:
    """Return what the server said, or raise its refusal in its own words."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Fault("STATION-ANSWER-WRONG", server=server, status=status) from None
    if status == 200 and isinstance(said, dict):
        return said
    if isinstance(said, dict) and all(isinstance(said.get(name), str) for name in ("code", "message", "hint")):
        raise Fault.from_server(said["code"], said["message"], said["hint"])
    raise Fault("STATION-ANSWER-WRONG", server=server, status=status)


def text(value: bytes) -> str:
    """Return bytes as they travel."""
    return base64.b64encode(value).decode()
