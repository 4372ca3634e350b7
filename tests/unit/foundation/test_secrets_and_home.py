"""Keys lie outside the home, readable by their owner alone, and are never overwritten."""

import stat
from pathlib import Path

import pytest

from socle.foundation import home as homes
from socle.foundation.secrets import RAW_KEYS, KeyExists, KeyMissing, Keys, default_folder


def test_a_new_home_has_its_keys_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    home = homes.create(tmp_path / "home")
    assert home.keys.folder == tmp_path / "configuration" / "socle" / home.identity()
    assert set(RAW_KEYS) <= set(home.keys.names())
    secrets = [home.keys.read(name) for name in home.keys.names()]
    kept = b"".join(path.read_bytes() for path in home.folder.rglob("*") if path.is_file())
    assert not any(secret in kept for secret in secrets)


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    keys.create_missing()
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE((keys.folder / name).stat().st_mode) for name in keys.names()} == {0o600}


def test_making_a_home_twice_keeps_every_key(tmp_path: Path) -> None:
    first = homes.create(tmp_path / "home", tmp_path / "keys")
    before = {name: first.keys.read(name) for name in first.keys.names()}
    second = homes.create(tmp_path / "home", tmp_path / "keys")
    assert {name: second.keys.read(name) for name in second.keys.names()} == before
    assert first.identity() == second.identity()


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    keys.write("database", b"first")
    with pytest.raises(KeyExists):
        keys.write("database", b"second")
    assert keys.read("database") == b"first"


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing) as caught:
        Keys(tmp_path).read("audit")
    assert caught.value.details["name"] == "audit"


def test_on_the_appliance_systemd_hands_the_keys_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert default_folder("any") == tmp_path


def test_a_folder_that_is_no_home_is_refused(tmp_path: Path) -> None:
    with pytest.raises(homes.HomeMissing):
        homes.find(tmp_path)


def test_a_home_that_cannot_be_made_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(homes.HomeNotWritable):
        homes.create(tmp_path / "file" / "home", tmp_path / "keys")
