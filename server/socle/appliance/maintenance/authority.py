"""The practice's own certificate authority, so that HTTPS on the LAN needs no public name and no Internet.

Keys and certificates live with the home's other keys; only the authority's public certificate is copied into the home,
for browsers to trust. RFC 5280 profiles; lifetimes short enough for today's browsers (398 days at most).
"""

import ipaddress
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from socle.appliance.maintenance.certificate_files import (
    AUTHORITY_CERTIFICATE,
    AUTHORITY_KEY,
    SERVER_CERTIFICATE,
    SERVER_KEY,
)
from socle.foundation.secrets import Keys

AUTHORITY_LIFE = timedelta(days=10 * 365)
SERVER_LIFE = timedelta(days=300)
RENEW_BEFORE = timedelta(days=60)
_SKEW = timedelta(hours=1)


def names_of_this_machine(extra: Sequence[str] = ()) -> list[str]:
    """Return every name and address a workstation may use: localhost, the host's own name, its mDNS name, `extra`."""
    host = socket.gethostname().partition(".")[0].lower()
    found = ["localhost", "127.0.0.1", "::1", "socle.local", host, f"{host}.local", *extra]
    return list(dict.fromkeys(name for name in found if name))


def prepare(keys: Keys, practice: str, names: Sequence[str], now: datetime) -> datetime:
    """Make the authority and the server's certificate where missing, renew it near its end; return its last day."""
    if not keys.has(AUTHORITY_CERTIFICATE):
        _make_authority(keys, practice, now)
    if keys.has(SERVER_CERTIFICATE):
        present = x509.load_pem_x509_certificate(keys.read(SERVER_CERTIFICATE))
        if present.not_valid_after_utc - now > RENEW_BEFORE and _names_in(present) >= set(names):
            return present.not_valid_after_utc
    return _make_server(keys, names, now)


def publish(keys: Keys, folder: Path) -> Path:
    """Copy the authority's public certificate into `folder`; return its path there."""
    path = folder / "authority.pem"
    if not path.exists() or path.read_bytes() != keys.read(AUTHORITY_CERTIFICATE):
        path.write_bytes(keys.read(AUTHORITY_CERTIFICATE))
    return path


def fingerprint(keys: Keys) -> str:
    """Return the SHA-256 of the authority's certificate (DER), in hexadecimal: what a workstation pins."""
    certificate = x509.load_pem_x509_certificate(keys.read(AUTHORITY_CERTIFICATE))
    return certificate.fingerprint(hashes.SHA256()).hex()


def shown_fingerprint(keys: Keys) -> str:
    """Return the part of the fingerprint that people compare and type: 80 bits, in fours."""
    signs = fingerprint(keys)[:20]
    return " ".join(signs[at : at + 4] for at in range(0, 20, 4))


def last_day(keys: Keys) -> datetime | None:
    """Return when the server's certificate ends, aware; None when there is none yet."""
    if not keys.has(SERVER_CERTIFICATE):
        return None
    return x509.load_pem_x509_certificate(keys.read(SERVER_CERTIFICATE)).not_valid_after_utc


def _make_authority(keys: Keys, practice: str, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, practice[:64] or "Socle"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Socle"),
        ]
    )
    certificate = (
        _builder(name, name, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _keep(keys, AUTHORITY_KEY, key, AUTHORITY_CERTIFICATE, certificate)


def _make_server(keys: Keys, names: Sequence[str], now: datetime) -> datetime:
    authority = x509.load_pem_x509_certificate(keys.read(AUTHORITY_CERTIFICATE))
    signer = serialization.load_pem_private_key(keys.read(AUTHORITY_KEY), password=None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is not an elliptic-curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    certificate = (
        _builder(subject, authority.subject, key.public_key(), now, SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    _keep(keys, SERVER_KEY, key, SERVER_CERTIFICATE, certificate)
    return certificate.not_valid_after_utc


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - _SKEW)
        .not_valid_after(now.astimezone(UTC) + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names_in(certificate: x509.Certificate) -> set[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in found}


def _keep(
    keys: Keys, key_name: str, key: ec.EllipticCurvePrivateKey, certificate_name: str, certificate: x509.Certificate
) -> None:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    keys.write(key_name, private, replace=True)
    keys.write(certificate_name, certificate.public_bytes(serialization.Encoding.PEM), replace=True)
