"""How long others needed for the lessons of a course, as the read model knows it.

Estimates may be a minute old: a course's times are read once a minute, however many ask.
"""

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import NamedTuple

import asyncpg

from milepost.events.runtime.lru_cache import LruCache
from milepost.events.store.batcher import Batcher
from milepost.progress.queries.time_left import LessonTime

KEPT_SECONDS = 60.0
KEPT_COURSES = 256

# The bucket in which half of the learners are reached; those within differ by little.
MEDIANS = """with counted as (
      select course, lesson, bucket, learners, milliseconds,
             sum(learners) over (partition by course, lesson order by bucket) as upto,
             sum(learners) over (partition by course, lesson) as everyone
      from dashboards.lesson_time
      where tenant = $1 and course = any($2) and learners > 0)
    select distinct on (course, lesson)
           course, lesson, everyone::bigint, milliseconds::float8 / learners / 1000
    from counted where upto * 2 >= everyone order by course, lesson, bucket"""

# No projector has ever run, or none of this version.
NOT_BUILT = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)

Times = Mapping[str, LessonTime]


class _Kept(NamedTuple):
    until: float
    times: Times


class LessonTimes:
    """At most `KEPT_COURSES`, each read again after `KEPT_SECONDS`."""

    def __init__(self, pool: asyncpg.Pool, clock: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._kept = LruCache[tuple[str, str], _Kept](KEPT_COURSES)
        self._batcher = Batcher[str, Times](self._read)

    async def get(self, tenant: str, course: str) -> Times:
        """By lesson; empty while no projector has built the read model."""
        kept = self._kept.get((tenant, course))
        if kept is None or kept.until < self._clock():
            times = await self._batcher.load(tenant, course)
            kept = self._kept.put((tenant, course), _Kept(self._clock() + KEPT_SECONDS, times))
        return kept.times

    async def _read(self, tenant: str, courses: Sequence[str]) -> Sequence[Times]:
        found: dict[str, dict[str, LessonTime]] = {course: {} for course in courses}
        try:
            records = await self._pool.fetch(MEDIANS, tenant, list(found))
        except NOT_BUILT:
            records = []
        for course, lesson, learners, seconds in records:
            found[course][lesson] = LessonTime(learners, seconds)
        return [found[course] for course in courses]
