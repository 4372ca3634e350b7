"""A copy of each target's last seal at home, so that the next night need not fetch it. It holds hashes, no patient."""

from pathlib import Path

from socle.appliance.backups import seal
from socle.appliance.backups.seal import Manifest, SealBroken
from socle.foundation.home import Home


def keep(home: Home, target: str, manifest: Manifest) -> None:
    """Keep a set's seal as the last one of its target, whole or not at all."""
    file = _file(home, target)
    part = file.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_bytes(seal.close(manifest))
    part.replace(file)


def of(home: Home, target: str, set_id: str) -> Manifest | None:
    """Return the kept seal if it is that very set's; a broken or missing one is fetched from the repository anyway."""
    try:
        manifest = seal.open_seal(_file(home, target).read_bytes())
    except (OSError, SealBroken):
        return None
    return manifest if manifest.set_id == set_id else None


def _file(home: Home, target: str) -> Path:
    return home.folder / "backups" / f".{target}.seal"
