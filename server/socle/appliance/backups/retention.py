"""Which sets may go: whole sealed sets only, by how many days, weeks, months and years have one.

The known attack plants one set dated in the future, so that "the last thirty days" are all older than that one and go.
Here days are counted by the sets that exist, a set from the future stops everything, and some always stay.
"""

from collections.abc import Collection, Hashable, Sequence
from datetime import date, datetime

from socle.appliance.backups.sets import CLOCK_SLACK, StoredSet
from socle.foundation.clock import PARIS
from socle.foundation.errors import N_, SocleError
from socle.foundation.settings import Retention

ALWAYS_KEPT = 3
"""So many of the newest sealed sets are never offered, whatever the rule says."""


class DatedInFuture(SocleError):
    """A set in the repository is younger than this very moment."""

    code = "BACKUP-RETENTION-FUTURE"
    message = N_("The set %(set_id)s is dated in the future (%(made_at)s), so nothing was removed.")
    hint = N_("Check this machine's clock. If it is right, find out who wrote that set before anything is pruned.")
    kind = "conflict"


def removable(
    stored: Sequence[StoredSet], keep: Retention, moment: datetime, held: Collection[str] = ()
) -> list[StoredSet]:
    """Return the sealed sets that the rule lets go, oldest first; DatedInFuture. `held` are ids that always stay."""
    for one in stored:
        if one.made_at > moment + CLOCK_SLACK:
            raise DatedInFuture(set_id=one.set_id, made_at=f"{one.made_at:%Y-%m-%d %H:%M}")
    sealed = sorted((one for one in stored if one.sealed), key=lambda one: one.made_at, reverse=True)
    kept = {one.set_id for one in sealed[:ALWAYS_KEPT]} | set(held)
    for wanted, period in ((keep.days, _day), (keep.weeks, _week), (keep.months, _month), (keep.years, _year)):
        newest_of: dict[Hashable, str] = {}
        for one in sealed:
            newest_of.setdefault(period(one.made_at.astimezone(PARIS).date()), one.set_id)
        kept.update(list(newest_of.values())[:wanted])
    return [one for one in reversed(sealed) if one.set_id not in kept]


def _day(day: date) -> Hashable:
    return day


def _week(day: date) -> Hashable:
    return day.isocalendar()[:2]


def _month(day: date) -> Hashable:
    return day.year, day.month


def _year(day: date) -> Hashable:
    return day.year
