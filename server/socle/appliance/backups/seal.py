"""The seal: a manifest of one set, written last and read back. Without it a set does not count.

It holds counts, sums and hashes, never a patient's data. Its own hash guards it against being cut; the repository's
encryption guards it against being changed.
"""

import hashlib
from datetime import datetime

import msgspec

from socle.foundation.errors import N_, SocleError

FILE_NAME = "seal.json"
FORMAT = 1


class SealBroken(SocleError):
    """The seal cannot be read, or is not the one that was written."""

    code = "BACKUP-SEAL-BROKEN"
    message = N_("The seal of this backup set cannot be read.")
    hint = N_("The set does not count. Use another one (“socle backup list”), and run a new backup today.")
    kind = "broken"


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class PartSeal(_Part, frozen=True):
    """A stored part: its snapshot, how many bytes went in, and their SHA-256 (empty for a folder)."""

    snapshot: str
    bytes: int
    sha256: str = ""


class TableSeal(_Part, frozen=True):
    """One table: how many rows, and a sum over them that does not depend on their order."""

    rows: int
    sum: str


class DatabaseSeal(_Part, frozen=True):
    """The database as one consistent moment saw it. `shape` is the hash of its tables, indexes and triggers."""

    kind: str
    revision: str
    shape: str
    tables: dict[str, TableSeal]


class DocumentSeal(_Part, frozen=True):
    """One file of the documents folder: size in bytes, time of last change in ns, SHA-256 of the (encrypted) file."""

    size: int
    changed: int
    sha256: str


class DirectorySeal(_Part, frozen=True):
    """The directory of people: its kind, and how many entries its LDIF holds. `reached`: whether it answered."""

    kind: str
    entries: int
    reached: bool = True


class Manifest(_Part, frozen=True):
    """One whole set. `audit` is the head of each lane of the trail: (sequence, digest)."""

    set_id: str
    home: str
    practice: str
    started_at: datetime
    sealed_at: datetime
    versions: dict[str, str]
    parts: dict[str, PartSeal]
    database: DatabaseSeal
    directory: DirectorySeal
    documents: dict[str, DocumentSeal]
    settings: dict[str, str]
    keys: dict[str, str]
    audit: dict[int, tuple[int, str]]
    format: int = FORMAT


class _Envelope(msgspec.Struct):
    manifest: msgspec.Raw
    sha256: str


def close(manifest: Manifest) -> bytes:
    """Return the sealed manifest as JSON, with its own hash."""
    content = msgspec.json.encode(manifest)
    envelope = _Envelope(msgspec.Raw(content), hashlib.sha256(content).hexdigest())
    return msgspec.json.encode(envelope)


def open_seal(data: bytes) -> Manifest:
    """Return the manifest; SealBroken if it was cut, changed, or written by a newer Socle."""
    try:
        envelope = msgspec.json.decode(data, type=_Envelope)
        content = bytes(envelope.manifest)
        if hashlib.sha256(content).hexdigest() != envelope.sha256:
            raise SealBroken()
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise SealBroken() from None
