from hypothesis import given
from hypothesis import strategies as st

from socle.identity.sessions import tokens

KEY, OTHER = bytes(32), bytes([1] * 32)


def test_a_token_is_recognised_by_the_server_that_made_it_only() -> None:
    token = tokens.new(KEY)
    assert tokens.made_here(KEY, token)
    assert not tokens.made_here(OTHER, token)


def test_tokens_differ_and_hold_256_random_bits() -> None:
    made = {tokens.new(KEY) for _ in range(100)}
    assert len(made) == 100
    assert all(len(token) == 51 for token in made)


@given(st.text(max_size=200))
def test_garbage_is_no_token(text: str) -> None:
    assert not tokens.made_here(KEY, text)


def test_a_changed_token_is_no_token() -> None:
    token = tokens.new(KEY)
    changed = ("A" if token[0] != "A" else "B") + token[1:]
    assert not tokens.made_here(KEY, changed)
    assert tokens.digest(token) != tokens.digest(changed)
