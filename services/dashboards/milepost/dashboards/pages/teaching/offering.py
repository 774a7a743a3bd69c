"""One offering at a glance: a finding above each chart, the learners behind each number."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, get_args

import asyncpg
import msgspec

from milepost.dashboards.domain.at_risk import Judgement
from milepost.dashboards.pages.teaching.activity import Activity, activity_of
from milepost.dashboards.pages.teaching.learners import Behind
from milepost.dashboards.pages.teaching.lessons import lessons_shown
from milepost.dashboards.pages.teaching.risk_words import reason_words
from milepost.dashboards.pages.teaching.words import score_range
from milepost.dashboards.queries.catalog.run import read_run
from milepost.dashboards.queries.lists.enrollments import LessonCounted
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

AT_RISK: Final = 8
HEADLINE: Final = ("enrolled", "started", "completed", "awarded")


class Bar(NamedTuple):
    """A row of a bar chart: `note` is the denominator in words."""

    label: str
    value: int
    note: str
    href: str


class HeatRow(NamedTuple):
    """`hrefs`: where each of the values leads."""

    label: str
    values: Sequence[int]
    hrefs: Sequence[str]


class LessonLinks(NamedTuple):
    """Where the figures of a lesson lead."""

    started: str
    done: str
    dropped: str
    scored: str


class RiskLine(msgspec.Struct, frozen=True, kw_only=True):
    """`reasons` in words, with the facts that make them."""

    enrollment: str
    learner: str
    last_activity: datetime | None
    reasons: Sequence[str]


class OfferingScreen(msgspec.Struct, frozen=True, kw_only=True):
    """What the template draws, in the reader's language.

    `lessons`: those of one page, and `next_lessons` the page that follows; `scores` are of these.
    """

    run: RunView
    page: OfferingPage
    headline: Sequence[StageCount]
    funnel: Sequence[Bar]
    lessons_finding: str
    lessons: Sequence[tuple[LessonFigures, LessonLinks]]
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
    shown, following = lessons_shown(page.lessons, lessons, lambda one: one.required)
    titles = {one.lesson: one.title for one in page.lessons}
    offering, on_page = page.offering.offering, {one.lesson for one in shown}
    return OfferingScreen(
        run=run,
        page=page,
        headline=[one for one in page.stages if one.stage in HEADLINE],
        funnel=[_bar(one, page, locale) for one in page.stages],
        lessons_finding=lessons_finding(page.lessons, locale),
        lessons=[(one, _lesson_links(offering, one.lesson)) for one in shown],
        next_lessons=following,
        scores=[_heat_row(offering, one) for one in page.scores if one.lesson in on_page],
        scores_finding=scores_finding(page.scores, locale),
        score_ranges=[score_range(one, locale) for one in range(BUCKETS)],
        activity_finding=activity_finding(page, locale),
        activity=activity_of(days, locale),
        risk=risk,
        at_risk=risk_lines(risk.rows[:AT_RISK], locale, titles),
    )


def risk_lines(
    rows: Sequence[Judgement], locale: Locale, titles: Mapping[str, str]
) -> list[RiskLine]:
    """`titles`: of lessons, by id."""
    return [
        RiskLine(
            enrollment=one.enrollment,
            learner=one.learner,
            last_activity=one.last_activity,
            reasons=[reason_words(reason, locale, titles) for reason in one.reasons],
        )
        for one in rows
    ]


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
    note = ""
    if stage.of_enrolled is not None and stage.stage != "enrolled":
        note = locale.percent(stage.of_enrolled)
    href = Behind(show=stage.stage).address(page.offering.offering)
    return Bar(locale.text(f"stage.{stage.stage}"), stage.learners, note, href)


def _lesson_links(offering: str, lesson: str) -> LessonLinks:
    states = get_args(LessonCounted)
    links = (Behind(lesson=lesson, lesson_state=one).address(offering) for one in states)
    return LessonLinks(**dict(zip(states, links, strict=True)))


def _heat_row(offering: str, one: LessonScores) -> HeatRow:
    behind = (Behind(lesson=one.lesson, score_bucket=number) for number in range(BUCKETS))
    return HeatRow(one.title, one.buckets, [each.address(offering) for each in behind])
