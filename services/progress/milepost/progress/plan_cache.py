"""The plans that enrollments are pinned to, read from the courses' streams at the edge."""

from collections.abc import Mapping

from milepost.contracts import streams
from milepost.contracts.courses import (
    SCORED_BY_STAFF,
    CompletedBy,
    CoursePublished,
    Lesson,
)
from milepost.contracts.rules.attempts import late_policy
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Log
from milepost.events.runtime.lru_cache import LruCache
from milepost.progress.domain.plan import LessonRule, Plan, plan_of
from milepost.progress.domain.reports import UnknownPlan

_PUBLISHED = tag_of(CoursePublished)
_codec = Codec[CoursePublished](CoursePublished)


class PlanCache:
    """A published version never changes, so a plan once read is kept, at most `cache_size`."""

    def __init__(self, log: Log, *, cache_size: int = 256) -> None:
        self._log = log
        self._plans = LruCache[tuple[str, str, int], Plan](cache_size)

    async def get(self, tenant: str, course: str, version: int) -> Plan:
        """Raises `UnknownPlan`."""
        key = (tenant, course, version)
        if plan := self._plans.get(key):
            return plan
        return self._plans.put(key, await self._read(tenant, course, version))

    async def versions(self, tenant: str, course: str) -> Mapping[int, Plan]:
        """Of every version there is now."""
        published = await published_versions(self._log, tenant, course)
        return {version: pinned(one) for version, one in published.items()}

    async def _read(self, tenant: str, course: str, version: int) -> Plan:
        published = await published_versions(self._log, tenant, course)
        if version not in published:
            raise UnknownPlan(course, version)
        return pinned(published[version])


async def published_versions(log: Log, tenant: str, course: str) -> Mapping[int, CoursePublished]:
    """What a course has published, by version."""
    recorded = await log.read_stream(tenant, streams.course(course))
    published = [_codec.read(one) for one in recorded if one.type == _PUBLISHED]
    return {one.version: one for one in published}


def pinned(published: CoursePublished) -> Plan:
    """What progress needs of a course version."""
    return plan_of(
        published.course,
        published.version,
        [
            LessonRule(
                id=lesson.id,
                title=lesson.title,
                kind=lesson.kind,
                required=lesson.required,
                weight=lesson.weight,
                move_on=lesson.move_on,
                mastery_score=lesson.mastery_score,
                attempts_allowed=lesson.attempts_allowed,
                counts=lesson.counts,
                prerequisites=lesson.prerequisites,
                completed_by=lesson.completed_by or _scorer(lesson),
                due_day=lesson.due_day,
                late=late_policy(lesson, published.late),
                skills=lesson.skills,
            )
            for lesson in published.lessons
        ],
        passing_grade=published.passing_rule.passing_grade,
        drop_lowest=published.passing_rule.drop_lowest,
        offline_days=published.offline_days,
        deadline_resets=published.deadline_resets,
    )


def _scorer(lesson: Lesson) -> CompletedBy:
    return "staff" if lesson.kind in SCORED_BY_STAFF else "learner"
