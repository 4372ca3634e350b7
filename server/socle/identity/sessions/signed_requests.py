"""What an agent's request must carry, and how its signature is checked. Pure: no database needed.

Four headers: the workstation's number, the time in milliseconds since 1970, a nonce of 16 random bytes, and an Ed25519
signature over all that the request asks for. `socle_station.link` makes them, and shares no code with this module.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from socle.foundation.errors import N_, SocleError

STATION, TIME, NONCE, SIGNATURE = "X-Socle-Station", "X-Socle-Time", "X-Socle-Nonce", "X-Socle-Signature"
TOLERANCE = timedelta(seconds=90)
"""How far the clocks of a workstation and of the server may be apart."""
_MOST_MILLISECONDS = 10**14


class SignatureMissing(SocleError):
    """A request without the headers of an agent."""

    code = "STATION-SIGNATURE-MISSING"
    message = N_("This address is for enrolled workstations: the request is not signed.")
    hint = N_("Use Socle's workstation agent; if it is the agent that says so, install its present version.")
    kind = "invalid"


class SignatureWrong(SocleError):
    """The signature is not this workstation's, or not over this request."""

    code = "STATION-SIGNATURE-WRONG"
    message = N_("The request is not signed with this workstation's key.")
    hint = N_("Nothing was done. Enrol the workstation again; if you did not touch it, tell your maintainer.")
    kind = "refused"


class ClockOff(SocleError):
    """The request's time is too far from the server's: an old request, or a clock that is wrong. Detail: `minutes`."""

    code = "STATION-CLOCK-OFF"
    message = N_("The clocks of this workstation and of the server are %(minutes)s min apart.")
    hint = N_("Set the workstation's date and time (best: automatically), then put the card in again.")
    kind = "refused"


@dataclass(frozen=True)
class SignedRequest:
    """One request as it arrived. `path` holds the query too."""

    method: str
    path: str
    body: bytes
    station: int
    milliseconds: int
    nonce: bytes
    signature: bytes

    @property
    def at(self) -> datetime:
        """When the agent says it made the request."""
        return datetime.fromtimestamp(self.milliseconds / 1000, UTC)

    def text(self) -> bytes:
        """Return what is signed."""
        words = ("socle-station-1", self.method, self.path, hashlib.sha256(self.body).hexdigest())
        return "\n".join((*words, str(self.milliseconds), self.nonce.hex(), str(self.station))).encode()


def read(method: str, path: str, body: bytes, headers: dict[str, str]) -> SignedRequest:
    """Take a request's headers apart; SignatureMissing when one is absent or unreadable."""
    try:
        station, at = headers[STATION], headers[TIME]
        nonce, signature = (base64.b64decode(headers[name], validate=True) for name in (NONCE, SIGNATURE))
    except (KeyError, binascii.Error, ValueError):
        raise SignatureMissing from None
    numbers = all(word.isascii() and word.isdecimal() and len(word) < 16 for word in (station, at))
    if not numbers or int(at) > _MOST_MILLISECONDS or len(nonce) != 16 or len(signature) != 64:
        raise SignatureMissing
    return SignedRequest(method, path, body, int(station), int(at), nonce, signature)


def check(request: SignedRequest, public_key: bytes, moment: datetime) -> None:
    """Raise SignatureWrong or ClockOff; whether the request was answered before is for its room to know."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(request.signature, request.text())
    except InvalidSignature:
        raise SignatureWrong from None
    apart = abs(request.at - moment)
    if apart > TOLERANCE:
        raise ClockOff(minutes=max(2, round(apart.total_seconds() / 60)))
