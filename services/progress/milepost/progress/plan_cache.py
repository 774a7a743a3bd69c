"""The plans that enrollments are pinned to, read from the courses' streams at the edge."""

from collections.abc import Mapping

from milepost.contracts import streams
from milepost.contracts.courses import (
    CoursePublished,
)
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.learning.plan import Plan
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Log
from milepost.events.runtime.lru_cache import LruCache
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
