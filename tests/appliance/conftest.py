"""The whole server, started as a person starts it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.parts.server import Server, demonstration


@pytest.fixture(scope="session")
def demonstration_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demonstration practice is made once."""
    return tmp_path_factory.mktemp("practice") / "template"


@pytest.fixture
def stopped_server(tmp_path: Path, demonstration_template: Path) -> Iterator[Server]:
    """A server of the demonstration practice, not started yet."""
    with demonstration(tmp_path / "practice", demonstration_template) as server:
        yield server


@pytest.fixture
def server(stopped_server: Server) -> Server:
    """A running server of the demonstration practice."""
    stopped_server.start()
    return stopped_server
