"""The names a door answers to: a page elsewhere could give its own name this machine's address, and read us."""

import ipaddress
import socket
from collections.abc import Iterable

from flask import Flask, request

from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import WebSettings

_LOCAL_ENDINGS = ("", ".local", ".lan", ".home", ".home.arpa", ".internal", ".fritz.box")
"""What routers and mDNS put after a machine's name on a LAN; nobody can register a name there (RFC 6762, RFC 8375)."""


class WrongName(SocleError):
    """The request was sent to a name that is not this server's."""

    code = "REQUEST-WRONG-NAME"
    message = N_("This server does not answer to the name “%(name)s”.")
    hint = N_("Use its address or its own name; a further name is added under web.names in socle.toml.")
    kind = "invalid"


def of_this_machine(settings: WebSettings) -> frozenset[str]:
    """Return the names a door answers to, beside every plain address: no other site's page has an address for name."""
    host = socket.gethostname().lower().rstrip(".")
    short = host.partition(".")[0]
    own = (f"{short}{ending}" for ending in _LOCAL_ENDINGS)
    names: Iterable[str] = ("localhost", "socle.local", host, *own, settings.address, *settings.names)
    return frozenset(name.lower().rstrip(".") for name in names if name)


def name_in(header: str) -> str:
    """Return the name in a Host header, without its port: `[::1]:8443` is `::1`."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].rstrip(".").lower()


def install(app: Flask, settings: WebSettings) -> None:
    """Refuse requests sent to another name: the first hook of all."""
    names = of_this_machine(settings)

    def check() -> None:
        header = request.headers.get("Host")
        name = name_in(header) if header is not None else None
        if name is not None and name not in names and not _is_address(name):  # only HTTP/1.0 sends none
            raise WrongName(name=name[:100])

    app.before_request(check)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
