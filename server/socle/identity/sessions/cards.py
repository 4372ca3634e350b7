"""Judges what a card signed: the signature, the chain to the practice's own anchors, dates, revocation; reads whose.

Pure: certificates, lists and the moment are given. The French national identifier of a professional (PS_IdNat) is the
common name of the card's subject: a digit for its kind, then the number (8 RPPS, 0 ADELI). Source: ANS, IGC-Santé.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from socle.foundation.errors import N_, SocleError

Mechanism = Literal["rsa-pkcs1-sha256", "rsa-pss-sha256", "ecdsa-sha256"]
Kind = Literal["rpps", "adeli"]
NATIONAL_NUMBER = re.compile(r"8(?P<rpps>[0-9]{11})|0(?P<adeli>[0-9][0-9AB][0-9]{7})")
"""An ADELI number begins with its department: those of Corsica are 2A and 2B, and test cards have a B too."""
_LONGEST_CHAIN = 5
_SMALLEST_RSA = 2048


class CardUnreadable(SocleError):
    """What the agent sent is no certificate, or of a kind no card has."""

    code = "CARD-UNREADABLE"
    message = N_("The certificate on this card could not be read.")
    hint = N_("Try another card; if it is always so, give this code to your maintainer.")
    kind = "invalid"


class CardSignatureWrong(SocleError):
    """The card's signature does not fit its certificate or the challenge."""

    code = "CARD-SIGNATURE-WRONG"
    message = N_("The card's signature is not right: it does not prove whose card this is.")
    hint = N_("Take the card out and put it in again. If it happens again, the card or its reader is faulty.")
    kind = "refused"


class CardExpired(SocleError):
    """The certificate's last day has passed."""

    code = "CARD-EXPIRED"
    message = N_("This card's certificate ended on %(day)s.")
    hint = N_("Sign in with your password meanwhile, and order a new card.")
    kind = "refused"


class CardNotYetValid(SocleError):
    """The certificate's first day has not come."""

    code = "CARD-NOT-YET-VALID"
    message = N_("This card's certificate begins on %(day)s only.")
    hint = N_("If that day has passed, the server's clock is wrong: tell your maintainer.")
    kind = "refused"


class CardRevoked(SocleError):
    """The certificate is on its issuer's revocation list."""

    code = "CARD-REVOKED"
    message = N_("This card was revoked by its issuer on %(day)s.")
    hint = N_("It was reported lost, stolen or replaced. Use the newer card, or sign in with your password.")
    kind = "refused"


class CardChainUnknown(SocleError):
    """No chain from the certificate to an anchor of this practice."""

    code = "CARD-CHAIN-UNKNOWN"
    message = N_("This card was not issued by an authority that the practice trusts.")
    hint = N_("The maintainer chooses these authorities: docs/how-to/workstations.md says how.")
    kind = "refused"


class CardIssuerIsTest(SocleError):
    """A test card at a practice that has real patients."""

    code = "CARD-TEST-ISSUER"
    message = N_("This is a test card: its issuer is “%(issuer)s”.")
    hint = N_("Test cards do not open a real practice. On a trial server, set cards.allow_test_issuers.")
    kind = "refused"


class CardWrongPurpose(SocleError):
    """A certificate that is not for signing in (the card's signing certificate, say)."""

    code = "CARD-WRONG-PURPOSE"
    message = N_("This certificate of the card is not made for signing in.")
    hint = N_("The agent should use the card's authentication certificate: check its PKCS#11 module.")
    kind = "refused"


class CardNamesNobody(SocleError):
    """The subject holds neither an RPPS nor an ADELI number."""

    code = "CARD-NAMES-NOBODY"
    message = N_("No RPPS or ADELI number could be read on this card.")
    hint = N_("Only cards of a named professional open a session. Sign in with your password.")
    kind = "refused"


@dataclass(frozen=True)
class Holder:
    """Whose card it is: the kind of number, and the number without the digit for its kind."""

    kind: Kind
    number: str


@dataclass(frozen=True)
class Chain:
    """A certificate that leads to an anchor, from the card's own upward."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def card(self) -> x509.Certificate:
        """The card's own certificate."""
        return self.certificates[0]


def read(der: bytes) -> x509.Certificate:
    """Return the certificate, or raise CardUnreadable."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.subject, certificate.extensions, certificate.public_key()  # each may be malformed
    except (ValueError, UnsupportedAlgorithm):
        raise CardUnreadable from None
    return certificate


def check_signature(certificate: x509.Certificate, mechanism: str, signature: bytes, text: bytes) -> None:
    """Raise CardSignatureWrong unless the certificate's key signed `text`."""
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SMALLEST_RSA and mechanism in _PADDINGS:
            key.verify(signature, text, _PADDINGS[mechanism], hashes.SHA256())
            return
        if isinstance(key, ec.EllipticCurvePublicKey) and mechanism == "ecdsa-sha256":
            key.verify(signature, text, ec.ECDSA(hashes.SHA256()))
            return
    except InvalidSignature:
        raise CardSignatureWrong from None
    raise CardSignatureWrong


_PADDINGS: dict[str, padding.AsymmetricPadding] = {
    "rsa-pkcs1-sha256": padding.PKCS1v15(),
    "rsa-pss-sha256": padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size),
}


def chain(
    certificate: x509.Certificate,
    others: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    moment: datetime,
    *,
    allow_test: bool,
) -> Chain:
    """Return the chain from a card to an anchor at `moment`; one error for each way in which there is none."""
    _check_dates(certificate, moment)
    _check_purpose(certificate)
    if not anchors:
        raise CardChainUnknown
    authorities = ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    authorities = authorities.may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_issue)
    policy = PolicyBuilder().store(Store(list(anchors))).time(moment).max_chain_depth(_LONGEST_CHAIN)
    policy = policy.extension_policies(ca_policy=authorities, ee_policy=ExtensionPolicy.permit_all())
    try:
        found = policy.build_client_verifier().verify(certificate, list(others)).chain
    except (VerificationError, ValueError):
        raise CardChainUnknown from None
    if not allow_test:
        for each in found[1:] or found:
            _refuse_test(each.subject)
        _refuse_test(certificate.issuer)
    return Chain(tuple(found))


def holder(certificate: x509.Certificate) -> Holder:
    """Return whose card this is, from the subject's sets of names; CardNamesNobody if it does not say."""
    names = (name for part in certificate.subject.rdns for name in part if name.oid == NameOID.COMMON_NAME)
    for name in names:
        found = NATIONAL_NUMBER.fullmatch(str(name.value))
        if found is not None:
            return Holder("rpps", found["rpps"]) if found["rpps"] else Holder("adeli", found["adeli"])
    raise CardNamesNobody


def check_revocation(certificate: x509.Certificate, revoked: x509.CertificateRevocationList) -> None:
    """Raise CardRevoked if the certificate is on its issuer's list (whose own signature was checked before)."""
    entry = revoked.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = None
    if reason is not x509.ReasonFlags.remove_from_crl:
        raise CardRevoked(day=f"{entry.revocation_date_utc:%d/%m/%Y}")


def _check_dates(certificate: x509.Certificate, moment: datetime) -> None:
    if moment > certificate.not_valid_after_utc:
        raise CardExpired(day=f"{certificate.not_valid_after_utc:%d/%m/%Y}")
    if moment < certificate.not_valid_before_utc:
        raise CardNotYetValid(day=f"{certificate.not_valid_before_utc:%d/%m/%Y}")


def _check_purpose(certificate: x509.Certificate) -> None:
    extensions = certificate.extensions
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        if not usage.digital_signature:
            raise CardWrongPurpose
    except x509.ExtensionNotFound:
        pass
    try:
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if not {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(purposes):
            raise CardWrongPurpose
    except x509.ExtensionNotFound:
        pass


def _may_issue(_policy: object, _certificate: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    """Refuse an authority whose key is not for signing certificates (RFC 5280, 4.2.1.3)."""
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("not for signing certificates")


def _refuse_test(name: x509.Name) -> None:
    """Raise CardIssuerIsTest for an authority of the national test chain: its names start with “TEST”."""
    for each in name:
        if each.oid in _AUTHORITY_NAMES and str(each.value).upper().startswith("TEST"):
            raise CardIssuerIsTest(issuer=str(each.value)[:80])


_AUTHORITY_NAMES = {NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME}
