"""The seal notices any change of itself; the plan reads every part of the data in turn; small parts come back whole."""

import hashlib
import inspect
import io
import tarfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from socle.appliance.backups import asking, dataset, drill, engine, journal, plan, restore, seal, sets
from socle.appliance.backups.engine import Snapshot
from socle.appliance.backups.parts import documents, postgresql, rows, small
from socle.appliance.backups.parts.rows import StreamBroken, Sums
from socle.appliance.backups.parts.small import SmallPartBroken
from socle.appliance.backups.seal import DatabaseSeal, DirectorySeal, Manifest, PartSeal, SealBroken, TableSeal
from socle.foundation import settings
from socle.foundation.errors import SocleError
from socle.foundation.home import Home
from socle.foundation.secrets import Keys
from socle.foundation.settings import SettingsWrong

AT = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
MANIFEST = Manifest(
    set_id="a", home="b", practice="Cabinet", started_at=AT, sealed_at=AT, versions={"socle": "0.1.0"},
    parts={"database": PartSeal("f00d", 12, "ab")},
    database=DatabaseSeal("embedded", "0007", "cd", {"patient": TableSeal(1, "ef")}),
    directory=DirectorySeal("embedded", 3), documents={}, settings={}, keys={"audit": "12"}, audit={0: (4, "dd")},
)  # fmt: skip


def test_a_seal_is_read_back_as_it_was_closed() -> None:
    assert seal.open_seal(seal.close(MANIFEST)) == MANIFEST


@given(some.data())
def test_any_changed_byte_of_a_seal_is_noticed(data: some.DataObject) -> None:
    closed = bytearray(seal.close(MANIFEST))
    place = data.draw(some.integers(0, len(closed) - 1))
    closed[place] ^= data.draw(some.integers(1, 255))
    with suppress(SealBroken):
        assert seal.open_seal(bytes(closed)) == MANIFEST


@pytest.mark.parametrize("cut", [0, 1, 50, -1])
def test_a_cut_seal_is_broken(cut: int) -> None:
    with pytest.raises(SealBroken):
        seal.open_seal(seal.close(MANIFEST)[:cut])


def test_a_changed_count_with_the_old_hash_is_broken() -> None:
    changed = seal.close(MANIFEST).replace(b'"rows":1', b'"rows":2')
    assert changed != seal.close(MANIFEST)
    with pytest.raises(SealBroken):
        seal.open_seal(changed)


def test_thirty_nights_read_every_part_once() -> None:
    nights = [plan.tonights_part(AT + timedelta(days=day)) for day in range(plan.NIGHTS)]
    assert sorted(nights) == list(range(1, plan.NIGHTS + 1))


def test_a_targets_name_is_plain_and_its_own(tmp_path: Path) -> None:
    home = Home(tmp_path, Keys(tmp_path / "keys"))
    file = tmp_path / "socle.toml"
    file.write_text('[[backup.targets]]\nname = "../disk"\nrepository = "/x"\n')
    with pytest.raises(SettingsWrong):
        settings.load(file)
    file.write_text('[[backup.targets]]\nname = "disk"\nrepository = "/x"\n' * 2)
    with pytest.raises(SettingsWrong):
        plan.targets(settings.load(file), home)
    assert [target.name for target in plan.targets(settings.Settings(), home)] == ["local"]


def test_snapshots_are_grouped_into_sets_by_their_tags() -> None:
    def snapshot(number: int, *tags: str) -> Snapshot:
        return Snapshot(f"s{number}", AT + timedelta(minutes=number), frozenset(tags))

    found = sets.stored_sets(
        [
            snapshot(1, "socle", "set:one", "part:database"), snapshot(2, "socle", "set:one", "part:seal"),
            snapshot(3, "socle", "set:two", "part:database"), snapshot(4, "socle"), snapshot(5, "of", "others"),
        ]
    )  # fmt: skip
    assert [(one.set_id, one.sealed, dict(one.parts)) for one in found] == [
        ("one", True, {"database": "s1", "seal": "s2"}),
        ("two", False, {"database": "s3"}),
    ]


@given(some.lists(some.binary(max_size=40), max_size=30), some.randoms())
def test_a_tables_sum_ignores_order_and_notices_everything_else(encoded: list[bytes], random: object) -> None:
    def summed(values: list[bytes]) -> TableSeal:
        sums = Sums()
        for value in values:
            sums.add([value])
        return sums.seal()

    shuffled = list(encoded)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert summed(shuffled) == summed(encoded)
    assert summed([*encoded, b"more"]) != summed(encoded)
    if encoded:
        assert summed([encoded[0] + b"x", *encoded[1:]]) != summed(encoded)


def test_a_cut_stream_of_rows_is_broken_wherever_it_is_cut() -> None:
    frames = [msgspec.msgpack.encode(value) for value in (["socle-rows-1"], ["t", "id"], [[1]], 1)]
    stream = b"".join(len(one).to_bytes(4) + one for one in frames)
    assert len(list(rows.frames(iter([stream])))) == 4
    ends, place = {0}, 0
    for one in frames:
        place += 4 + len(one)
        ends.add(place)
    for cut in set(range(len(stream))) - ends:
        with pytest.raises(StreamBroken):
            list(rows.frames(iter([stream[:cut]])))


def test_small_files_are_packed_the_same_each_night_and_never_leave_their_folder() -> None:
    files = {"socle.toml": b"[practice]\n", "a/b": b"\x00"}
    assert small.pack_files(files) == small.pack_files(dict(reversed(files.items())))
    assert small.unpack_files(small.pack_files(files)) == files
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../outside"), io.BytesIO())
    with pytest.raises(SmallPartBroken):
        small.unpack_files(packed.getvalue())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", '\n[database]\nurl = "postgresql:///new"\n'),
        (b"[practice]\nname = 'x'\n", "[practice]\nname = 'x'\n\n[database]\nurl = \"postgresql:///new\"\n"),
        (
            b'[database] # here\nurl = "old"\n[web]\nurl = 1\n',
            '[database] # here\nurl = "postgresql:///new"\n[web]\nurl = 1\n',
        ),
    ],
)
def test_the_restored_settings_open_the_restored_database(before: bytes, after: str) -> None:
    assert small.with_database_url(before, "postgresql:///new").decode() == after


def test_documents_are_hashed_once_and_missed_when_they_go(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "one").write_bytes(b"one")
    (tmp_path / ".part-1").write_bytes(b"being written")
    files = documents.listed(tmp_path, {})
    first = documents.inventory(tmp_path, files, {})
    assert {name: one.sha256 for name, one in first.items()} == {"ab/one": hashlib.sha256(b"one").hexdigest()}
    assert documents.inventory(tmp_path, files, first)["ab/one"] is first["ab/one"]
    assert documents.differences(tmp_path, first) == []
    (tmp_path / "ab" / "one").write_bytes(b"two")
    assert documents.differences(tmp_path, first) == ["ab/one"]
    (tmp_path / "ab" / "one").unlink()
    assert documents.inventory(tmp_path, files, {}) == {}
    for missing in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(documents.DocumentsGone):
            documents.listed(missing, first)


def test_every_error_of_this_room_has_words_a_code_and_a_way_out() -> None:
    rooms = (asking, dataset, documents, drill, engine, journal, plan, postgresql, restore, rows, seal, sets, small)
    kinds = {
        kind
        for room in rooms
        for _, kind in inspect.getmembers(room, inspect.isclass)
        if issubclass(kind, SocleError) and kind.__module__.startswith("socle.appliance.backups")
    }
    assert len(kinds) > 25
    for kind in kinds:
        assert "BACKUP" in kind.code or "RESTORE" in kind.code, kind
        assert kind.message != SocleError.message, kind
        assert kind.hint != SocleError.hint, kind
    assert len({kind.code for kind in kinds}) == len(kinds)
