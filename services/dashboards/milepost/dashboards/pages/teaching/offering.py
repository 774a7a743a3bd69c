"""One offering at a glance: a finding above each chart, the learners behind each number."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import quote

import asyncpg
import msgspec

from milepost.dashboards.pages.teaching.activity import Activity, activity_of
from milepost.dashboards.pages.teaching.risk_words import reason_words
from milepost.dashboards.queries.catalog.run import read_run
from milepost.dashboards.queries.lists.runs import RunView
from milepost.dashboards.queries.offering_page import (
    BUCKETS,
    LessonFigures,
    LessonScores,
    OfferingPage,
    StageCount,
    read_offering_page,
)
from milepost.dashboards.queries.offerings.at_risk import AtRisk, read_at_risk
from milepost.dashboards.queries.offerings.days import DayFigures, read_days
from milepost.pages.locales import Locale

AT_RISK: Final = 20
LESSONS: Final = 50
HEADLINE: Final = ("enrolled", "started", "completed", "awarded")


class Bar(NamedTuple):
    """A row of a bar chart: `note` is the denominator in words."""

    label: str
    value: int
    note: str
    href: str


class HeatRow(NamedTuple):
    label: str
    values: Sequence[int]
    href: str | None = None


class RiskLine(msgspec.Struct, frozen=True, kw_only=True):
    """`reasons` in words, with the facts that make them."""

    enrollment: str
    learner: str
    last_activity: datetime | None
    reasons: Sequence[str]


class OfferingScreen(msgspec.Struct, frozen=True, kw_only=True):
    """What the template draws, in the reader's language.

    `lessons`: those of one page, and `next_lessons` the page that follows.
    """

    run: RunView
    page: OfferingPage
    headline: Sequence[StageCount]
    funnel: Sequence[Bar]
    lessons_finding: str
    lessons: Sequence[LessonFigures]
    next_lessons: int | None
    scores: Sequence[HeatRow]
    scores_finding: str
    score_ranges: Sequence[str]
    activity_finding: str
    activity: Activity | None
    risk: AtRisk
    at_risk: Sequence[RiskLine]


async def offering_screen(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    locale: Locale,
    *,
    now: datetime,
    lessons: int = 1,
) -> OfferingScreen:
    """Raises `UnknownOffering`."""
    language = locale.language
    page, found, risk, days = await asyncio.gather(
        read_offering_page(pool, tenant, offering, language=language),
        read_run(pool, tenant, offering, language=language),
        read_at_risk(pool, tenant, offering, now=now, risk="any"),
        read_days(pool, tenant, offering),
    )
    return screen_of(found.run, page, risk, days.days, locale, lessons=lessons)


def screen_of(
    run: RunView,
    page: OfferingPage,
    risk: AtRisk,
    days: Sequence[DayFigures],
    locale: Locale,
    *,
    lessons: int = 1,
) -> OfferingScreen:
    shown, following = lessons_shown(page.lessons, lessons)
    titles = {one.lesson: one.title for one in page.lessons}
    return OfferingScreen(
        run=run,
        page=page,
        headline=[one for one in page.stages if one.stage in HEADLINE],
        funnel=[_bar(one, page, locale) for one in page.stages],
        lessons_finding=lessons_finding(page.lessons, locale),
        lessons=shown,
        next_lessons=following,
        scores=[HeatRow(one.title, one.buckets) for one in page.scores],
        scores_finding=scores_finding(page.scores, locale),
        score_ranges=_ranges(locale),
        activity_finding=activity_finding(page, locale),
        activity=activity_of(days, locale),
        risk=risk,
        at_risk=risk_lines(risk, locale, titles)[:AT_RISK],
    )


def risk_lines(risk: AtRisk, locale: Locale, titles: Mapping[str, str]) -> list[RiskLine]:
    """`titles`: of lessons, by id."""
    return [
        RiskLine(
            enrollment=one.enrollment,
            learner=one.learner,
            last_activity=one.last_activity,
            reasons=[reason_words(reason, locale, titles) for reason in one.reasons],
        )
        for one in risk.rows
    ]


def lessons_shown(
    lessons: Sequence[LessonFigures], page: int
) -> tuple[Sequence[LessonFigures], int | None]:
    """In the plan's order; of more than a page those that count come first."""
    if len(lessons) > LESSONS:
        lessons = sorted(lessons, key=lambda one: not one.required)
    begin, end = (page - 1) * LESSONS, page * LESSONS
    return lessons[begin:end], page + 1 if end < len(lessons) else None


def lessons_finding(lessons: Sequence[LessonFigures], locale: Locale) -> str:
    """Where most who began are still, in a sentence."""
    if not any(one.started for one in lessons):
        return locale.text("lessons.begun.none")
    counting = [one for one in lessons if one.required]  # others may be left as they are
    worst = max(counting, key=lambda one: one.dropped, default=None)
    if worst is None or not worst.dropped:
        return locale.text("lessons.even")
    return locale.text(
        "lessons.finding",
        lesson=worst.title,
        dropped=locale.number(worst.dropped),
        started=locale.number(worst.started),
    )


def scores_finding(scores: Sequence[LessonScores], locale: Locale) -> str:
    """Which lesson has the lowest mean, in a sentence; empty where nothing is scored."""
    means = [(mean, one) for one in scores if (mean := one.mean_score) is not None]
    if not means:
        return ""
    mean, lowest = min(means, key=lambda one: one[0])
    return locale.text(
        "scores.finding" if len(means) > 1 else "scores.one",
        lesson=lowest.title,
        mean=locale.percent(mean),
        scored=locale.number(lowest.scored),
    )


def activity_finding(page: OfferingPage, locale: Locale) -> str:
    if not page.activity.current:
        return locale.text("activity.nobody")
    return locale.text(
        "activity.finding",
        active=locale.number(page.activity.active),
        current=locale.number(page.activity.current),
    )


def _bar(stage: StageCount, page: OfferingPage, locale: Locale) -> Bar:
    offering = quote(page.offering.offering, safe="")
    note = ""
    if stage.of_enrolled is not None and stage.stage != "enrolled":
        note = locale.percent(stage.of_enrolled)
    return Bar(
        locale.text(f"stage.{stage.stage}"),
        stage.learners,
        note,
        f"/teach/offerings/{offering}/learners?show={stage.stage}",
    )


def _ranges(locale: Locale) -> list[str]:
    """The tenths of a score, each in words."""
    step = 100 // BUCKETS
    return [
        locale.text("scores.range", low=locale.number(low), high=locale.percent((low + step) / 100))
        for low in range(0, 100, step)
    ]
