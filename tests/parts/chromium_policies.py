"""A Chromium under policies of its own: it alone sees another /etc/chromium, in its own mount namespace."""

import json
import subprocess
from pathlib import Path

from tests.parts import required

_SEEN_AS = Path("/etc/chromium")
_MOUNTED = ["unshare", "--map-root-user", "--mount", "sh", "-c"]


def launcher(folder: Path, rules: bytes) -> str:
    """Write a program that starts the machine's Chromium under these rules, and return its path."""
    chromium = required.program("chromium", "chromium")
    required.program("unshare", "util-linux")
    tried = subprocess.run([*_MOUNTED, "exit 0"], capture_output=True, check=False)
    if tried.returncode != 0 or not _SEEN_AS.is_dir():
        required.absent("the right to mount a folder over Chromium's own", "user namespaces")
    json.loads(rules)
    managed = folder / "policies/managed"
    managed.mkdir(parents=True, exist_ok=True)
    (managed / "practice.json").write_bytes(rules)
    program = folder / "chromium"
    inside = f'mount --bind "{folder}" {_SEEN_AS} && exec {chromium} "$@"'
    program.write_text(f"#!/bin/sh\nexec {' '.join(_MOUNTED)} '{inside}' chromium \"$@\"\n")
    program.chmod(0o755)
    return str(program)
