"""What two looks at the readers tell."""

from smartcard import scard

from socle_station.card import Change, Seen, changes

EMPTY, FULL = Seen(scard.SCARD_STATE_EMPTY), Seen(scard.SCARD_STATE_PRESENT)


def seen(count: int) -> Seen:
    """A reader with a card, after so many comings and goings."""
    return Seen(scard.SCARD_STATE_PRESENT | count << 16)


def test_a_card_comes_and_goes() -> None:
    assert changes({"A": EMPTY}, {"A": FULL}) == [Change("in", "A")]
    assert changes({"A": FULL}, {"A": EMPTY}) == [Change("out", "A")]
    assert changes({"A": FULL}, {"A": FULL}) == []


def test_a_card_swapped_between_two_looks_went_first() -> None:
    assert changes({"A": seen(1)}, {"A": seen(3)}) == [Change("out", "A"), Change("in", "A")]


def test_a_reader_pulled_with_its_card_takes_the_card_away() -> None:
    assert changes({"A": FULL, "B": EMPTY}, {"B": EMPTY}) == [Change("out", "A"), Change("readers", readers=("B",))]


def test_a_card_that_moves_to_another_reader_went_first() -> None:
    assert changes({"A": FULL, "B": EMPTY}, {"A": EMPTY, "B": FULL}) == [Change("out", "A"), Change("in", "B")]
