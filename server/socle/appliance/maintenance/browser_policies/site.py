"""The server as browsers know it: its names, its doors, the authority that signed its certificate."""

import base64
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization


@dataclass(frozen=True)
class Site:
    """One server. `names` are host names and plain addresses; `authority` is the certificate in PEM."""

    practice: str
    names: tuple[str, ...]
    ports: tuple[int, ...]
    authority: bytes

    @property
    def origins(self) -> list[str]:
        """Every origin of the server, "https://socle.local:8443"."""
        return [f"https://{_host(name)}:{port}" for name in self.names for port in self.ports]

    @property
    def hosts(self) -> list[str]:
        """Every host, an IPv6 address in brackets."""
        return [_host(name) for name in self.names]

    @property
    def dns_names(self) -> list[str]:
        """The names that are no addresses."""
        return [name for name in self.names if _address(name) is None]

    @property
    def networks(self) -> list[str]:
        """Each plain address as the network of that one address, "192.168.1.10/32"."""
        found = (_address(name) for name in self.names)
        return [str(ipaddress.ip_network(address)) for address in found if address is not None]

    @property
    def der(self) -> bytes:
        """The authority's certificate in DER."""
        return x509.load_pem_x509_certificate(self.authority).public_bytes(serialization.Encoding.DER)

    @property
    def authority_base64(self) -> str:
        """The authority's certificate as policies carry it."""
        return base64.b64encode(self.der).decode()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the authority's certificate, as browsers show it."""
        return x509.load_pem_x509_certificate(self.authority).fingerprint(hashes.SHA256()).hex(":").upper()


def known_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without doubles, in order, those of the machine itself last."""
    plain = dict.fromkeys(name.lower().strip("[]").rstrip(".") for name in names if name)
    own = [name for name in plain if name == "localhost" or _is_loopback(name)]
    return tuple([name for name in plain if name not in own] + own)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _is_loopback(name: str) -> bool:
    address = _address(name)
    return address is not None and address.is_loopback


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name
