"""Addresses that may hold a password: shown without it, and completed with the one that is kept elsewhere."""

import os
import re

from sqlalchemy import URL, make_url

from socle.foundation.secrets import Keys

_PASSWORDS = (
    re.compile(r"(?P<before>//[^/@:\s]*:)[^/\s]*(?=@)"),
    re.compile(r"(?P<before>[?&]password=)[^&\s]*", re.IGNORECASE),
)


def masked(address: str) -> str:
    """Return the address with stars in place of its password: for pages, logs, reports and errors."""
    for pattern in _PASSWORDS:
        address = pattern.sub(r"\g<before>***", address)
    return address


def has_password(address: str) -> bool:
    """Tell whether a password stands in the address."""
    return any(pattern.search(address) for pattern in _PASSWORDS)


def kept_password(keys: Keys, name: str) -> str:
    """Return a database's password: the variable SOCLE_<NAME>, else the key of that name, else nothing."""
    given = os.environ.get(f"SOCLE_{name.upper()}", "")
    return given or (keys.read(name).decode().rstrip("\r\n") if keys.has(name) else "")


def database_address(url: str, keys: Keys, name: str) -> URL:
    """Return a database's address with the password kept under `name`, if it has none itself."""
    address = make_url(url)
    password = "" if has_password(url) else kept_password(keys, name)
    return address.set(password=password) if password else address


def without_password(url: URL) -> str:
    """Return the address as it may stand in a file."""
    bare = url._replace(password=None).difference_update_query(["password"])
    return bare.render_as_string(hide_password=False)
