"""What a drill found, as it is written down and signed."""

import msgspec

FORMAT = 1
DRILL, SELF_TEST, RECOVERY = "drill", "self-test", "recovery"


class Check(msgspec.Struct, frozen=True):
    """One thing the drill proved, or not: how much of it there was, and the error's code."""

    name: str
    passed: bool
    seconds: float
    count: int = 0
    code: str = ""
    what: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a drill found. Times are UTC, ISO 8601; `seconds` is the whole time it took to have everything back.

    `versions`: the programs of today; `sealed_with`: those that made the set. `kind`: DRILL; RECOVERY, when it was
    not an exercise; SELF_TEST, in which a check passes when the drill refused a copy that was damaged on purpose.
    """

    target: str
    repository: str
    practice: str
    home: str
    set_id: str
    sealed_at: str
    drilled_at: str
    passed: bool
    seconds: float
    engine: str
    checks: list[Check]
    database: str = ""
    revision: str = ""
    rows: int = 0
    documents: int = 0
    versions: dict[str, str] = {}
    sealed_with: dict[str, str] = {}
    kind: str = DRILL
    format: int = FORMAT
