"""What a page says of its browser, and what the server sees of it: bounded, of known shape, nothing of a patient."""

from typing import Annotated

import msgspec

Name = Annotated[str, msgspec.Meta(max_length=60, pattern=r"^[A-Za-z0-9 ._:/+-]*$")]
Names = Annotated[tuple[Name, ...], msgspec.Meta(max_length=20)]
Seconds = Annotated[float, msgspec.Meta(ge=-4e9, le=4e9)]
Pixels = Annotated[int, msgspec.Meta(ge=0, le=100_000)]

LARGEST = 8_000
"""Bytes a report may have."""


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the page's script found; None: it could not look (or there is no script)."""

    script: bool = False
    local_storage: bool | None = None
    session_storage: bool | None = None
    seconds_ahead: Seconds | None = None
    """By how much the workstation's clock is ahead of the server's."""
    secure: bool | None = None
    trusted: bool | None = None
    """Whether the browser itself trusts the certificate (else someone clicked a warning away)."""
    violations: Names | None = None
    missing: Names | None = None
    altered: Names | None = None
    foreign: Names | None = None
    replaced: Names | None = None
    translated: bool | None = None
    can_print: bool | None = None
    printed: bool | None = None
    time_zone: Name | None = None
    minutes_from_utc: Annotated[int, msgspec.Meta(ge=-900, le=900)] | None = None
    width: Pixels | None = None
    height: Pixels | None = None
    scale: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    languages: Names | None = None


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the server saw of the request itself."""

    cookie_came_back: bool | None
    browser: str
    family: str
    version: int
    tls: str
    user_agent: str
