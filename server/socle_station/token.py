"""The card's own key, through PKCS#11: finds the authentication certificate, has the card check the code, and signs.

The code goes to the card and nowhere else; it is never tried twice. The module is loaded for each signature, so that a
reader plugged in meanwhile is seen, and nothing of the card stays open afterwards.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PyKCS11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from socle_station.wording import Fault

_CPS_AUTHENTICATION, _CPS_SIGNATURE = 0x20, 0x10
"""How the object numbers of a CPS end, for its two key pairs. Source: ANS, Cryptolib CPS."""
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""What PKCS#1 v1.5 puts before a SHA-256 digest (RFC 8017, 9.2)."""
_NAMES = (NameOID.GIVEN_NAME, NameOID.SURNAME)
_LOOKS, _LOOK_SECONDS = 5, 0.2
"""A reader service takes a moment to notice a card that went."""
_GONE = {
    PyKCS11.CKR_DEVICE_REMOVED,
    PyKCS11.CKR_TOKEN_NOT_PRESENT,
    PyKCS11.CKR_DEVICE_ERROR,
    PyKCS11.CKR_SESSION_HANDLE_INVALID,
    PyKCS11.CKR_SLOT_ID_INVALID,
    PyKCS11.CKR_TOKEN_NOT_RECOGNIZED,
}


@dataclass(frozen=True)
class Signature:
    """What the card made of a text."""

    certificate: bytes
    others: tuple[bytes, ...]
    mechanism: str
    value: bytes


@dataclass(frozen=True)
class Known:
    """What a card says before its code is given: whose it is, if it says so; the tries left: "", few, last or none."""

    holder: str
    left: str


class Token:
    """The cards that one PKCS#11 module can read."""

    def __init__(self, module: str) -> None:
        self.module = module

    def sign(self, reader: str, code: str, text: bytes) -> Signature:
        """Have the card in `reader` check the code and sign; each way of failing is a Fault of its own."""
        with self._opened(reader) as (library, slot, session):
            certificates = _certificates(session)
            if not certificates:
                raise Fault("CARD-WITHOUT-CERTIFICATE", module=self.module)
            if library.getTokenInfo(slot).flags & PyKCS11.CKF_USER_PIN_LOCKED:
                raise Fault("CARD-BLOCKED")
            _log_in(library, slot, session, code)
            try:
                return _signed(session, certificates, text, self.module)
            finally:
                with suppress(PyKCS11.PyKCS11Error):
                    session.logout()

    def look(self, reader: str) -> Known:
        """Return what the card in `reader` says of itself, without its code."""
        with self._opened(reader) as (library, slot, session):
            certificates = _certificates(session)
            flags = library.getTokenInfo(slot).flags
            left = "none" if flags & PyKCS11.CKF_USER_PIN_LOCKED else _left(flags)
            return Known(_holder(certificates[0][1]) if certificates else "", left)

    def check(self) -> None:
        """Load the module once, or raise CARD-MODULE-MISSING."""
        self._load().unload()

    @contextmanager
    def _opened(self, reader: str) -> Iterator[tuple[Any, Any, Any]]:
        library = self._load()
        try:
            slot = _slot(library, reader)
            session = library.openSession(slot)
            try:
                yield library, slot, session
            finally:
                with suppress(PyKCS11.PyKCS11Error):
                    session.closeSession()
        except PyKCS11.PyKCS11Error as error:
            raise _fault(error, gone=_is_gone(library, reader)) from None
        finally:
            with suppress(PyKCS11.PyKCS11Error):
                library.unload()

    def _load(self) -> Any:
        if not Path(self.module).is_file():  # PyKCS11 itself crashes over such a name under Python 3.13
            raise Fault("CARD-MODULE-MISSING", module=self.module)
        library = PyKCS11.PyKCS11Lib()
        try:
            library.load(self.module)
        except PyKCS11.PyKCS11Error:
            raise Fault("CARD-MODULE-MISSING", module=self.module) from None
        return library


def _slot(library: Any, reader: str) -> Any:
    """Return the slot of that reader: modules name a slot after it, cut at 64 signs."""
    slots = library.getSlotList(tokenPresent=True)
    for slot in slots:
        named = str(library.getSlotInfo(slot).slotDescription).strip().rstrip("\0")
        if named and (reader.startswith(named) or named.startswith(reader)):
            return slot
    if len(slots) == 1:
        return slots[0]
    raise Fault("READER-UNPLUGGED" if not slots else "CARD-SILENT")


def _log_in(library: Any, slot: Any, session: Any, code: str) -> None:
    try:
        session.login(code)
    except PyKCS11.PyKCS11Error as error:
        if error.value in {PyKCS11.CKR_PIN_INCORRECT, PyKCS11.CKR_PIN_INVALID, PyKCS11.CKR_PIN_LEN_RANGE}:
            flags = library.getTokenInfo(slot).flags
            if flags & PyKCS11.CKF_USER_PIN_LOCKED:
                raise Fault("CARD-BLOCKED") from None
            raise Fault("CARD-CODE-WRONG", left=_left(flags)) from None
        raise


def _left(flags: int) -> str:
    last, few = flags & PyKCS11.CKF_USER_PIN_FINAL_TRY, flags & PyKCS11.CKF_USER_PIN_COUNT_LOW
    return "last" if last else "few" if few else ""


def _holder(der: bytes) -> str:
    """Return the names in a certificate; a CPS has the person's number as its common name."""
    try:
        subject = x509.load_der_x509_certificate(der).subject
    except ValueError:
        return ""
    named = [found[0].value for oid in _NAMES if (found := subject.get_attributes_for_oid(oid))]
    common = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    words = named or [one.value for one in common if not str(one.value).isdigit()]
    return " ".join(map(str, words))[:60]


def _signed(session: Any, certificates: list[tuple[bytes, bytes]], text: bytes, module: str) -> Signature:
    for number, der in certificates:
        wanted = [(PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY), (PyKCS11.CKA_ID, tuple(number))]
        keys = session.findObjects(wanted)
        if keys:
            mechanism, value = _with_key(session, keys[0], x509.load_der_x509_certificate(der).public_key(), text)
            others = tuple(other for own, other in certificates if own != number)
            return Signature(der, others, mechanism, value)
    raise Fault("CARD-WITHOUT-CERTIFICATE", module=module)


def _with_key(session: Any, key: Any, public: object, text: bytes) -> tuple[str, bytes]:
    digest = hashlib.sha256(text).digest()
    if isinstance(public, ec.EllipticCurvePublicKey):
        raw = bytes(session.sign(key, digest, PyKCS11.Mechanism(PyKCS11.CKM_ECDSA)))
        half = len(raw) // 2
        return "ecdsa-sha256", encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))
    if not isinstance(public, rsa.RSAPublicKey):
        raise Fault("CARD-FAULT", reason=type(public).__name__)
    try:
        value = bytes(session.sign(key, text, PyKCS11.Mechanism(PyKCS11.CKM_SHA256_RSA_PKCS)))
    except PyKCS11.PyKCS11Error as error:
        if error.value != PyKCS11.CKR_MECHANISM_INVALID:
            raise
        value = bytes(session.sign(key, _DIGEST_INFO + digest, PyKCS11.Mechanism(PyKCS11.CKM_RSA_PKCS)))
    return "rsa-pkcs1-sha256", value


def _certificates(session: Any) -> list[tuple[bytes, bytes]]:
    """Return the card's certificates as (number, DER), those made for signing in first."""
    found = []
    for handle in session.findObjects([(PyKCS11.CKA_CLASS, PyKCS11.CKO_CERTIFICATE)]):
        value, number = session.getAttributeValue(handle, [PyKCS11.CKA_VALUE, PyKCS11.CKA_ID])
        if value:
            found.append((bytes(number or ()), bytes(value)))
    return sorted(found, key=lambda each: _rank(*each))


def _rank(number: bytes, der: bytes) -> int:
    last = number[-1] if number else -1
    if last in {_CPS_AUTHENTICATION, _CPS_SIGNATURE}:
        return 0 if last == _CPS_AUTHENTICATION else 9
    try:
        purposes = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return 5
    return 1 if ExtendedKeyUsageOID.CLIENT_AUTH in purposes else 7


def _is_gone(library: Any, reader: str) -> bool:
    """Tell whether the card went meanwhile: modules call that by many names, some by none."""
    for _ in range(_LOOKS):
        try:
            _slot(library, reader)
        except (Fault, PyKCS11.PyKCS11Error):
            return True
        time.sleep(_LOOK_SECONDS)
    return False


def _fault(error: Any, *, gone: bool) -> Fault:
    if error.value == PyKCS11.CKR_PIN_LOCKED:
        return Fault("CARD-BLOCKED")
    if gone or error.value in _GONE:
        return Fault("READER-UNPLUGGED")
    return Fault("CARD-FAULT", reason=str(error)[:60])
