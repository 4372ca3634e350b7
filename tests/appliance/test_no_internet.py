"""The Internet is cut: what a practice does in its own walls goes on, seen where there is no network but loopback."""

import fcntl
import os
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from tests.parts import required

pytestmark = [pytest.mark.real, pytest.mark.slow]
TOP = Path(__file__).parents[2]
SECONDS = 600
CARE = (
    "tests/web/test_sign_in.py",
    "tests/web/test_second_factor.py",
    "tests/web/test_passkeys.py",
    "tests/web/test_card_sign_in.py",
    "tests/web/test_pro_sante_connect.py",
    "tests/database/test_patients_registry.py",
    "tests/database/test_agenda.py",
    "tests/database/test_backups.py::test_restored_the_practice_is_the_same_to_the_last_row",
)
"""Every way in, Pro Santé Connect that does not answer, patients, the agenda, and a backup to a disk on the spot."""


def test_care_goes_on_without_the_internet(tmp_path: Path) -> None:
    required.program("unshare", "util-linux")
    module = "tests.appliance.test_no_internet"
    cut_off = ["unshare", "--map-root-user", "--net", sys.executable, "-m", module, str(tmp_path / "inside")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        cut_off,
        cwd=TOP,
        env=kept,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 100


def _run_cut_off(folder: str) -> int:
    with socket.socket() as any_socket:  # the namespace's own loopback is down at first
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))
    assert [name for _number, name in socket.if_nameindex()] == ["lo"]
    with pytest.raises(OSError, match="unreachable"):
        socket.create_connection(("192.0.2.1", 443), 5)
    return int(pytest.main(["-q", "-p", "no:cacheprovider", f"--basetemp={folder}", "-k", "not postgresql", *CARE]))


if __name__ == "__main__":
    sys.exit(_run_cut_off(sys.argv[1]))
