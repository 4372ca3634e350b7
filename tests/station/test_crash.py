"""An agent whose own thread fails: its window ends with a message, and whoever started it can tell."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.parts import required, virtual_screen

pytestmark = [pytest.mark.real, pytest.mark.slow]
SECONDS = 120


def test_a_crash_ends_the_window_with_a_message_and_an_exit_code(tmp_path: Path) -> None:
    if importlib.util.find_spec("tkinter") is None:
        required.absent("Python's tkinter", "python3-tk")
    folder = tmp_path / "station"
    folder.mkdir()
    said = {"server": "https://localhost:9", "number": 1, "name": "Salle 2", "practice": "Essai", "fingerprint": "0"}
    (folder / "station.json").write_text(json.dumps(said), encoding="utf-8")
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(key)
    (folder / "authority.pem").write_text("a disk wrote nonsense here", encoding="ascii")
    words = [sys.executable, "-m", "socle_station", "--folder", str(folder), "--language", "fr", "run"]
    with (
        virtual_screen.running(tmp_path) as screen,
        subprocess.Popen(words, env=screen.environment, stderr=subprocess.PIPE, text=True) as agent,
    ):
        try:
            message = screen.wait_for("^Socle : arrêt$")
            screen.press(message, "Return")
            _out, told = agent.communicate(timeout=SECONDS)
        finally:
            agent.kill()
    assert agent.returncode == 1
    assert "L’agent s’est arrêté sur une erreur (SSLError)" in told
