"""How many learners did anything on each day, as a line: days without anything are on it, too."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from milepost.dashboards.queries.offerings.days import DayFigures
from milepost.pages.locales import Locale

# A year and a day: what is before is in the export.
DAYS: Final = 366


class Activity(NamedTuple):
    """`labels` are days, in the reader's words; `active` learners on each."""

    labels: Sequence[str]
    active: Sequence[int]


def activity_of(days: Sequence[DayFigures], locale: Locale) -> Activity | None:
    """From the first day on which anything was done to the last; None: nothing was."""
    active = {one.day: one.active for one in days if one.active}
    if not active:
        return None
    last = max(active)
    first = max(min(active), last - timedelta(days=DAYS - 1))
    shown = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return Activity(
        [locale.day(day) for day in shown],
        [active.get(day, 0) for day in shown],
    )
