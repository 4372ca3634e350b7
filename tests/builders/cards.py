"""Made-up issuers and professional cards: certificates shaped like those of a CPS, with keys the test holds.

Numbers and names are nobody's. The subject's last part is a set of three names at once, as on real cards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

RPPS, OTHER_RPPS, ADELI = "99700000018", "99700000026", "750000018"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@lru_cache(maxsize=8)
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    """Return a key; the same number gives the same key during one run, for making one takes its time."""
    return rsa.generate_private_key(65537, 2048)


@dataclass(frozen=True)
class Issuer:
    """An authority and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """The certificate as a file holds it."""
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass(frozen=True)
class Card:
    """A card's authentication certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        """The certificate as it travels."""
        return self.certificate.public_bytes(Encoding.DER)

    def sign(self, text: bytes) -> bytes:
        """Sign as the card would."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(text, ec.ECDSA(hashes.SHA256()))

    @property
    def mechanism(self) -> str:
        """How `sign` signs, as the wire calls it."""
        return "rsa-pkcs1-sha256" if isinstance(self.key, rsa.RSAPrivateKey) else "ecdsa-sha256"


def issuer(
    name: str = "AC ESSAI PERSONNES",
    above: Issuer | None = None,
    key_number: int = 0,
    moment: datetime | None = None,
    usage: x509.KeyUsage | None = None,
) -> Issuer:
    """Make an authority: its own root, or below another; `usage`: what its key is for, if it says so."""
    at = moment or datetime.now(UTC)
    key = rsa_key(key_number)
    subject = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"), x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, signed_by = (above.key, above.certificate.subject) if above else (key, subject)
    builder = _builder(subject, signed_by, key, at - timedelta(days=400), at + timedelta(days=3650))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    if usage is not None:
        builder = builder.add_extension(usage, critical=True)
    return Issuer(builder.sign(signer, hashes.SHA256()), key)


def card(
    by: Issuer,
    number: str = f"8{RPPS}",
    *,
    starts: datetime | None = None,
    ends: datetime | None = None,
    key: Key | None = None,
    lists: Sequence[str] = (),
    purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.CLIENT_AUTH,),
    signs: bool = True,
) -> Card:
    """Make a card of a made-up practitioner; `number` is the national identifier with the digit for its kind."""
    at = datetime.now(UTC)
    key = key or rsa_key(1)
    names = [(NameOID.SURNAME, "ESSAI"), (NameOID.GIVEN_NAME, "Camille"), (NameOID.COMMON_NAME, number)]
    person = x509.RelativeDistinguishedName([x509.NameAttribute(oid, value) for oid, value in names])
    country = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")])
    title = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.TITLE, "Médecin")])
    days = (starts or at - timedelta(days=30), ends or at + timedelta(days=1000))
    builder = _builder(x509.Name([country, title, person]), by.certificate.subject, key, *days)
    builder = builder.add_extension(_usage(signs), critical=True)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if lists:
        points = [x509.DistributionPoint([x509.UniformResourceIdentifier(one)], None, None, None) for one in lists]
        builder = builder.add_extension(x509.CRLDistributionPoints(points), critical=False)
    return Card(builder.sign(by.key, hashes.SHA256()), key)


def revocation_list(
    by: Issuer,
    *serials: int,
    at: datetime,
    days: int = 7,
    key: Key | None = None,
    says: Sequence[x509.ExtensionType] = (),
) -> bytes:
    """Make the issuer's list of revoked certificates (DER); `says`: what it says of itself, as critical extensions."""
    made = x509.CertificateRevocationListBuilder().issuer_name(by.certificate.subject)
    made = made.last_update(at).next_update(at + timedelta(days=days))
    for serial in serials:
        one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at - timedelta(days=1)).build()
        made = made.add_revoked_certificate(one)
    for extension in says:
        made = made.add_extension(extension, critical=True)
    return made.sign(key or by.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _builder(
    subject: x509.Name, issued_by: x509.Name, key: Key, starts: datetime, ends: datetime
) -> x509.CertificateBuilder:
    made: Any = x509.CertificateBuilder().subject_name(subject).issuer_name(issued_by).public_key(key.public_key())
    number = x509.random_serial_number()
    done: x509.CertificateBuilder = made.serial_number(number).not_valid_before(starts).not_valid_after(ends)
    return done


def usage(*, certificates: bool) -> x509.KeyUsage:
    """Return what an authority's key is for: certificates and lists, or lists only."""
    return x509.KeyUsage(False, False, False, False, False, certificates, True, False, False)


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(signs, not signs, False, False, False, False, False, False, False)
