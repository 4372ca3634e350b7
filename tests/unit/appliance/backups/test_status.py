"""Green is earned: every fact that is missing, old or impossible counts against it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from socle.appliance.backups.engine import RepositoryMissing
from socle.appliance.backups.status import Facts, judge
from socle.foundation.checks import worst

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
GOOD = Facts(
    sealed_at=NOW - timedelta(hours=5), verified_at=NOW - timedelta(hours=5), drilled_at=NOW - timedelta(days=3)
)


def judged(facts: Facts) -> tuple[str, list[str]]:
    found = list(judge(facts, NOW, "disk"))
    assert all(finding.what % finding.details and finding.do % finding.details for finding in found)
    return worst(finding.state for finding in found), [finding.code for finding in found]


def test_three_fresh_facts_are_green() -> None:
    assert judged(GOOD) == ("green", [])


@pytest.mark.parametrize(
    ("changes", "state", "code"),
    [
        ({"sealed_at": None}, "red", "BACKUP-NEVER"),
        ({"sealed_at": NOW - timedelta(hours=26, seconds=1)}, "red", "BACKUP-OVERDUE"),
        ({"sealed_at": NOW + timedelta(days=365)}, "red", "BACKUP-CLOCK"),
        ({"failures": ("BACKUP-NO-SPACE",)}, "amber", "BACKUP-LAST-FAILED"),
        ({"failures": ("BACKUP-NO-SPACE", "BACKUP-NO-SPACE")}, "red", "BACKUP-LAST-FAILED"),
        ({"verified_at": None}, "amber", "BACKUP-NOT-VERIFIED"),
        ({"verified_at": NOW - timedelta(days=2)}, "amber", "BACKUP-VERIFY-OVERDUE"),
        ({"verified_at": NOW + timedelta(days=2)}, "amber", "BACKUP-VERIFY-OVERDUE"),
        ({"verify_failure": "BACKUP-REPOSITORY-DAMAGED"}, "red", "BACKUP-VERIFY-FAILED"),
        ({"drilled_at": None}, "amber", "BACKUP-NOT-DRILLED"),
        ({"drilled_at": NOW - timedelta(days=9)}, "amber", "BACKUP-DRILL-OVERDUE"),
        ({"drilled_at": NOW - timedelta(days=16)}, "red", "BACKUP-DRILL-OVERDUE"),
        ({"drilled_at": NOW + timedelta(days=1)}, "amber", "BACKUP-DRILL-OVERDUE"),
        ({"drill_failure": "BACKUP-DRILL-FAILED"}, "red", "BACKUP-DRILL-FAILED"),
        ({"refusal": RepositoryMissing(repository="/x")}, "red", "BACKUP-REPOSITORY-MISSING"),
    ],
)
def test_each_flaw_is_named_and_never_green(changes: dict[str, object], state: str, code: str) -> None:
    assert judged(replace(GOOD, **changes)) == (state, [code])  # type: ignore[arg-type]


def test_limits_themselves_are_still_good() -> None:
    edge = Facts(
        sealed_at=NOW - timedelta(hours=26), verified_at=NOW - timedelta(hours=26), drilled_at=NOW - timedelta(days=8)
    )
    assert judged(edge) == ("green", [])
