"""What is kept offsite is decided with another credential: the practice's own cannot delete there, and says so."""

import json
from pathlib import Path

import pytest
from tests.parts.rest_server import NAME, RestServer
from tests.parts.server import Server

from socle.foundation.secrets import target_secret

pytestmark = [pytest.mark.slow, pytest.mark.real]


def supervised(folder: Path, beside: RestServer) -> RestServer:
    """A second server of the same folder with a password of its own, which may delete: its owner starts it by hand."""
    server = RestServer(folder, append_only=False)
    server.data.parent.rmdir()
    (folder / "data").symlink_to(beside.folder / "data")
    server._pair = beside._pair
    return server


def test_only_the_other_credential_removes_and_only_whole_old_sets(tmp_path: Path) -> None:
    with RestServer(tmp_path / "rest") as adding, supervised(tmp_path / "owner", adding) as deleting:
        target = (
            f'[[backup.targets]]\nname = "maison"\nrepository = "{adding.address}cabinet"\nusername = "{NAME}"\n'
            f'certificate_file = "{adding.certificate_file}"\noffsite = true\nappend_only = true\n'
            "keep = { days = 1, weeks = 0, months = 0, years = 0 }\n"
        )
        server = Server(tmp_path / "practice", target)
        server.write_settings()
        server.run("bench", "data", "--patients", "200", "--appointments", "100")
        server.home.keys.write(target_secret("maison"), adding.password.encode())
        server.run("backup", "init")
        for _ in range(5):
            server.run("backup", "run")
        sets = [one["set_id"] for one in server.run_json("backup", "list")]
        refused = server.run("backup", "prune", "--target", "maison", "--yes", check=False)
        assert "BACKUP-DELETION-REFUSED" in refused.stderr
        assert [one["set_id"] for one in server.run_json("backup", "list")] == sets

        secret = tmp_path / "secret"
        secret.write_text(deleting.password)
        words = ("backup", "prune", "--target", "maison", "--repository", f"{deleting.address}cabinet")
        shown = json.loads(server.run(*words, "--secret-file", str(secret), "--json").stdout)
        assert (len(shown["sets"]), shown["kept"], shown["removed"]) == (2, 3, False)
        assert len(server.run_json("backup", "list")) == 5
        server.run(*words, "--secret-file", str(secret), "--yes")
        assert [one["set_id"] for one in server.run_json("backup", "list")] == sets[:3]
        server.run("backup", "verify")
        assert deleting.password not in "".join(
            path.read_text(errors="replace") for path in (tmp_path / "practice").rglob("*") if path.is_file()
        )
