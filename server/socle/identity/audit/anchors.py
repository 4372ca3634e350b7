"""Heads of the trail kept outside the database, so that even its newest entries cannot be cut off unseen."""

import hmac
from collections.abc import Mapping
from pathlib import Path

import msgspec
from sqlalchemy.orm import Session

from socle.foundation.database import now
from socle.foundation.secrets import Keys
from socle.identity.audit import trail

FILE_NAME = "audit-anchors.jsonl"


def write(session: Session, folder: Path, keys: Keys) -> None:
    """Append today's heads, with a keyed proof, to the anchors' file in `folder`."""
    content = {
        "at": now(session).isoformat(),
        "heads": {str(lane): head for lane, head in trail.heads(session).items()},
    }
    with (folder / FILE_NAME).open("ab") as file:
        file.write(msgspec.json.encode({**content, "proof": _proof(content, keys)}) + b"\n")


def read(folder: Path, keys: Keys) -> dict[int, tuple[int, str]]:
    """Return the newest anchor whose proof holds; nothing when there is none."""
    path = folder / FILE_NAME
    lines = path.read_bytes().splitlines() if path.exists() else []
    for line in reversed(lines):
        try:
            kept = msgspec.json.decode(line)
            content = {"at": kept["at"], "heads": kept["heads"]}
        except (msgspec.DecodeError, KeyError, TypeError):
            continue
        if hmac.compare_digest(str(kept.get("proof")), _proof(content, keys)):
            return {int(lane): (head[0], head[1]) for lane, head in content["heads"].items()}
    return {}


def _proof(content: Mapping[str, object], keys: Keys) -> str:
    return hmac.digest(keys.read("audit"), b"anchor" + msgspec.json.encode(content, order="sorted"), "sha256").hex()
