"""The lock of a machine that died, in a borg repository on a disk: when nobody alive can hold it any more.

Borg removes the locks of dead processes of the same machine itself, and never looks at another machine's: a disk that
was plugged into a burnt machine would stay locked for ever. No backup of ours lives longer than 12 hours (the executor
ends it), so a lock older than 13 is nobody's, unless a borg of this very machine holds it (somebody looks around in a
mounted repository). The age is taken by the disk's own clock: ours may be wrong.

Over SSH the server's own `borg serve` holds the lock; it ends with the connection, and borg sees when it is dead.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

DEAD_AFTER_SECONDS = 13 * 3600.0


def is_dead(folder: Path) -> bool:
    """Tell whether the repository's locks are surely those of the dead."""
    locks = [path for path in (folder / "lock.exclusive", folder / "lock.roster") if path.exists()]
    if not locks:
        return False
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="socle-clock-") as file:
            now = Path(file.name).stat().st_mtime
        age = min(now - path.stat().st_mtime for path in locks)
    except OSError:
        return False
    return age > DEAD_AFTER_SECONDS and not any(_is_borg(number) for number in _holders(folder))


def _holders(folder: Path) -> Iterator[int]:
    """Yield the process numbers that the locks name: files "host.PID-thread", and the roster's lists."""
    names = [path.name for path in (folder / "lock.exclusive").glob("*")]
    for name in names:
        number = name.rpartition(".")[2].partition("-")[0]
        if number.isdigit():
            yield int(number)
    try:
        roster = json.loads((folder / "lock.roster").read_text())
    except (OSError, ValueError):
        return
    for holders in roster.values():
        for _host, number, _thread in holders:
            yield int(number)


def _is_borg(number: int) -> bool:
    """Tell whether that process lives here and is a borg."""
    try:
        words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(word.rpartition(b"/")[2] == b"borg" for word in words[:3])
