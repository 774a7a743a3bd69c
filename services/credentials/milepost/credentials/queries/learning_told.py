"""From what was kept of a learner's events to facts and record events."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from milepost.contracts.achievements import LessonScored
from milepost.contracts.rules.criteria import leaves
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.audit.told import Told
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.records.record import Fact
from milepost.credentials.learning import Learning, Versions, facts_of
from milepost.credentials.queries.histories import Enrollment, History
from milepost.events.log import Log


class _Course(msgspec.Struct, gc=False):
    course: str | None = None
    version: int = 0


_course = msgspec.json.Decoder(_Course)


class LearningTold:
    """Of one school, by the lessons that its achievements ask for, or ever did."""

    def __init__(self, log: Log, tenant: str, catalog: Catalog) -> None:
        self._learning, self._tenant = Learning(log), tenant
        self._versions: dict[tuple[str, int], Versions] = {}
        self._lessons = defaultdict[str, set[str]](set)
        for one in catalog.achievements.values():
            for definition in (one.definition, *one.earlier):
                for leaf in leaves(definition.criteria):
                    if isinstance(leaf, LessonScored):
                        self._lessons[leaf.course].add(leaf.lesson)

    async def of(self, history: History) -> Told:
        facts: list[Fact] = []
        for enrollment in history.enrollments.values():
            facts += await self._facts(enrollment)
        if len(history.enrollments) > 1:
            facts.sort(key=lambda fact: fact.position)
        record = [(one.position, RECORD.codec.read(one)) for one in history.record]
        return Told(history.learner, facts, record)

    async def _facts(self, enrollment: Enrollment) -> Sequence[Fact]:
        named = (_course.decode(one.data) for one in enrollment.progress)
        found = next((one for one in named if one.course), None)
        if found is None:
            return ()
        assert found.course is not None
        lessons = self._lessons.get(found.course, ())
        versions = await self._versions_of(found.course, found.version)
        return facts_of(enrollment.progress, enrollment.enrolled, versions, lessons)

    async def _versions_of(self, course: str, version: int) -> Versions:
        known = self._versions.get((course, version))
        if known is None:
            known = await self._learning.versions(self._tenant, course, version)
            self._versions[course, version] = known
        return known
