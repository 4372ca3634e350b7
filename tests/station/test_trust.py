"""A browser trusts the practice's server once its workstation is enrolled, and not before: certutil and Chromium."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.conftest import AUDIT_KEY
from tests.parts import chromium, door, required
from tests.parts.station import Agent

from socle.appliance.maintenance import authority
from socle.foundation.clock import SystemClock
from socle.foundation.database import Database
from socle.foundation.secrets import Keys
from socle.identity.actor import machine
from socle.identity.sessions import workstations
from socle.web.apps import staff_app

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.parametrize("engine", ["sqlcipher"], indirect=True)]
NOT_TRUSTED = "ERR_CERT_AUTHORITY_INVALID"


def opened(address: str, home: Path, profile: Path) -> str:
    """Open the practice's address in a Chromium of its own, as strict as a person's; return what it shows and says."""
    program = required.program("chromium", "chromium")
    words = [
        program,
        *chromium.FLAGS,
        "--headless=new",
        "--accept-lang=fr",
        f"--user-data-dir={profile}",
        "--dump-dom",
        f"{address}/",
    ]
    environment = {**os.environ, "HOME": str(home)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


def listed(store: Path) -> str:
    words = [required.program("certutil", "libnss3-tools"), "-d", f"sql:{store}", "-L"]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.mark.parametrize("newer_store", [False, True], ids=["older place", "both places"])
def test_the_browser_trusts_the_server_once_the_workstation_is_enrolled(
    engine: Engine, tmp_path: Path, *, newer_store: bool
) -> None:
    required.program("certutil", "libnss3-tools")
    database = Database(engine, SystemClock(), {"audit_key": AUDIT_KEY})
    tools = door.tools(database, SystemClock(), tmp_path)
    home, agent = tmp_path / "person", Agent(tmp_path / "station")
    newer = home / ".local/share/pki/nssdb"
    (newer if newer_store else home).mkdir(parents=True)
    agent.environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    with door.served(staff_app(tools), tools.of(Keys)) as address:
        assert NOT_TRUSTED in opened(address, home, tmp_path / "before")
        with database.writing() as session:
            _station, code = workstations.add(session, machine("test"), "Salle 2")
        fingerprint = authority.shown_fingerprint(tools.of(Keys))
        done = agent.command("enrol", address, "--code", code, "--fingerprint", fingerprint)
        assert done.returncode == 0, done.stderr
        assert "Les navigateurs font confiance au serveur" in done.stdout
        starting = home / ".config/autostart/socle-station.desktop"
        assert f'"{agent.folder}" "run"' in starting.read_text(encoding="utf-8")
        assert agent.command("autostart", "off").returncode == 0
        assert not starting.exists()
        shown = opened(address, home, tmp_path / "after")
        assert NOT_TRUSTED not in shown
        assert "Se connecter" in shown
        assert "Socle" in listed(newer if newer_store else home / ".pki/nssdb")
        assert "Socle" in listed(agent.folder / "browser")
        again = agent.command("trust")  # whoever does it twice has it once
        assert again.returncode == 0, again.stderr
        assert listed(home / ".pki/nssdb").count("Socle") == 1


def test_without_certutil_the_workstation_is_enrolled_and_told_what_to_run(engine: Engine, tmp_path: Path) -> None:
    database = Database(engine, SystemClock(), {"audit_key": AUDIT_KEY})
    tools = door.tools(database, SystemClock(), tmp_path)
    home, agent, programs = tmp_path / "person", Agent(tmp_path / "station"), tmp_path / "programs"
    home.mkdir()
    programs.mkdir()
    agent.environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "PATH": str(programs),
    }
    with door.served(staff_app(tools), tools.of(Keys)) as address:
        with database.writing() as session:
            _station, code = workstations.add(session, machine("test"), "Salle 2")
        words = ("--code", code, "--fingerprint", authority.shown_fingerprint(tools.of(Keys)))
        done = agent.command("enrol", address, *words)
        assert done.returncode == 2
        assert "[TRUST-TOOL-MISSING]" in done.stderr
        assert f"-i {agent.folder}/authority.pem" in done.stderr
        (programs / "certutil").symlink_to(shutil.which("false") or "/bin/false")
        failed = agent.command("trust")
        assert "[TRUST-REFUSED]" in failed.stderr
