"""The small parts: the keys, and the home's own files (settings, identity, anchors of the trail, proofs)."""

import base64
import hashlib
import io
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from socle.foundation.errors import N_, SocleError
from socle.foundation.home import Home
from socle.foundation.secrets import Keys

_LARGEST = 16 * 1024 * 1024
_PARTS_OF_THEIR_OWN = frozenset({"database", "documents", "backups"})
_PROOFS = frozenset({".json", ".sig"})
"""Of the reports, what proves; their PDF can be made again."""


class KeysGone(SocleError):
    """There are no keys to keep."""

    code = "BACKUP-KEYS-GONE"
    message = N_("There are no keys in %(folder)s, so a backup could not be restored.")
    hint = N_("Nothing was sealed. Give the right keys folder with --keys.")
    kind = "broken"


class SmallPartBroken(SocleError):
    """A stored small part cannot be read."""

    code = "BACKUP-SMALL-PART-BROKEN"
    message = N_("The keys or the settings in this backup set cannot be read.")
    hint = N_("Use another set (“socle backup list”), and run a new backup today.")
    kind = "broken"


def pack_keys(keys: Keys) -> bytes:
    """Return all secrets as JSON; they only ever leave the machine inside the encrypted repository."""
    kept = {name: base64.b64encode(keys.read(name)).decode() for name in keys.names()}
    if not kept:
        raise KeysGone(folder=keys.folder)
    return msgspec.json.encode(kept, order="sorted")


def unpack_keys(data: bytes) -> dict[str, bytes]:
    """Return the secrets by name."""
    try:
        kept = msgspec.json.decode(data, type=dict[str, str])
        return {name: base64.b64decode(value, validate=True) for name, value in kept.items()}
    except (msgspec.MsgspecError, ValueError):
        raise SmallPartBroken() from None


def settings_files(home: Home) -> dict[str, bytes]:
    """Return the home's own files by their path: everything but the large parts, caches and what is being written."""
    found = {}
    for path in sorted(home.folder.rglob("*")):
        place = path.relative_to(home.folder)
        if place.parts[0] in _PARTS_OF_THEIR_OWN or any(part.startswith(".") for part in place.parts):
            continue
        if place.parts[0] == "reports" and path.suffix not in _PROOFS:
            continue
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= _LARGEST:
            found[place.as_posix()] = path.read_bytes()
    return found


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """Return a tar that is the same for the same files: no times, no owners."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in sorted(files.items()):
            about = tarfile.TarInfo(name)
            about.size, about.mode = len(content), 0o600
            archive.addfile(about, io.BytesIO(content))
    return packed.getvalue()


def unpack_files(data: bytes) -> dict[str, bytes]:
    """Return the files by their path; SmallPartBroken for one that would leave the folder."""
    found = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for about in archive:
                content = archive.extractfile(about)
                place = Path(about.name)
                if content is None or place.is_absolute() or ".." in place.parts:
                    raise SmallPartBroken()
                found[about.name] = content.read()
    except tarfile.TarError:
        raise SmallPartBroken() from None
    return found


def with_database_url(settings: bytes, url: str) -> bytes:
    """Return the settings file with another `database.url`: a restored practice must not open the old database."""
    line = f'url = "{url.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"'
    lines, section, done = list[str](), "", False
    for old in settings.decode().splitlines():
        heading = re.fullmatch(r"\s*\[([^\[\]]+)\]\s*(#.*)?", old)
        section = heading.group(1).strip() if heading else section
        if section == "database" and re.match(r"\s*(maintainer_)?url\s*=", old):
            continue
        lines.append(old)
        if heading and section == "database":
            lines.append(line)
            done = True
    return "\n".join([*lines, *([] if done else ["", "[database]", line]), ""]).encode()


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
