"""How a browser gets the files of the pages: an address that follows their content, compressed, kept for a year."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from tests.parts import door

from socle.foundation.clock import SettableClock
from socle.foundation.database import Database
from socle.web.apps import staff_app
from socle.web.kit import assets

BASE = "https://localhost:8443"


@pytest.fixture
def app(database: Database, clock: SettableClock, tmp_path: Path) -> Flask:
    return staff_app(door.tools(database, clock, tmp_path))


def address(app: Flask, filename: str) -> str:
    with app.test_request_context(base_url=BASE):
        return app.url_for("static", filename=filename)


def test_an_address_carries_the_version_and_is_kept_for_a_year(app: Flask) -> None:
    path = address(app, "css/socle.css")
    assert re.fullmatch(r"/static/~[0-9a-f]{12}/css/socle\.css", path)
    answer = app.test_client().get(path, base_url=BASE, buffered=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/static/css/socle.css", "/static/~000000000000/css/socle.css"])
def test_another_version_is_never_kept(app: Flask, path: str) -> None:
    answer = app.test_client().get(path, base_url=BASE, buffered=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_changed_file_changes_the_version(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "page.js").write_text("let a = 1;")
    versions = set()
    for words in ("let a = 1;", "let a = 2;"):
        (folder / "page.js").write_text(words)
        changed = Flask("changed", static_folder=str(folder))
        versions.add(assets.version(changed))
    assert len(versions) == 2


def test_files_and_pages_are_compressed_for_who_asks(app: Flask) -> None:
    client, path = app.test_client(), address(app, "css/socle.css")
    plain = client.get(path, base_url=BASE, buffered=True)
    assert "Content-Encoding" not in plain.headers
    for each in (path, "/sign-in"):
        packed = client.get(each, base_url=BASE, headers={"Accept-Encoding": "gzip, br"}, buffered=True)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert int(packed.headers["Content-Length"]) == len(packed.data)
    again = client.get(path, base_url=BASE, headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert gzip.decompress(again.data) == plain.data
    unwanted = client.get(path, base_url=BASE, headers={"Accept-Encoding": "gzip;q=0"}, buffered=True)
    assert "Content-Encoding" not in unwanted.headers


def test_nobody_climbs_out_of_the_static_folder(app: Flask) -> None:
    version = assets.version(app)
    for path in (
        f"/static/~{version}/../assets.py",
        f"/static/~{version}/%2e%2e/assets.py",
        "/static/~/../../assets.py",
    ):
        assert app.test_client().get(path, base_url=BASE, buffered=True).status_code == 404
