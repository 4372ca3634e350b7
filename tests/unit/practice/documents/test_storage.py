"""The document store: what goes in comes out, the disk tells nothing, and a changed byte is noticed."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.practice.documents.storage import CHUNK_BYTES, DocumentDamaged, DocumentMissing, Storage

KEY = bytes(range(32))


def _content(storage: Storage, name: str) -> bytes:
    return b"".join(storage.open(name))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_what_goes_in_comes_out(tmp_path: Path, size: int) -> None:
    storage = Storage(tmp_path, KEY)
    content = bytes(number % 251 for number in range(size))
    assert _content(storage, storage.keep(io.BytesIO(content))) == content


@given(st.binary(max_size=4_000))
def test_the_same_content_has_the_same_name(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    storage = Storage(tmp_path_factory.mktemp("store"), KEY)
    assert storage.keep(io.BytesIO(content)) == storage.keep(io.BytesIO(content))
    assert len(list(storage.names())) == 1


def test_the_disk_holds_neither_content_nor_a_plain_digest(tmp_path: Path) -> None:
    name = Storage(tmp_path, KEY).keep(io.BytesIO(b"Mme DUPONT" * 1000))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 1
    assert b"DUPONT" not in files[0].read_bytes()
    assert Storage(tmp_path / "other", bytes(32)).keep(io.BytesIO(b"Mme DUPONT" * 1000)) != name


@pytest.mark.parametrize("harm", ["flip", "shorten", "lengthen", "swap", "empty"])
def test_any_harm_is_noticed(tmp_path: Path, harm: str) -> None:
    storage = Storage(tmp_path, KEY)
    name = storage.keep(io.BytesIO(b"x" * (2 * CHUNK_BYTES + 10)))
    path = next(path for path in tmp_path.rglob("*") if path.is_file())
    whole = path.read_bytes()
    head, chunk = 38, CHUNK_BYTES + 16
    first, second, rest = whole[head : head + chunk], whole[head + chunk : head + 2 * chunk], whole[head + 2 * chunk :]
    harmed = {
        "flip": whole[:-1] + bytes([whole[-1] ^ 1]),
        "shorten": whole[: head + 2 * chunk],
        "lengthen": whole + b"more",
        "swap": whole[:head] + second + first + rest,
        "empty": b"",
    }[harm]
    path.write_bytes(harmed)
    with pytest.raises(DocumentDamaged):
        _content(storage, name)


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "", "G" * 64, "é" * 64])
def test_a_name_that_is_not_there_or_no_name_at_all_is_missing(tmp_path: Path, name: str) -> None:
    with pytest.raises(DocumentMissing):
        _content(Storage(tmp_path, KEY), name)


def test_a_stream_that_breaks_leaves_nothing_behind(tmp_path: Path) -> None:
    class Broken(io.RawIOBase):
        def read(self, _size: int = -1) -> bytes:
            raise OSError("the cable was pulled")

    storage = Storage(tmp_path, KEY)
    with pytest.raises(OSError, match="cable"):
        storage.keep(Broken())  # type: ignore[arg-type]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
