"""Taking away what dead or failed runs left in a repository, as far as this machine may."""

from collections.abc import Sequence
from typing import Protocol

from socle.appliance.backups.engine import DeletionRefused, Engine
from socle.appliance.backups.sets import StoredSet


class Steps(Protocol):
    """Hears what is done."""

    def step(self, name: str, text: str = "") -> None:
        """Note a step."""
        ...


def forget_unsealed(engine: Engine, known: Sequence[StoredSet], steps: Steps) -> int:
    """Forget the sets without a seal and return how many (we hold the target's lock: no run of ours is alive there).

    Where this machine may only add, they stay: without a seal they count for nothing.
    """
    unsealed = [one for one in known if not one.sealed]
    try:
        engine.forget([snapshot for one in unsealed for snapshot in one.parts.values()])
    except DeletionRefused as refused:
        steps.step("open", refused.code)
        return 0
    return len(unsealed)
