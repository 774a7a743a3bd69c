"""A course's runs side by side: the same figures of each, so that one can compare."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from milepost.dashboards.queries.lists.offerings import OfferingListed
from milepost.dashboards.queries.offerings.course_runs import CourseRuns
from milepost.pages.locales import Locale


class Bar(NamedTuple):
    """`value` in percent; `note`: its denominator in words."""

    label: str
    value: float
    note: str
    href: str


def bars(page: CourseRuns, locale: Locale) -> list[Bar]:
    """The completion rate of each run in which anybody is enrolled."""
    return [
        Bar(
            one.offering,
            round(100 * rate, 1),
            locale.text("of_enrolled", count=locale.number(one.enrolled)),
            f"/office/offerings/{quote(one.offering, safe='')}",
        )
        for one in page.runs
        if (rate := one.completed_of_enrolled) is not None
    ]


def finding(runs: Sequence[OfferingListed], locale: Locale) -> str:
    """What the bars show, in a sentence."""
    rates = [rate for one in runs if (rate := one.completed_of_enrolled) is not None]
    if not rates:
        return locale.text("runs.finding.none")
    least, most = locale.percent(min(rates)), locale.percent(max(rates))
    if least == most:
        return locale.text("runs.finding.one", most=most)
    return locale.text("runs.finding", least=least, most=most)
