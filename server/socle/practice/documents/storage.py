"""Files on disk, encrypted and named by what they hold: a copied folder is noise, and a changed byte is noticed.

Each file is cut into chunks of 1 MiB, sealed with AES-256-GCM under its own key; a chunk's number and whether it
is the last are authenticated, so that a file cannot be shortened, lengthened or re-ordered unseen.
"""

import hmac
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from socle.foundation.errors import N_, SocleError

CHUNK_BYTES = 1 << 20
_MAGIC = b"SOCLE1"
_SALT_BYTES = 32
_TAG_BYTES = 16


class DocumentMissing(SocleError):
    """The file is not in the store."""

    code = "DOCUMENT-MISSING"
    message = N_("This document is not in the server's store.")
    hint = N_("Tell your maintainer: it can be brought back from a backup.")
    kind = "missing"


class DocumentDamaged(SocleError):
    """The file does not hold what was stored."""

    code = "DOCUMENT-DAMAGED"
    message = N_("This document is damaged on the server's disk.")
    hint = N_("Tell your maintainer: it can be brought back from a backup. Nothing else is affected.")
    kind = "broken"


class Storage:
    """The store in one folder. A document's name is the keyed digest of its content, so the folder tells nothing."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def keep(self, stream: BinaryIO) -> str:
        """Store the stream's content and return its name (64 hexadecimal digits); the same content is kept once."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._folder / f".part-{secrets.token_hex(8)}"
        try:
            with part.open("xb") as file:
                digest = self._seal(stream, file)
                file.flush()
                os.fsync(file.fileno())
            target = self._path(digest)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return digest

    def open(self, name: str) -> Iterator[bytes]:
        """Yield the content chunk by chunk: DocumentMissing, or DocumentDamaged as soon as a chunk is not whole."""
        try:
            file = self._path(name).open("rb")
        except FileNotFoundError:
            raise DocumentMissing() from None
        with file:
            yield from self._unseal(file)

    def remove(self, name: str) -> None:
        """Forget a document; nothing happens if it is not there."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """Yield every document's name, in order."""
        for path in sorted(self._folder.glob("??/*")):
            yield path.name

    def _path(self, name: str) -> Path:
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise DocumentMissing()
        return self._folder / name[:2] / name

    def _seal(self, stream: BinaryIO, file: BinaryIO) -> str:
        salt = secrets.token_bytes(_SALT_BYTES)
        box = AESGCM(self._file_key(salt))
        name = hmac.new(self._key, b"name", "sha256")
        file.write(_MAGIC + salt)
        number, chunk = 0, stream.read(CHUNK_BYTES)
        while True:
            following = stream.read(CHUNK_BYTES) if chunk else b""
            name.update(chunk)
            file.write(box.encrypt(_nonce(number), chunk, _place(number, last=not following)))
            if not following:
                return name.hexdigest()
            number, chunk = number + 1, following

    def _unseal(self, file: BinaryIO) -> Iterator[bytes]:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise DocumentDamaged()
        box = AESGCM(self._file_key(file.read(_SALT_BYTES)))
        number, sealed = 0, file.read(CHUNK_BYTES + _TAG_BYTES)
        while sealed:
            following = file.read(CHUNK_BYTES + _TAG_BYTES)
            try:
                yield box.decrypt(_nonce(number), sealed, _place(number, last=not following))
            except InvalidTag:
                raise DocumentDamaged() from None
            number, sealed = number + 1, following
        if number == 0:
            raise DocumentDamaged()

    def _file_key(self, salt: bytes) -> bytes:
        return hmac.digest(self._key, b"file" + salt, "sha256")


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _place(number: int, *, last: bool) -> bytes:
    return b"%d %s" % (number, b"last" if last else b"more")
