"""What every backup engine must do, on the real program and the real server; one more is one more line in TARGETS."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.parts import backup_targets as targets
from tests.parts import small_disk
from tests.parts.backup_targets import Maker, Target
from tests.parts.slow_source import somebody_storing

from socle.appliance.backups.engine import (
    BackupCancelled,
    DeletionRefused,
    Engine,
    NoSpaceLeft,
    OnePasswordOnly,
    RepositoryDamaged,
    RepositoryExists,
    RepositoryLocked,
    RepositoryMissing,
    SnapshotMissing,
    SourceUnreadable,
    WrongPassword,
)

pytestmark = pytest.mark.real
NEVER = threading.Event()
NOISE = bytes(range(256)) * 5000
TARGETS = [
    pytest.param(targets.restic_folder(), id="restic"),
    pytest.param(targets.restic_folder("restic-0.18"), id="restic-0.18"),
    pytest.param(targets.restic_folder("restic-0.19"), id="restic-0.19"),
    pytest.param(targets.restic_sftp, id="restic-sftp"),
    pytest.param(targets.restic_rest_server(), id="restic-rest-append-only"),
    pytest.param(targets.restic_rest_server("restic-0.19"), id="restic-0.19-rest-append-only"),
    pytest.param(targets.restic_rest_server(append_only=False), id="restic-rest"),
    pytest.param(targets.restic_s3, id="restic-s3"),
    pytest.param(targets.borg_folder, id="borg"),
    pytest.param(targets.borg_ssh, id="borg-ssh-append-only"),
]


def nothing(_done: int, _total: int | None) -> None:
    """Hear no progress."""


@pytest.fixture(scope="module", params=TARGETS)
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A place for repositories."""
    maker: Maker = request.param
    with maker(tmp_path_factory.mktemp("target")) as made:
        yield made


@pytest.fixture(scope="module")
def password(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A password file, in a folder whose name a shell would split."""
    file = tmp_path_factory.mktemp("pass word's") / "password"
    file.write_text("vélo nuage tigre")
    return file


@pytest.fixture(scope="module")
def engine(target: Target, password: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A repository that the tests of this file share: making one costs a key derivation."""
    opened = target.open("shared", password, tmp_path_factory.mktemp("cache"))
    opened.create()
    return opened


def store(engine: Engine, name: str, content: bytes, *tags: str) -> str:
    return engine.store_stream(name, [content], tags, nothing, NEVER).snapshot


def full_id(engine: Engine, tag: str) -> str:
    (found,) = [one.id for one in engine.snapshots() if tag in one.tags]
    return found


def test_it_says_what_it_is(engine: Engine) -> None:
    name, version = engine.version().split()
    assert name
    assert version[0].isdigit()
    assert engine.identity() == engine.identity()


def test_a_stream_comes_back_as_it_went_in_with_its_tags(engine: Engine) -> None:
    pieces = [NOISE, b"x", b"", NOISE[:77]]
    heard: list[int] = []
    stored = engine.store_stream("stream", pieces, ["set:1", "part:a"], lambda done, _: heard.append(done), NEVER)
    assert stored.taken == heard[-1] == sum(map(len, pieces))
    assert b"".join(engine.open_stream(full_id(engine, "set:1"), "stream", NEVER)) == b"".join(pieces)
    assert b"".join(engine.open_stream(stored.snapshot, "stream", NEVER)) == b"".join(pieces)


def test_a_folder_comes_back_with_every_file_under_its_own_name(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    odd = ["ab/lettre d'été.bin", "--exclude=x", "ab/cd/" + "n" * 200, "ligne\nbrisée"]
    for number, name in enumerate(odd):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(NOISE[: number * 1000])
    (folder / "empty").mkdir()
    engine.store_folder(folder, ["set:2"], nothing, NEVER)
    snapshot = full_id(engine, "set:2")
    entries = {entry.path: entry.size for entry in engine.entries(snapshot)}
    assert entries == {f"/documents/{name}": number * 1000 for number, name in enumerate(odd)}
    engine.restore_folder(snapshot, tmp_path / "back", NEVER)
    back = tmp_path / "back" / "documents"
    assert {name: (back / name).read_bytes() for name in odd} == {name: (folder / name).read_bytes() for name in odd}


def test_a_source_that_breaks_half_way_leaves_no_snapshot(engine: Engine) -> None:
    def source() -> Iterator[bytes]:
        yield NOISE
        raise RuntimeError("the dump broke")

    with pytest.raises(RuntimeError, match="the dump broke"):
        engine.store_stream("broken", source(), ["set:3"], nothing, NEVER)
    assert not [one for one in engine.snapshots() if "set:3" in one.tags]


def test_an_empty_or_missing_source_is_an_error_not_an_empty_backup(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable):
        engine.store_stream("empty", [], ["set:4"], nothing, NEVER)
    with pytest.raises(SourceUnreadable):
        engine.store_folder(tmp_path / "unmounted", ["set:4"], nothing, NEVER)
    assert not [one for one in engine.snapshots() if "set:4" in one.tags]


def test_cancel_stops_a_stream_and_leaves_no_snapshot(engine: Engine) -> None:
    cancel = threading.Event()

    def endless() -> Iterator[bytes]:
        for number in range(100_000):
            if number == 5:
                cancel.set()
            yield number.to_bytes(8) * 8192

    with pytest.raises(BackupCancelled):
        engine.store_stream("endless", endless(), ["set:5"], nothing, cancel)
    assert not [one for one in engine.snapshots() if "set:5" in one.tags]


def test_forgetting_takes_away_that_snapshot_only(engine: Engine, target: Target) -> None:
    store(engine, "one", b"1", "set:6")
    store(engine, "two", b"2", "set:7")
    gone = full_id(engine, "set:6")
    if target.adds_only:
        with pytest.raises(DeletionRefused):
            engine.forget([gone])
        with pytest.raises(DeletionRefused):
            engine.prune(NEVER)
        assert b"".join(engine.open_stream(gone, "one", NEVER)) == b"1"
        return
    engine.forget([gone])
    engine.prune(NEVER)
    assert full_id(engine, "set:7")
    assert gone not in {one.id for one in engine.snapshots()}
    with pytest.raises(SnapshotMissing):
        list(engine.open_stream(gone, "one", NEVER))
    with pytest.raises(SnapshotMissing):
        list(engine.open_stream(full_id(engine, "set:7"), "one", NEVER))


def test_it_says_whether_we_could_delete_and_nothing_is_changed_by_asking(engine: Engine, target: Target) -> None:
    before = engine.snapshots()
    assert engine.deletion() == target.deletion
    assert engine.snapshots() == before


def test_a_second_password_opens_it_too_or_is_refused_by_name(
    engine: Engine, target: Target, password: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    second.write_text("AAAA BBBB")
    if engine.version().startswith("borg"):
        with pytest.raises(OnePasswordOnly):
            engine.add_password(second.read_bytes())
        return
    opened = target.open("twice", password)
    opened.create()
    opened.add_password(second.read_bytes())
    assert target.open("twice", second).identity() == opened.identity()


def test_another_password_and_no_repository_are_told_apart(
    engine: Engine, target: Target, password: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text("wrong")
    stranger = target.open("shared", other, tmp_path / "cache")
    for refused in (stranger.identity, stranger.snapshots, lambda: store(stranger, "x", b"x")):
        with pytest.raises(WrongPassword):
            refused()
    nowhere = target.open("nowhere", password)
    assert not nowhere.seems_present() or nowhere.local_folder() is None
    for missing in (nowhere.identity, nowhere.snapshots, lambda: store(nowhere, "x", b"x")):
        with pytest.raises(RepositoryMissing):
            missing()
    with pytest.raises(RepositoryExists):
        engine.create()


def test_a_living_lock_is_respected_and_a_dead_one_is_no_obstacle(
    engine: Engine, target: Target, password: Path
) -> None:
    before = engine.snapshots()
    with somebody_storing(target.open("shared", password)) as worker:
        with pytest.raises(RepositoryLocked):
            engine.check(1, 30, NEVER)
        assert engine.snapshots() == before
        worker.kill()
        engine.check(1, 30, NEVER)
    store(engine, "after", b"after", "set:9")
    assert full_id(engine, "set:9")


def test_no_secret_stands_in_any_programs_arguments(engine: Engine, target: Target, password: Path) -> None:
    hidden = [secret for secret in (password.read_text(), target.access.secret) if secret]
    with somebody_storing(target.open("shared", password)):
        seen = b"".join(read_quietly(path) for path in Path("/proc").glob("[0-9]*/cmdline"))
    assert target.program.encode() in seen
    assert not [secret for secret in hidden if secret.encode() in seen]


def read_quietly(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process has just ended
        return b""


@pytest.mark.slow
def test_an_upload_keeps_to_its_limit(engine: Engine, target: Target, password: Path, tmp_path: Path) -> None:
    if engine.local_folder() is not None:
        pytest.skip("a disk has no limit")
    slow = replace(target, access=replace(target.access, upload_kib=512)).open("shared", password, tmp_path / "cache")
    begin = time.monotonic()
    store(slow, "slow", os.urandom(4 << 20), "set:slow")
    assert time.monotonic() - begin > 5


def test_a_flipped_byte_is_found(engine: Engine, target: Target, password: Path) -> None:
    if target.folder is None:
        pytest.skip("what this server holds cannot be reached")
    store(engine, "precious", os.urandom(300_000), "set:8")
    shutil.copytree(target.kept_in("shared"), target.kept_in("copy"))
    copy = target.open("copy", password)
    assert copy.identity() == engine.identity()
    files = [path for path in (target.kept_in("copy") / "data").rglob("*") if path.is_file()]
    flip(max(files, key=lambda path: path.stat().st_size))
    for part, parts in ((1, 1), (1, 30)) if engine.version().startswith("borg") else ((1, 1),):
        with pytest.raises(RepositoryDamaged):
            copy.check(part, parts, NEVER)


def flip(path: Path) -> None:
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_full_disk_is_named_and_what_was_there_stays_good(
    target: Target, password: Path, request: pytest.FixtureRequest
) -> None:
    if target.folder is None:
        pytest.skip("what this server holds cannot be reached")
    with small_disk.mounted(target.kept_in("small"), 8) as disk:
        engine = target.open("small", password)
        engine.create()
        store(engine, "good", b"good", "set:good")
        noise = (os.urandom(1 << 20) for _ in range(16))
        with pytest.raises(NoSpaceLeft):
            engine.store_stream("big", noise, ["set:big"], nothing, NEVER)
        assert b"".join(engine.open_stream(full_id(engine, "set:good"), "good", NEVER)) == b"good"
        if "append-only" in request.node.name:
            disk.grow(64)  # what only adds frees nothing, not even the half of a stream
        store(engine, "next", b"next", "set:next")
        engine.check(1, 1, NEVER)
