"""The envelope: what a bare machine needs to reach and open every target, sealed with a key that two sheets give.

It stands on every sheet, the same on each, and may be kept in the database: it is noise without the secret.
"""

import secrets
import zlib
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from socle.appliance.backups.recovery_kit import grouped_text, kit_secret
from socle.appliance.backups.recovery_kit.kit_secret import KitSecret
from socle.foundation.errors import N_, SocleError

FORMAT = b"\x01"
CODE_MARK = "SOCLEKIT"
CODE_LETTERS = 780
"""Letters of one QR code at most: larger ones do not survive an office printer and a telephone."""
_NONCE = 12
_HEAD = len(FORMAT) + kit_secret.NUMBER_BYTES
_LARGEST = 64 * 1024


class EnvelopeBroken(SocleError):
    """What was given is not an envelope, or was changed."""

    code = "KIT-ENVELOPE-BROKEN"
    message = N_("The envelope of this recovery kit cannot be opened.")
    hint = N_("Scan it again, from another sheet if there is one: it is the same on all three.")
    kind = "invalid"


class EnvelopeOfAnotherKit(SocleError):
    """The envelope and the sheets do not belong together."""

    code = "KIT-ENVELOPE-OTHER"
    message = N_("The sheets are of kit %(sheets)s, and the envelope is of kit %(envelope)s.")
    hint = N_("Take the envelope from one of the two sheets.")
    kind = "invalid"


class EnvelopeIncomplete(SocleError):
    """Some of the envelope's codes were not scanned."""

    code = "KIT-ENVELOPE-INCOMPLETE"
    message = N_("The envelope has %(total)s codes; code %(missing)s was not found.")
    hint = N_("Scan that code too: closer, in good light, with the sheet flat.")
    kind = "invalid"


class Reach(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one target is reached: all that settings and keys say of it."""

    name: str
    engine: str
    repository: str
    username: str = ""
    secret: str = ""
    host_key: str = ""
    certificate: bytes = b""
    offsite: bool = False


class Contents(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an envelope holds. `passwords`: the machine's own, by engine. A later version may add fields."""

    practice: str
    made: str
    targets: tuple[Reach, ...]
    passwords: dict[str, str]
    ssh_key: bytes = b""

    def __repr__(self) -> str:
        """Show nothing of it."""
        return f"Contents({len(self.targets)} targets)"


@dataclass(frozen=True)
class Part:
    """One scanned code of an envelope: which kit, which of how many, its letters."""

    kit: str
    number: int
    total: int
    letters: str


def seal(contents: Contents, secret: KitSecret) -> bytes:
    """Return the envelope: format, kit number, nonce, then the encrypted contents with their tag."""
    head = FORMAT + secret.number_bytes
    nonce = secrets.token_bytes(_NONCE)
    packed = zlib.compress(msgspec.msgpack.encode(contents), 9)
    return head + nonce + AESGCM(secret.envelope_key).encrypt(nonce, packed, head)


def number(envelope: bytes) -> str:
    """Return the number of the kit an envelope is of; EnvelopeBroken."""
    if envelope[:1] != FORMAT or len(envelope) <= _HEAD + _NONCE:
        raise EnvelopeBroken()
    return kit_secret.written(envelope[len(FORMAT) : _HEAD])


def unseal(envelope: bytes, secret: KitSecret) -> Contents:
    """Return what it holds; EnvelopeOfAnotherKit, EnvelopeBroken."""
    if number(envelope) != secret.number:
        raise EnvelopeOfAnotherKit(sheets=secret.number, envelope=number(envelope))
    nonce, sealed = envelope[_HEAD : _HEAD + _NONCE], envelope[_HEAD + _NONCE :]
    try:
        packed = AESGCM(secret.envelope_key).decrypt(nonce, sealed, envelope[:_HEAD])
        return msgspec.msgpack.decode(zlib.decompressobj().decompress(packed, _LARGEST), type=Contents)
    except (InvalidTag, zlib.error, msgspec.MsgspecError):
        raise EnvelopeBroken() from None


def codes(envelope: bytes) -> list[str]:
    """Return what each of its QR codes says, in signs that QR codes hold densely."""
    letters = grouped_text.encoded(envelope)
    count = -(-len(letters) // CODE_LETTERS)
    size = -(-len(letters) // count)
    kit = number(envelope)
    pieces = [letters[start : start + size] for start in range(0, len(letters), size)]
    return [f"{CODE_MARK}/{kit}/{place}/{len(pieces)}/{piece}" for place, piece in enumerate(pieces, 1)]


def part(text: str) -> Part | None:
    """Return the part a scanned code is; None when it is another kind of code."""
    fields = text.split("/")
    if len(fields) != 5 or fields[0] != CODE_MARK or not (fields[2].isdecimal() and fields[3].isdecimal()):
        return None
    return Part(fields[1], int(fields[2]), int(fields[3]), fields[4])


def joined(parts: list[Part]) -> bytes:
    """Return the envelope of scanned parts; EnvelopeIncomplete, EnvelopeBroken, EnvelopeOfAnotherKit."""
    found = {one.number: one for one in parts}
    first = parts[0]
    for one in parts:
        if one.kit != first.kit:
            raise EnvelopeOfAnotherKit(sheets=first.kit, envelope=one.kit)
    for wanted in range(1, min(first.total, 100) + 1):
        if wanted not in found:
            raise EnvelopeIncomplete(total=first.total, missing=wanted)
    envelope = grouped_text.decoded("".join(found[place].letters for place in sorted(found)))
    if envelope is None:
        raise EnvelopeBroken()
    return envelope
