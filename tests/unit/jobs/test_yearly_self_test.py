"""When the yearly self-test is due."""

from datetime import UTC, datetime

import pytest

from socle.jobs.yearly_self_test import FirstSundayOfTheYear


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2027, 1, 3, 4, 0, tzinfo=UTC), datetime(2027, 1, 3, 4, 0, tzinfo=UTC)),
        (datetime(2027, 1, 3, 3, 59, tzinfo=UTC), datetime(2026, 1, 4, 4, 0, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), datetime(2026, 1, 4, 4, 0, tzinfo=UTC)),
        (datetime(2028, 7, 1, tzinfo=UTC), datetime(2028, 1, 2, 4, 0, tzinfo=UTC)),
    ],
)
def test_due_in_the_night_of_januarys_first_sunday(now: datetime, due: datetime) -> None:
    assert FirstSundayOfTheYear().last_due(now) == due
