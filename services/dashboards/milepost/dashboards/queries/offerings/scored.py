"""Whose score at a lesson lies in a part of 0 to 1: those behind a number of the distribution.

Which score counts is a rule of the lesson, so it is judged here, as the distribution was.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.contracts.rules.attempts import Attempt
from milepost.contracts.rules.learning.plan import LessonRule
from milepost.contracts.rules.learning.scores import counting_score
from milepost.dashboards.projections.funnel.lesson_work import bucket_of
from milepost.dashboards.projections.funnel.lessons import A_PAGE, plan_in
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries.consistent_read import Select, read
from milepost.dashboards.queries.offerings.at_risk import PLANS
from milepost.dashboards.queries.offerings.learnings import PlanFacts


class Tried(msgspec.Struct, frozen=True):
    enrollment: str
    course: str
    version: int
    starts: datetime | None
    attempts: tuple[Attempt, ...]


_TRIED: Final = Select(
    Decoder(list[Tried]),
    """select enrollment, course, version, starts, work::jsonb -> :lesson::text -> 1 as attempts
    from dashboards.offering_member
    where tenant = :tenant and offering = :offering and stage > 0
        and jsonb_array_length(coalesce(work::jsonb -> :lesson::text -> 1, '[]')) > 0""",
)


async def read_scored(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    lesson: str,
    bucket: int,
    *,
    awaited: int | None = None,
) -> list[str]:
    """The enrollments; `bucket`: the tenths from 0 to 9, the last with the 1 in it."""
    arguments = {"offering": offering, "lesson": lesson}
    selects = (_TRIED, PLANS)
    found = await read(pool, tenant, (OFFERING_SUMMARY,), selects, arguments, awaited=awaited)
    tried, plans = found.rows
    return await asyncio.to_thread(lambda: list(_within(tried, plans, lesson, bucket)))


def _within(
    tried: Sequence[Tried], plans: Sequence[PlanFacts], lesson: str, bucket: int
) -> Iterator[str]:
    rules = {(one.course, one.version): _rule_in(one.plan, lesson) for one in plans}
    for one in tried:
        rule = rules.get((one.course, str(one.version)), A_PAGE)
        score = counting_score(one.attempts, rule, one.starts)
        if score is not None and bucket_of(score) == bucket:
            yield one.enrollment


def _rule_in(text: str, lesson: str) -> LessonRule:
    return plan_in(text).lessons.get(lesson) or A_PAGE
