"""Nights that go wrong, with both engines: killed at any moment, a full disk. The next one is good."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.parts import small_disk
from tests.parts.server import Server

from socle import wiring
from socle.appliance.backups import plan, sets
from socle.appliance.backups.runs import Backups
from socle.practice.documents.storage import Storage

pytestmark = [pytest.mark.slow, pytest.mark.real]
KILLS = 13
"""For each engine: 26 in all."""


def practice(folder: Path, engine: str, repository: Path | None = None) -> Server:
    """A small practice with one target of that engine, its repository made."""
    address = repository or folder / "disk" / engine
    server = Server(folder, f'[[backup.targets]]\nname = "disque"\nengine = "{engine}"\nrepository = "{address}"\n')
    server.write_settings()
    server.run("bench", "data", "--patients", "400", "--appointments", "2000")
    storage = Storage(server.home.documents_path, server.home.keys.read("documents"))
    for _ in range(60):
        storage.keep(BytesIO(os.urandom(50_000)))
    server.run("backup", "init")
    return server


def codes(server: Server) -> set[str]:
    """Return the codes of what is wrong with the backups."""
    return {reason["code"] for reason in server.run_json("backup", "status")["reasons"]}


def sealed(server: Server) -> list[dict[str, Any]]:
    """Return the sealed sets that the repository has."""
    return [one for one in server.run_json("backup", "list") if one["sealed"]]


class Run:
    """`socle backup run` as a process that can be killed."""

    def __init__(self, server: Server) -> None:
        place = ["--home", str(server.folder), "--keys", str(server.keys_folder)]
        self.words = [sys.executable, "-m", "socle", *place, "backup", "run"]

    def killed_after(self, seconds: float, *, everything: bool) -> None:
        """Start it and kill it; its engine too, or only itself, so that the engine sees its source end."""
        with subprocess.Popen(self.words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(seconds)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            below = [int(word) for word in children.read_text().split()] if children.exists() else []
            process.send_signal(signal.SIGKILL)
            for number in below if everything else ():
                try:
                    os.kill(number, signal.SIGKILL)
                except ProcessLookupError:
                    continue


@pytest.mark.parametrize("engine", ["restic", "borg"])
def test_killed_at_any_moment_no_half_set_counts_and_the_next_night_is_good(tmp_path: Path, engine: str) -> None:
    server, moments = practice(tmp_path, engine), random.Random(20261123)
    began = time.monotonic()
    server.run("backup", "run")
    lasts = time.monotonic() - began
    for turn in range(KILLS):
        Run(server).killed_after(moments.uniform(0.3, lasts), everything=turn % 2 == 0)
        if turn % 4 == 0:
            assert codes(server) >= {"BACKUP-NOT-VERIFIED"}
    server.run("backup", "run")
    server.run("backup", "verify")
    server.run("backup", "drill")
    backups = wiring.toolbox(server.home).of(Backups)
    opened = backups.engine(plan.targets(backups.sources.settings, server.home)[0])
    for one in sets.stored_sets(opened.snapshots()):
        assert one.sealed, "a leftover was not tidied away"
        assert len(sets.read_manifest(opened, one, threading.Event()).documents) == 60
    assert codes(server) == {"RECOVERY-KIT-DUE"}


@pytest.mark.parametrize(("engine", "megabytes"), [("restic", 64), ("borg", 1200)])  # borg wants room for a segment
def test_a_full_target_is_said_and_works_again_with_room(tmp_path: Path, engine: str, megabytes: int) -> None:
    with small_disk.mounted(tmp_path / "small", megabytes) as disk:
        server = practice(tmp_path, engine, disk.folder / "kept")
        server.run("backup", "run")
        storage = Storage(server.home.documents_path, server.home.keys.read("documents"))
        for _ in range(40):
            storage.keep(BytesIO(os.urandom(1_000_000)))
        disk.fill(leave=36_000_000)  # room enough to begin, not to end
        failed = server.run_json("backup", "run")["targets"][0]
        assert failed["code"] == "BACKUP-NO-SPACE", failed
        assert "BACKUP-LAST-FAILED" in codes(server)
        disk.free()
        disk.grow(megabytes + 100)
        server.run("backup", "run")
        server.run("backup", "verify")
        assert "BACKUP-LAST-FAILED" not in codes(server)


def test_a_full_source_disk_fails_aloud_and_the_next_night_is_good(tmp_path: Path) -> None:
    with small_disk.mounted(tmp_path / "data", 96) as disk:
        server = practice(disk.folder, "restic", tmp_path / "other" / "restic")
        server.run("backup", "run")
        disk.fill()
        done = server.run("backup", "run", check=False)
        assert done.returncode != 0
        assert "Traceback" not in done.stdout + done.stderr
        disk.free()
        server.run("backup", "run")
        server.run("backup", "verify")
        assert len(sealed(server)) >= 2
