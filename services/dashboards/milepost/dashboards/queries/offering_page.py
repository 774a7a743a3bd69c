"""One offering as its instructor sees it: funnel, lessons, scores, activity, time to complete.

Every figure is of the enrollments that `lists/enrollments` shows for the same filter.
"""

import asyncpg
import msgspec

from milepost.dashboards.queries.consistent_read import Snapshot
from milepost.dashboards.queries.course_progress import Stage
from milepost.dashboards.queries.lists.offerings import OfferingListed

BUCKETS = 10


class StageCount(msgspec.Struct, frozen=True, kw_only=True):
    """So many `learners` have come so far, or further. Rates are 0 to 1, null without any.

    `of_previous`: of those in the stage before.
    """

    stage: Stage
    learners: int
    of_enrolled: float | None
    of_previous: float | None


class LessonFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of the learners enrolled: who began the lesson, who has done it.

    `dropped` began and have not done it, `dropped_of_started` is their share. `scored`: have a
    score that counts; `mean_score` (0 to 1) is theirs.
    """

    lesson: str
    title: str
    kind: str
    required: bool
    weight: float
    started: int
    done: int
    dropped: int
    started_of_enrolled: float | None
    done_of_enrolled: float | None
    dropped_of_started: float | None
    scored: int
    mean_score: float | None


class LessonScores(msgspec.Struct, frozen=True, kw_only=True):
    """The scores that count, of those who have one: ten equal parts of 0 to 1, the last with 1."""

    lesson: str
    title: str
    scored: int
    mean_score: float | None
    buckets: list[int]


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """`active`: of the `current` learners, those who did anything in the last 7 days."""

    active: int
    current: int
    active_of_current: float | None


class TimeToComplete(msgspec.Struct, frozen=True, kw_only=True):
    """Days from the first activity to the completion, of those `completed`; null without any."""

    completed: int
    median_days: float | None
    p90_days: float | None


class OfferingPage(Snapshot, frozen=True, kw_only=True):
    """Lessons in the order of the course's plan."""

    offering: OfferingListed
    stages: list[StageCount]
    lessons: list[LessonFigures]
    scores: list[LessonScores]
    activity: Activity
    time_to_complete: TimeToComplete


async def read_offering_page(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    *,
    instructor: str | None = None,
    language: str | None = None,
    awaited: int | None = None,
) -> OfferingPage:
    """Raises `UnknownOffering`, also where it is not the `instructor`'s own."""
    raise NotImplementedError
