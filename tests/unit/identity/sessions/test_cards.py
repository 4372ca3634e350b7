"""What a card's signature and certificate have to be before they open anything."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.builders import cards as made

from socle.foundation.settings import CardSettings
from socle.identity.sessions import cards
from socle.identity.sessions.card_policy import CardPolicy, NoAnchors, Signed
from socle.identity.sessions.cards import Holder
from socle.identity.sessions.revocation_lists import RevocationUnknown

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TEXT = b"socle-card-1\nff\n1\n00"
ROOT = made.issuer("AC RACINE ESSAI", moment=NOW)
BELOW = made.issuer("AC ESSAI PERSONNES", ROOT, key_number=2, moment=NOW)
STRANGER = made.issuer("AC RACINE ESSAI", key_number=3, moment=NOW)
LIST = "http://127.0.0.1:9/none.crl"


def policy(folder: Path, *anchors: made.Issuer, **settings: object) -> CardPolicy:
    (folder / "cards").mkdir(exist_ok=True)
    for number, anchor in enumerate(anchors):
        (folder / "cards" / f"{number}.pem").write_bytes(anchor.pem)
    return CardPolicy(CardSettings(**settings), folder / "cards", folder / "cache")  # type: ignore[arg-type]


def prove(judge: CardPolicy, card: made.Card, *others: made.Issuer, at: datetime = NOW) -> Holder:
    beside = [each.certificate.public_bytes(Encoding.DER) for each in others]
    return judge.prove(Signed(card.der, beside, card.mechanism, card.sign(TEXT)), TEXT, at)


def test_a_card_of_a_chosen_authority_names_its_holder(tmp_path: Path) -> None:
    judge = policy(tmp_path, ROOT)
    assert prove(judge, made.card(ROOT)) == Holder("rpps", made.RPPS)
    for number in (made.ADELI, "2A0000018", "0B7010446"):
        assert prove(judge, made.card(ROOT, f"0{number}")) == Holder("adeli", number)


def test_an_authority_between_may_be_sent_along_or_chosen_itself(tmp_path: Path) -> None:
    card = made.card(BELOW)
    assert prove(policy(tmp_path, ROOT), card, BELOW).number == made.RPPS
    with pytest.raises(cards.CardChainUnknown):
        prove(policy(tmp_path, ROOT), card)
    assert prove(policy(tmp_path, ROOT, BELOW), card).number == made.RPPS


def test_an_elliptic_key_signs_too(tmp_path: Path) -> None:
    assert prove(policy(tmp_path, ROOT), made.card(ROOT, key=ec.generate_private_key(ec.SECP256R1())))


def test_without_a_chosen_authority_no_card_opens(tmp_path: Path) -> None:
    with pytest.raises(NoAnchors):
        prove(policy(tmp_path), made.card(ROOT))
    (tmp_path / "cards" / "broken.pem").write_text("no certificate")
    with pytest.raises(NoAnchors):
        prove(policy(tmp_path), made.card(ROOT))


def test_an_authority_of_the_same_name_is_another(tmp_path: Path) -> None:
    with pytest.raises(cards.CardChainUnknown):
        prove(policy(tmp_path, ROOT), made.card(STRANGER))


def test_an_authority_for_lists_alone_cannot_issue_cards(tmp_path: Path) -> None:
    between = {
        is_for: made.issuer("AC LISTES", ROOT, 2, NOW, made.usage(certificates=is_for)) for is_for in (True, False)
    }
    judge = policy(tmp_path, ROOT)
    assert prove(judge, made.card(between[True]), between[True]).number == made.RPPS
    with pytest.raises(cards.CardChainUnknown):
        prove(judge, made.card(between[False]), between[False])


def test_a_holder_cannot_issue_cards(tmp_path: Path) -> None:
    holder = made.card(ROOT)
    forged = made.card(made.Issuer(holder.certificate, holder.key), f"8{made.OTHER_RPPS}", key=made.rsa_key(4))
    judge = policy(tmp_path, ROOT)
    with pytest.raises(cards.CardChainUnknown):
        judge.prove(Signed(forged.der, [holder.der], forged.mechanism, forged.sign(TEXT)), TEXT, NOW)


@pytest.mark.parametrize("text", [b"", TEXT + b"0", b"another challenge"])
def test_a_signature_over_something_else_is_refused(tmp_path: Path, text: bytes) -> None:
    card, judge = made.card(ROOT), policy(tmp_path, ROOT)
    with pytest.raises(cards.CardSignatureWrong):
        judge.prove(Signed(card.der, [], card.mechanism, card.sign(text)), TEXT, NOW)


@pytest.mark.parametrize("mechanism", ["ecdsa-sha256", "rsa-pss-sha256", "none", ""])
def test_a_mechanism_that_the_signature_does_not_have_is_refused(tmp_path: Path, mechanism: str) -> None:
    card, judge = made.card(ROOT), policy(tmp_path, ROOT)
    with pytest.raises(cards.CardSignatureWrong):
        judge.prove(Signed(card.der, [], mechanism, card.sign(TEXT)), TEXT, NOW)


def test_dates_count_at_the_servers_clock(tmp_path: Path) -> None:
    judge = policy(tmp_path, ROOT)
    with pytest.raises(cards.CardExpired) as caught:
        prove(judge, made.card(ROOT, ends=NOW - timedelta(days=1)))
    assert caught.value.details == {"day": "22/11/2026"}
    with pytest.raises(cards.CardNotYetValid):
        prove(judge, made.card(ROOT, starts=NOW + timedelta(days=1), ends=NOW + timedelta(days=9)))


def test_test_cards_open_trial_servers_only(tmp_path: Path) -> None:
    root = made.issuer("TEST AC RACINE IGC-SANTE", key_number=2, moment=NOW)
    with pytest.raises(cards.CardIssuerIsTest) as caught:
        prove(policy(tmp_path, root), made.card(root))
    assert caught.value.details == {"issuer": "TEST AC RACINE IGC-SANTE"}
    assert prove(policy(tmp_path, root, allow_test_issuers=True), made.card(root))


def test_the_signing_certificate_of_a_card_does_not_sign_in(tmp_path: Path) -> None:
    judge = policy(tmp_path, ROOT)
    with pytest.raises(cards.CardWrongPurpose):
        prove(judge, made.card(ROOT, signs=False))
    with pytest.raises(cards.CardWrongPurpose):
        prove(judge, made.card(ROOT, purposes=[ExtendedKeyUsageOID.EMAIL_PROTECTION]))


@pytest.mark.parametrize(
    "number", ["", "8", "899700000", "3750000018/0000001", "Camille ESSAI", "８９９７００００００１８"]
)
def test_a_card_that_names_no_professional_is_refused(tmp_path: Path, number: str) -> None:
    with pytest.raises(cards.CardNamesNobody):
        prove(policy(tmp_path, ROOT), made.card(ROOT, number or "-"))


@pytest.mark.parametrize("der", [b"", b"0\x82", b"\0" * 5000])
def test_what_is_no_certificate_is_refused(tmp_path: Path, der: bytes) -> None:
    with pytest.raises(cards.CardUnreadable):
        policy(tmp_path, ROOT).prove(Signed(der, [], "rsa-pkcs1-sha256", b""), TEXT, NOW)


def put_list(judge: CardPolicy, content: bytes, address: str = LIST) -> None:
    path = judge.lists.path(address)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_a_revoked_card_is_refused_with_its_day(tmp_path: Path) -> None:
    judge, card = policy(tmp_path, ROOT), made.card(ROOT, lists=[LIST])
    put_list(judge, made.revocation_list(ROOT, card.certificate.serial_number, at=NOW))
    with pytest.raises(cards.CardRevoked) as caught:
        prove(judge, card)
    assert caught.value.details == {"day": "22/11/2026"}


def test_a_list_is_believed_for_some_days_past_its_date(tmp_path: Path) -> None:
    judge, card = policy(tmp_path, ROOT, revocation_grace_days=3), made.card(ROOT, lists=[LIST])
    put_list(judge, made.revocation_list(ROOT, at=NOW, days=7))
    assert prove(judge, card, at=NOW + timedelta(days=10))
    with pytest.raises(RevocationUnknown):
        prove(judge, card, at=NOW + timedelta(days=10, seconds=1))


def test_a_list_nobody_could_fetch_is_no_good_news(tmp_path: Path) -> None:
    with pytest.raises(RevocationUnknown):
        prove(policy(tmp_path, ROOT), made.card(ROOT, lists=[LIST]))


def test_a_list_that_somebody_else_signed_does_not_count(tmp_path: Path) -> None:
    judge, card = policy(tmp_path, ROOT), made.card(ROOT, lists=[LIST])
    put_list(judge, made.revocation_list(ROOT, at=NOW, key=STRANGER.key))
    with pytest.raises(RevocationUnknown):
        prove(judge, card)


def point(covers: str = "") -> x509.IssuingDistributionPoint:
    reasons = frozenset({x509.ReasonFlags.superseded}) if covers == "reasons" else None
    return x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(LIST)],
        relative_name=None,
        only_contains_user_certs=covers == "cards",
        only_contains_ca_certs=covers == "authorities",
        only_some_reasons=reasons,
        indirect_crl=covers == "indirect",
        only_contains_attribute_certs=covers == "attributes",
    )


@pytest.mark.parametrize(
    "says",
    [
        [x509.DeltaCRLIndicator(1)],
        *([point(covers)] for covers in ("authorities", "attributes", "indirect", "reasons")),
        [x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.250.1.71.99"), b"\x05\x00")],
    ],
    ids=["delta", "authorities", "attributes", "indirect", "reasons", "unknown"],
)
def test_a_list_of_some_revocations_does_not_clear_a_card(tmp_path: Path, says: list[x509.ExtensionType]) -> None:
    judge, card = policy(tmp_path, ROOT), made.card(ROOT, lists=[LIST])
    put_list(judge, made.revocation_list(ROOT, at=NOW, says=says))
    with pytest.raises(RevocationUnknown):
        prove(judge, card)


@pytest.mark.parametrize("covers", ["", "cards"])
def test_a_list_of_all_cards_clears_one(tmp_path: Path, covers: str) -> None:
    judge, card = policy(tmp_path, ROOT), made.card(ROOT, lists=[LIST])
    put_list(judge, made.revocation_list(ROOT, at=NOW, says=[point(covers)]))
    assert prove(judge, card).number == made.RPPS


def test_a_list_named_in_the_settings_counts_too(tmp_path: Path) -> None:
    judge, card = policy(tmp_path, ROOT, revocation_lists=(LIST,)), made.card(ROOT)
    with pytest.raises(RevocationUnknown):
        prove(judge, card)
    put_list(judge, made.revocation_list(ROOT, card.certificate.serial_number, at=NOW))
    with pytest.raises(cards.CardRevoked):
        prove(judge, card)
