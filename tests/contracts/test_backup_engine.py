"""What every backup engine must do, on the real program; one more engine is one more line in ENGINES."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.parts import restic

from socle.appliance.backups.engine import (
    Access,
    BackupCancelled,
    Engine,
    NoSpaceLeft,
    RepositoryDamaged,
    RepositoryExists,
    RepositoryLocked,
    RepositoryMissing,
    SnapshotMissing,
    SourceUnreadable,
    WrongPassword,
)
from socle.appliance.backups.engines.restic import Restic

pytestmark = pytest.mark.real
NEVER = threading.Event()
Open = Callable[[Path, Path], Engine]
NOISE = bytes(range(256)) * 5000


def _restic(repository: Path, password: Path) -> Engine:
    return Restic(str(repository), Access(password), restic.program())


ENGINES = [pytest.param(_restic, id="restic")]


def nothing(_done: int, _total: int | None) -> None:
    """Hear no progress."""


@pytest.fixture(scope="module", params=ENGINES)
def opener(request: pytest.FixtureRequest) -> Open:
    """Opens a repository with a password file."""
    opened: Open = request.param
    return opened


@pytest.fixture(scope="module")
def password(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A password file."""
    file = tmp_path_factory.mktemp("password") / "password"
    file.write_text("vélo nuage tigre")
    return file


@pytest.fixture(scope="module")
def engine(opener: Open, password: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A repository that the tests of this file share: making one costs a key derivation."""
    opened = opener(tmp_path_factory.mktemp("shared") / "repository", password)
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


def test_forgetting_takes_away_that_snapshot_only(engine: Engine) -> None:
    store(engine, "one", b"1", "set:6")
    store(engine, "two", b"2", "set:7")
    gone = full_id(engine, "set:6")
    engine.forget([gone])
    assert full_id(engine, "set:7")
    assert gone not in {one.id for one in engine.snapshots()}
    with pytest.raises(SnapshotMissing):
        list(engine.open_stream(gone, "one", NEVER))
    with pytest.raises(SnapshotMissing):
        list(engine.open_stream(full_id(engine, "set:7"), "one", NEVER))


def test_another_password_and_no_repository_are_told_apart(
    engine: Engine, opener: Open, password: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text("wrong")
    stranger = opener(Path(engine.repository), other)
    for refused in (stranger.identity, stranger.snapshots, lambda: store(stranger, "x", b"x")):
        with pytest.raises(WrongPassword):
            refused()
    nowhere = opener(tmp_path / "nowhere", password)
    assert not nowhere.seems_present()
    for missing in (nowhere.identity, nowhere.snapshots, lambda: store(nowhere, "x", b"x")):
        with pytest.raises(RepositoryMissing):
            missing()
    with pytest.raises(RepositoryExists):
        engine.create()


@contextmanager
def somebody_working(engine: Engine, password: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Hold the repository's lock by a real backup that waits for its stdin."""
    process = subprocess.Popen(
        [restic.program(), "--no-cache", "backup", "--stdin", "--stdin-filename", "slow"],
        env={**os.environ, "RESTIC_REPOSITORY": engine.repository, "RESTIC_PASSWORD_FILE": str(password)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        locks, deadline = Path(engine.repository) / "locks", time.monotonic() + 60
        while not any(locks.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_living_lock_is_respected_and_a_dead_one_is_no_obstacle(engine: Engine, password: Path) -> None:
    with somebody_working(engine, password) as process:
        with pytest.raises(RepositoryLocked):
            engine.check(1, 30, NEVER)
        process.kill()
        process.wait()
        engine.check(1, 30, NEVER)


def test_a_flipped_byte_is_found(engine: Engine, opener: Open, password: Path, tmp_path: Path) -> None:
    store(engine, "precious", NOISE[::-1], "set:8")
    copy = tmp_path / "copy"
    shutil.copytree(engine.repository, copy)
    files = [path for path in (copy / "data").rglob("*") if path.is_file()]
    flip(max(files, key=lambda path: path.stat().st_size))
    with pytest.raises(RepositoryDamaged):
        opener(copy, password).check(1, 1, NEVER)


def flip(path: Path) -> None:
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_full_disk_is_named_and_what_was_there_stays_good(opener: Open, password: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(small)], check=True)
    try:
        engine = opener(small / "repository", password)
        engine.create()
        store(engine, "good", b"good", "set:good")
        noise = (os.urandom(1 << 20) for _ in range(16))
        with pytest.raises(NoSpaceLeft):
            engine.store_stream("big", noise, ["set:big"], nothing, NEVER)
        assert b"".join(engine.open_stream(full_id(engine, "set:good"), "good", NEVER)) == b"good"
    finally:
        subprocess.run(["umount", str(small)], check=True)
