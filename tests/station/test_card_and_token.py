"""The agent's eyes and hand on a real pcscd and OpenSC: cards that come and go, codes, signatures."""

import queue
import time
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.builders import cards as made
from tests.parts import smart_card
from tests.parts.smart_card import Plugged

from socle_station.card import Change, Watch
from socle_station.signing import Signer
from socle_station.wording import Fault

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.xdist_group("pcscd")]
ROOT = made.issuer("AC RACINE ESSAI", key_number=6)
PAUL, CLAIRE = made.card(ROOT), made.card(ROOT, f"8{made.OTHER_RPPS}", key=made.rsa_key(7))
Seen = Callable[[str], Change]


@pytest.fixture
def seen(readers: smart_card.Readers) -> Iterator[Seen]:
    """Wait for the next change of a kind."""
    changes: queue.SimpleQueue[Change] = queue.SimpleQueue()
    watch = Watch(changes.put)
    watch.start()

    def wait(kind: str) -> Change:
        deadline = time.monotonic() + 10
        while True:
            change = changes.get(timeout=max(0.1, deadline - time.monotonic()))
            if change.kind == kind:
                return change

    assert len(wait("readers").readers) == 2
    yield wait
    watch.stop()
    watch.join(5)


@pytest.fixture
def card(readers: smart_card.Readers) -> Iterator[Plugged]:
    plugged = Plugged(PAUL)
    yield plugged
    plugged.take_out()


def test_a_card_is_seen_coming_and_going(seen: Seen, card: Plugged) -> None:
    for _ in range(3):
        card.put_in()
        reader = seen("in").reader
        before = time.monotonic()
        card.take_out()
        assert seen("out").reader == reader
        assert time.monotonic() - before < 2


def test_each_reader_has_its_own_card(seen: Seen, card: Plugged) -> None:
    other = Plugged(CLAIRE)
    card.put_in()
    first = seen("in").reader
    other.put_in(1)
    second = seen("in").reader
    token = Signer(smart_card.module())
    try:
        assert first != second
        assert token.sign(first, "1234", b"x").certificate == PAUL.der
        assert token.sign(second, "1234", b"x").certificate == CLAIRE.der
    finally:
        other.take_out()
    assert seen("out").reader == second


def test_the_card_signs_and_the_code_stays_in_it(seen: Seen, card: Plugged) -> None:
    card.put_in()
    signed = Signer(smart_card.module()).sign(seen("in").reader, "1234", b"text")
    assert (signed.certificate, signed.mechanism) == (PAUL.der, "rsa-pkcs1-sha256")
    public = PAUL.certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(signed.value, b"text", padding.PKCS1v15(), hashes.SHA256())


def code_of(work: Callable[[], object]) -> tuple[str, object]:
    with pytest.raises(Fault) as caught:
        work()
    return caught.value.code, caught.value.details.get("left")


def test_wrong_codes_count_down_to_a_block(seen: Seen, card: Plugged) -> None:
    card.put_in()
    reader, token = seen("in").reader, Signer(smart_card.module())
    assert code_of(lambda: token.sign(reader, "0000", b"x"))[0] == "CARD-CODE-WRONG"
    assert card.applet.tries == 2
    assert code_of(lambda: token.sign(reader, "0000", b"x")) == ("CARD-CODE-WRONG", "last")
    assert code_of(lambda: token.sign(reader, "0000", b"x"))[0] == "CARD-BLOCKED"
    assert code_of(lambda: token.sign(reader, "1234", b"x"))[0] == "CARD-BLOCKED"
    assert card.applet.signatures == 0


def test_a_card_that_leaves_in_the_middle_of_a_signature_is_named(seen: Seen, card: Plugged) -> None:
    card.applet.dies_at_signature = True
    card.put_in()
    reader = seen("in").reader
    assert code_of(lambda: Signer(smart_card.module()).sign(reader, "1234", b"x"))[0] == "READER-UNPLUGGED"
    seen("out")


def test_an_empty_reader_and_a_missing_module_are_named(seen: Seen) -> None:
    assert code_of(lambda: Signer(smart_card.module()).sign("Virtual PCD 00 00", "1", b"x"))[0] == "READER-UNPLUGGED"
    assert code_of(lambda: Signer("/nowhere/module.so").check())[0] == "CARD-MODULE-MISSING"


def test_a_service_that_stops_takes_its_cards_away_and_comes_back(
    seen: Seen, card: Plugged, readers: smart_card.Readers
) -> None:
    card.put_in()
    seen("in")
    readers.stop()
    assert seen("out").kind == "out"
    assert seen("fault").fault is not None
    readers.start()
    assert len(seen("readers").readers) == 2
