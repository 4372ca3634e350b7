"""Writing LDIF (RFC 2849): the text form of directory entries that every directory can read.

Without the line `version: 1`: OpenLDAP's own `slapadd` stumbles over it.
"""

import base64
import re
from collections.abc import Iterable

_PLAIN = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x1f!-9;=-\x7f][\x01-\x09\x0b\x0c\x0e-\x7f]*\Z")


def entry(dn: str, attributes: Iterable[tuple[str, bytes | str]]) -> bytes:
    """Return one entry, ended by an empty line; values that are not plain ASCII are written in base 64."""
    lines = [_line("dn", dn), *(_line(name, value) for name, value in attributes)]
    return b"\n".join(lines) + b"\n\n"


def escaped_name(value: str) -> str:
    """Return a value as it is written inside a DN (RFC 4514)."""
    text = re.sub(r'([,+"\\<>;=])', r"\\\1", value).replace("\0", "\\00")
    text = re.sub(r"^([ #])", r"\\\1", text)
    return re.sub(r" $", r"\\ ", text)


def _line(name: str, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    if not raw:
        return f"{name}:".encode()
    if _PLAIN.match(raw) and not raw.endswith(b" "):
        return f"{name}: ".encode() + raw
    return f"{name}:: ".encode() + base64.b64encode(raw)
