"""The settings file: what it says is taken, and what it says wrongly is named."""

from pathlib import Path

import pytest

from socle.foundation.settings import Settings, SettingsWrong, load


def _wrong(tmp_path: Path, text: str) -> dict[str, object]:
    file = tmp_path / "socle.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsWrong) as caught:
        load(file)
    assert caught.value.details["file"] == file
    return caught.value.details


def test_without_a_file_all_is_default(tmp_path: Path) -> None:
    assert load(tmp_path / "socle.toml") == Settings()


def test_one_line_chooses_postgresql(tmp_path: Path) -> None:
    file = tmp_path / "socle.toml"
    file.write_text('database.url = "postgresql:///socle"')
    assert load(file).database.url == "postgresql:///socle"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[web]\nstaf_port = 1", "web.staf_port"),
        ("[sesions]\nidle_minutes = 5", "sesions"),
        ('[web]\nstaff_port = "8443"', "web.staff_port"),
        ('[[backup.targets]]\nname = "usb"\nrepository = "/mnt"\nspeed = 3', "backup.targets[0].speed"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, text: str, key: str) -> None:
    assert _wrong(tmp_path, text)["key"] == key


@pytest.mark.parametrize(
    ("text", "reason"), [("this is = = not toml", "line 1, column 6"), ("[web", "end of document")]
)
def test_a_file_that_is_no_toml_is_refused_with_the_place(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in str(_wrong(tmp_path, text)["reason"])
