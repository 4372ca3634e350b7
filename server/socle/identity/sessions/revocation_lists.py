"""The issuers' lists of revoked cards: fetched into the home while the net is there, believed for some days without it.

One file for each address. A list counts when its issuer signed it, and while it is fresh: before its own next date, or
within the days that the settings allow for an Internet that is away.
"""

import hashlib
import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from socle.foundation import log
from socle.foundation.errors import N_, SocleError
from socle.identity.sessions.cards import Chain, check_revocation

SECONDS = 3.0
"""How long a sign-in waits for a list it never had."""
LARGEST = 20_000_000
_MOST_ADDRESSES = 50


class RevocationUnknown(SocleError):
    """No fresh list says whether the card still counts."""

    code = "CARD-REVOCATION-UNKNOWN"
    message = N_("Whether this card was revoked cannot be told: its issuer's list is missing or too old.")
    hint = N_("Sign in with your password. The list comes by itself once the server reaches the Internet again.")
    kind = "unavailable"


class RevocationLists:
    """The lists of one home, in `folder`. `grace` is how long past its next date a list still counts."""

    def __init__(self, folder: Path, addresses: Iterable[str], grace: timedelta) -> None:
        self._folder = folder
        self._addresses = tuple(addresses)
        self._grace = grace

    def check(self, chain: Chain, moment: datetime) -> None:
        """Raise CardRevoked, or RevocationUnknown when the issuer publishes a list and none of it is fresh here."""
        for certificate, issuer in zip(chain.certificates, chain.certificates[1:], strict=False):
            named, is_card = published(certificate), certificate is chain.card
            found = self._newest(self._known(named), issuer, moment, is_card=is_card)
            if found is None and is_card:
                fetched = [each for each in map(self.fetch, named[:2]) if each is not None]
                found = self._newest(fetched, issuer, moment, is_card=is_card)
            if found is not None:
                check_revocation(certificate, found)
            elif named or self._addresses:
                raise RevocationUnknown

    def refresh(self) -> int:
        """Fetch every list known or configured anew; return how many came."""
        addresses = dict.fromkeys((*self._addresses, *self._remembered()))
        return sum(self.fetch(address) is not None for address in list(addresses)[:_MOST_ADDRESSES])

    def fetch(self, address: str) -> x509.CertificateRevocationList | None:
        """Fetch one list and keep it; None when it does not come, or is none."""
        if not address.startswith(("http://", "https://")):
            return None
        try:
            with urlopen(Request(address), timeout=SECONDS) as answer:  # noqa: S310 - http(s) only, see above
                content = answer.read(LARGEST + 1)
            fetched = _read(content)
        except (OSError, URLError, ValueError):
            log.warning("revocation_list_missing", outcome="unreachable")
            return None
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.path(address)
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".new", delete=False) as new:
            new.write(content)  # under a name of its own: two sign-ins may fetch one list at once
        Path(new.name).replace(path)
        path.with_suffix(".address").write_text(address, encoding="utf-8")
        return fetched

    def _known(self, named: Iterable[str]) -> list[x509.CertificateRevocationList]:
        found = []
        for address in dict.fromkeys((*named, *self._addresses)):
            try:
                found.append(_read(self.path(address).read_bytes()))
            except (OSError, ValueError):
                continue
        return found

    def _newest(
        self,
        lists: Iterable[x509.CertificateRevocationList],
        issuer: x509.Certificate,
        moment: datetime,
        *,
        is_card: bool,
    ) -> x509.CertificateRevocationList | None:
        whole = [each for each in lists if each.issuer == issuer.subject and is_whole(each, is_card=is_card)]
        fresh = [each for each in whole if self._is_fresh(each, moment) and _signed_by(each, issuer)]
        return max(fresh, key=lambda each: each.last_update_utc, default=None)

    def _is_fresh(self, one: x509.CertificateRevocationList, moment: datetime) -> bool:
        until = one.next_update_utc or one.last_update_utc
        return moment <= until + self._grace

    def _remembered(self) -> list[str]:
        return [path.read_text(encoding="utf-8") for path in sorted(self._folder.glob("*.address"))]

    def path(self, address: str) -> Path:
        """Return where the list of an address is kept."""
        return self._folder / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.crl"


def published(certificate: x509.Certificate) -> list[str]:
    """Return the addresses at which the certificate's issuer publishes its list."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    names = [name for point in points for name in point.full_name or ()]
    found = [name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)]
    return [address for address in found if address.startswith(("http://", "https://"))]


def is_whole(one: x509.CertificateRevocationList, *, is_card: bool) -> bool:
    """Tell whether a list holds every revocation of its issuer's cards (or authorities), and not some of them.

    A list of the latest changes (delta) or of some reasons says nothing of a card it does not name; its issuer signs it
    all the same, and anybody on the way could send it in the whole one's place. RFC 5280, 5.2 and 6.3.3.
    """
    for extension in one.extensions:
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            covers = extension.value
            others = covers.only_contains_ca_certs if is_card else covers.only_contains_user_certs
            part = others or covers.only_contains_attribute_certs or covers.only_some_reasons
            if part or covers.indirect_crl:
                return False
        elif extension.critical or isinstance(extension.value, x509.DeltaCRLIndicator):
            return False
    return True


def _read(content: bytes) -> x509.CertificateRevocationList:
    if len(content) > LARGEST:
        raise ValueError("too large for a revocation list")
    is_text = content.lstrip().startswith(b"-----BEGIN")
    found = x509.load_pem_x509_crl(content) if is_text else x509.load_der_x509_crl(content)
    found.issuer, found.extensions  # noqa: B018 - each may be malformed: a ValueError here, and not later
    return found


def _signed_by(one: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    try:
        return one.is_signature_valid(key)  # type: ignore[arg-type]  # other kinds of key raise TypeError
    except (TypeError, UnsupportedAlgorithm):
        return False
