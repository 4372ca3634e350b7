"""The agent starts by itself: what each system is told, and what Linux finds on its disk."""

import configparser
import plistlib
from pathlib import Path

import pytest

from socle_station import __main__ as command_line
from socle_station import autostart

WORDS = ["/opt/a b/python", "-m", "socle_station", "--folder", '/home/p/100 % "x"', "run"]


def test_linux_starts_it_from_a_desktop_entry_and_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    autostart.switch_on(tmp_path / "station", tmp_path, "linux")
    file = tmp_path / ".config" / "autostart" / "socle-station.desktop"
    entry = configparser.RawConfigParser(strict=True)
    entry.read(file, encoding="utf-8")
    run = entry["Desktop Entry"]["Exec"]
    assert run.endswith(f'"--folder" "{tmp_path / "station"}" "run"')
    autostart.switch_off(tmp_path, "linux")
    autostart.switch_off(tmp_path, "linux")
    assert not file.exists()


def test_a_desktop_entry_quotes_what_it_has_to() -> None:
    assert b'"/opt/a b/python" "-m"' in autostart.content(WORDS, "linux")
    assert rb'"/home/p/100 %% \\"x\\""' in autostart.content(WORDS, "linux")


def test_macos_has_a_launch_agent_and_windows_a_value_of_its_run_key(tmp_path: Path) -> None:
    assert autostart.place(tmp_path, "darwin").parent == tmp_path / "Library" / "LaunchAgents"
    agent = plistlib.loads(autostart.content(WORDS, "darwin"))
    assert (agent["ProgramArguments"], agent["RunAtLoad"]) == (WORDS, True)
    assert autostart.registry_command(WORDS)[:3] == ["reg", "add", autostart.RUN_KEY]
    assert '"/opt/a b/python" -m socle_station' in " ".join(autostart.registry_command(WORDS))
    assert autostart.registry_command(None)[1] == "delete"


def test_the_command_line_switches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    words = ["--folder", str(tmp_path / "station"), "--language", "en", "autostart"]
    assert command_line.main([*words, "on"]) == 2  # no workstation yet
    assert "STATION-NOT-ENROLLED" in capsys.readouterr().err
    autostart.switch_on(tmp_path / "station", tmp_path, "linux")
    assert command_line.main([*words, "off"]) == 0
    assert not autostart.place(tmp_path, "linux").exists()
