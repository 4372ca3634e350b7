"""A real pcscd for the tests of readers and cards (all in one xdist group, for a machine has one), and a screen."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine
from tests.conftest import AUDIT_KEY
from tests.parts import required, smart_card, virtual_screen, workstation
from tests.parts.smart_card import Plugged
from tests.parts.virtual_screen import Screen
from tests.parts.workstation import Practice

from socle.foundation.clock import SystemClock
from socle.foundation.database import Database


@pytest.fixture(scope="module")
def readers() -> Iterator[smart_card.Readers]:
    """The running pcscd."""
    with smart_card.running() as running:
        yield running


@pytest.fixture
def practice(engine: Engine, tmp_path: Path, readers: smart_card.Readers, browser: Browser) -> Iterator[Practice]:
    """A served practice with an enrolled workstation."""
    with workstation.served(Database(engine, SystemClock(), {"audit_key": AUDIT_KEY}), tmp_path, browser) as practice:
        yield practice


@pytest.fixture
def paul(readers: smart_card.Readers) -> Iterator[Plugged]:
    """Paul Lemoine's card; its code is 1234."""
    card = Plugged(workstation.PAUL)
    yield card
    card.take_out()


@pytest.fixture
def claire(readers: smart_card.Readers) -> Iterator[Plugged]:
    """Claire Roussel's card; its code is 4321."""
    card = Plugged(workstation.CLAIRE, code="4321")
    yield card
    card.take_out()


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    """A screen of this test's own."""
    if importlib.util.find_spec("tkinter") is None:
        required.absent("Python's tkinter", "python3-tk")
    with virtual_screen.running(tmp_path) as screen:
        yield screen
