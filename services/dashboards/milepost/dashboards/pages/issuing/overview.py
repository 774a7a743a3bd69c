"""What the overview says of an issuer's figures: titles that name the finding. Pure."""

from datetime import date, timedelta
from urllib.parse import urlencode

import msgspec

from milepost.dashboards.queries.issuing.issuers import IssuedAchievement, IssuedWeek, IssuerFigures
from milepost.pages.charts import Line
from milepost.pages.locales import Locale

MOST_BARS = 10


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    value: int
    note: str
    href: str


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """`weeks` are labels of `lines`; titles are sentences. `ending`: by week, the next 13."""

    weeks_title: str
    weeks: list[str]
    lines: list[Line]
    achievements_title: str
    achievements: list[Bar]
    ending_title: str
    ending: list[Bar]


def overview_of(figures: IssuerFigures, locale: Locale) -> Overview:
    ending = _ending_by_week(figures)
    return Overview(
        weeks_title=_weeks_title(figures.weeks, locale),
        weeks=[locale.day(one.week) for one in figures.weeks],
        lines=[
            Line(locale.text("weeks.awarded"), [one.awarded for one in figures.weeks]),
            Line(locale.text("weeks.expired"), [one.expired for one in figures.weeks]),
            Line(locale.text("weeks.revoked"), [one.revoked for one in figures.weeks]),
        ],
        achievements_title=_achievements_title(figures, locale),
        achievements=_achievements(figures, locale),
        ending_title=_ending_title(ending, figures, locale),
        ending=[
            Bar(
                label=locale.text("ending.week", day=locale.day(week)),
                value=number,
                note="",
                href="",
            )
            for week, number in ending.items()
        ],
    )


def _weeks_title(weeks: list[IssuedWeek], locale: Locale) -> str:
    awarded = sum(one.awarded for one in weeks)
    if not awarded:
        return locale.count("weeks.none", len(weeks))
    best = max(weeks, key=lambda one: one.awarded)
    day = locale.date(best.week)
    return locale.count("weeks.title", awarded, best=locale.number(best.awarded), day=day)


def _achievements_title(figures: IssuerFigures, locale: Locale) -> str:
    if not figures.achievements:
        return locale.text("achievements.none")
    first = figures.achievements[0]
    return locale.count(
        "achievements.title",
        first.awarded,
        name=first.title or first.achievement,
        all=locale.number(figures.total.awarded),
    )


def _achievements(figures: IssuerFigures, locale: Locale) -> list[Bar]:
    return [
        Bar(
            label=one.title or one.achievement,
            value=one.awarded,
            note=locale.text("achievements.note", active=locale.number(one.active)),
            href=f"/issue/register?{urlencode(_of(figures, one))}",
        )
        for one in figures.achievements[:MOST_BARS]
    ]


def _of(figures: IssuerFigures, one: IssuedAchievement) -> dict[str, str]:
    return {"issuer": figures.issuer, "achievement": one.achievement}


def _ending_by_week(figures: IssuerFigures) -> dict[date, int]:
    """Of the next 90 days, weeks in which something ends."""
    found: dict[date, int] = {}
    for one in figures.ending:
        monday = one.day - timedelta(days=one.day.weekday())
        found[monday] = found.get(monday, 0) + one.ending
    return found


def _ending_title(ending: dict[date, int], figures: IssuerFigures, locale: Locale) -> str:
    if not ending:
        return locale.text("ending.none")
    return locale.count("ending.title", figures.total.ends_in_90_days)
