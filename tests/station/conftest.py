"""A real pcscd for the tests of readers and cards; all in one xdist group, for a machine has one."""

from collections.abc import Iterator

import pytest
from tests.parts import smart_card


@pytest.fixture(scope="session")
def readers() -> Iterator[smart_card.Readers]:
    """The running pcscd."""
    with smart_card.running() as running:
        yield running
