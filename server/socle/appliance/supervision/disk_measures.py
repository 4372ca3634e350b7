"""How full the disk of the home folder is and how large the database: one measure a day, kept for a year."""

import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from statistics import linear_regression

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from socle.appliance.supervision.models import DiskMeasure
from socle.foundation.clock import PARIS
from socle.foundation.database import now

DAYS_KEPT = 366
FEWEST_FOR_A_TREND = 14
"""Days below which a trend is noise."""

FARTHEST_TREND = 3 * 366
"""Days ahead beyond which nobody acts on a trend."""


def take(session: Session, folder: Path) -> None:
    """Note today's measure in place of an earlier one of the day, and forget what is older than a year."""
    today = now(session).astimezone(PARIS).date()
    usage = shutil.disk_usage(folder)
    values = {
        "day": today,
        "used_bytes": usage.total - usage.free,  # what is kept for the system alone is as good as used
        "total_bytes": usage.total,
        "database_bytes": _database_bytes(session),
    }
    oldest = today - timedelta(days=DAYS_KEPT)
    session.execute(delete(DiskMeasure).where((DiskMeasure.day == today) | (DiskMeasure.day < oldest)))
    session.execute(insert(DiskMeasure).values(values))


def _database_bytes(session: Session) -> int:
    if session.get_bind().dialect.name == "postgresql":
        size: int = session.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        return size
    pages: int = session.execute(text("PRAGMA page_count")).scalar_one()
    each: int = session.execute(text("PRAGMA page_size")).scalar_one()
    return pages * each


def history(session: Session) -> list[DiskMeasure]:
    """Return the measures of the past year, oldest first."""
    return list(session.scalars(select(DiskMeasure).order_by(DiskMeasure.day).limit(DAYS_KEPT + 1)))


def days_until_full(measures: Sequence[DiskMeasure]) -> int | None:
    """Return in how many days the disk is full if it goes on as measured (a straight line through all the days).

    None when it does not grow, when the measures are too few to tell, or when that day is years away.
    """
    if len(measures) < FEWEST_FOR_A_TREND:
        return None
    days = [(one.day - measures[0].day).days for one in measures]
    a_day = linear_regression(days, [one.used_bytes for one in measures]).slope
    last = measures[-1]
    left = (last.total_bytes - last.used_bytes) / a_day if a_day > 0 else FARTHEST_TREND
    return int(left) if left < FARTHEST_TREND else None
