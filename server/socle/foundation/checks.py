"""The shape of a health finding: what is wrong, why it matters, what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["green", "amber", "red"]
_ORDER: dict[State, int] = {"green": 0, "amber": 1, "red": 2}


@dataclass(frozen=True)
class Finding:
    """One checked fact. `what`, `why` and `do` are English msgids whose places are filled from `details`."""

    code: str
    state: State
    what: str
    why: str = ""
    do: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


def worst(states: Iterable[State]) -> State:
    """Return the worst of several states; green when there are none."""
    return max(states, key=_ORDER.__getitem__, default="green")
