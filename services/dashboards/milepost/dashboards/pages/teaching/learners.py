"""Who is behind a figure of an offering: the list that each number leads to."""

from collections.abc import Mapping
from typing import Literal, TypeAlias
from urllib.parse import quote, urlencode

import asyncpg
import msgspec
from msgspec.structs import asdict, replace

from milepost.dashboards.pages.teaching.words import score_range
from milepost.dashboards.queries.lists.enrollments import (
    EnrollmentListed,
    EnrollmentsQuery,
    LessonCounted,
    read_enrollments,
)
from milepost.dashboards.queries.lists.listing import Page
from milepost.dashboards.queries.offerings.scored import read_scored
from milepost.pages.locales import Locale

Choice: TypeAlias = Literal[
    "enrolled",
    "started",
    "reached_25",
    "reached_50",
    "reached_75",
    "completed",
    "awarded",
    "active",
    "withdrawn",
]


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as an address names it: `show`, or what was done at a `lesson`."""

    show: Choice | None = None
    lesson: str | None = None
    lesson_state: LessonCounted | None = None
    score_bucket: int | None = None

    @property
    def query(self) -> str:
        known = {name: value for name, value in asdict(self).items() if value is not None}
        return urlencode(known)

    def address(self, offering: str) -> str:
        return f"/teach/offerings/{quote(offering, safe='')}/learners?{self.query}"


async def read_learners(
    pool: asyncpg.Pool, tenant: str, offering: str, behind: Behind, *, cursor: str | None
) -> Page[EnrollmentListed]:
    """By id. Raises `CursorUnknown`."""
    every = EnrollmentsQuery(sort="learner", order="asc", offering=offering, cursor=cursor)
    if behind.lesson is None:
        return await read_enrollments(pool, tenant, _shown(every, behind.show or "enrolled"))
    query = replace(every, lesson=behind.lesson, lesson_state=behind.lesson_state)
    if behind.score_bucket is not None:
        bucket = behind.score_bucket
        among = await read_scored(pool, tenant, offering, behind.lesson, bucket)
        query = replace(query, scored=among)
    return await read_enrollments(pool, tenant, query)


def heading(behind: Behind, locale: Locale, titles: Mapping[str, str]) -> str:
    """`titles`: of lessons, by id."""
    if behind.lesson is None:
        stage = locale.text(f"stage.{behind.show or 'enrolled'}")
        return locale.text("learners.title", stage=stage)
    lesson = titles.get(behind.lesson, behind.lesson)
    if behind.score_bucket is not None:
        scores = score_range(behind.score_bucket, locale)
        return locale.text("learners.lesson.range", lesson=lesson, scores=scores)
    return locale.text(f"learners.lesson.{behind.lesson_state or 'any'}", lesson=lesson)


def _shown(every: EnrollmentsQuery, show: Choice) -> EnrollmentsQuery:
    match show:
        case "withdrawn":
            return replace(every, departure=show)
        case "active":
            return replace(every, current=True, active=True)
        case _:
            return replace(every, stage=show)
