"""The practice's own rule on cards: which authorities it trusts, and how revocation is looked up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from socle.foundation import log
from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import CardSettings
from socle.identity.sessions import cards
from socle.identity.sessions.cards import Holder
from socle.identity.sessions.revocation_lists import RevocationLists

_MOST_OTHERS = 4


class NoAnchors(SocleError):
    """Nobody chose an authority yet."""

    code = "CARD-NO-ANCHORS"
    message = N_("This practice has not chosen yet which authorities' cards it trusts.")
    hint = N_("The maintainer puts their certificates into the server's cards folder: docs/how-to/workstations.md.")
    kind = "refused"


@dataclass(frozen=True)
class Signed:
    """What a card signed: its certificate and those beside it (DER), how, and the signature."""

    certificate: bytes
    others: Sequence[bytes]
    mechanism: str
    signature: bytes


class CardPolicy:
    """Accepts a card, or says why not. Anchors are read anew each time: a file put into the folder counts at once."""

    def __init__(self, settings: CardSettings, home_cards: Path, cache: Path) -> None:
        self.folder = Path(settings.anchors) if settings.anchors else home_cards
        self.allow_test = settings.allow_test_issuers
        grace = timedelta(days=settings.revocation_grace_days)
        self.lists = RevocationLists(cache / "revocation", settings.revocation_lists, grace)

    def anchors(self) -> list[x509.Certificate]:
        """Return the authorities trusted; a file that holds none is passed over, and noted."""
        found: list[x509.Certificate] = []
        for path in sorted((*self.folder.glob("*.pem"), *self.folder.glob("*.crt"))):
            try:
                found += x509.load_pem_x509_certificates(path.read_bytes())
            except (OSError, ValueError):
                log.warning("anchor_unreadable", path=path.name)
        return found

    def prove(self, signed: Signed, text: bytes, moment: datetime) -> Holder:
        """Return whose card signed `text`; each way of failing has an error of its own (see `cards`).

        May wait some seconds for a revocation list: no transaction is open meanwhile.
        """
        certificate = cards.read(signed.certificate)
        others = [cards.read(der) for der in signed.others[:_MOST_OTHERS]]
        cards.check_signature(certificate, signed.mechanism, signed.signature, text)
        anchors = self.anchors()
        if not anchors:
            raise NoAnchors
        chain = cards.chain(certificate, others, anchors, moment, allow_test=self.allow_test)
        self.lists.check(chain, moment)
        return cards.holder(certificate)
