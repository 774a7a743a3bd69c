"""Which credentials would follow from other grades: by the achievements, and learners' records."""

from asyncio import gather
from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import msgspec

from milepost.contracts import streams
from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementRetired,
    AllOf,
    AnyOf,
    CoursePassed,
    Criterion,
    NOf,
    Passed,
    earned,
    holds,
)
from milepost.contracts.records import (
    CourseResultNoted,
    CourseResultWithdrawn,
    CredentialAwarded,
    CredentialDeclined,
    CredentialRevoked,
    CredentialSuperseded,
    RecordEvent,
)
from milepost.events.codec import Codec
from milepost.events.log import Log

AchievementEvent: TypeAlias = AchievementDefined | AchievementRetired
_achievements = Codec[AchievementEvent](AchievementEvent)
_records = Codec[RecordEvent](RecordEvent)


class CredentialEffects(msgspec.Struct, frozen=True, kw_only=True):
    """By achievement: what would be `earned`, and what is held and would no longer be supported.

    Such a credential is not taken away: it is flagged, and a person decides.
    """

    earned: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()


NO_EFFECTS = CredentialEffects()


class LearnerRecord(msgspec.Struct):
    """`results` by enrollment: the course and its grade. `held`: achievements by credential."""

    results: dict[str, tuple[str, float | None]] = {}
    held: dict[str, str] = {}


class Credentials(msgspec.Struct, frozen=True):
    """The achievements that are not retired, by what they ask for."""

    criteria: Mapping[str, Criterion]

    def asks_for(self, course: str) -> bool:
        return any(course in _courses(one) for one in self.criteria.values())

    def effects(
        self, record: LearnerRecord, enrollment: str, before: Passed, after: Passed
    ) -> CredentialEffects:
        """Of another result in this enrollment; an empty one: the course is not completed."""
        others = [one for key, one in record.results.items() if key != enrollment]
        then, now = _best([*others, *before.items()]), _best([*others, *after.items()])
        held = frozenset(record.held.values())
        new = earned(self.criteria, now, held) - earned(self.criteria, then, held)
        return CredentialEffects(
            earned=tuple(sorted(new)),
            unsupported=tuple(sorted(self._unsupported(held, then, now))),
        )

    def _unsupported(self, held: frozenset[str], then: Passed, now: Passed) -> Collection[str]:
        """Only what rested on its criteria: what a person awarded rests on the person."""
        lost: set[str] = set()
        rested = {
            name: criterion
            for name, criterion in self.criteria.items()
            if name in held and holds(criterion, then, held)
        }
        while True:
            more = {
                name
                for name, criterion in rested.items()
                if name not in lost and not holds(criterion, now, held - lost)
            }
            if not more:
                return lost
            lost |= more


async def credentials_of(log: Log, tenant: str, upto: int) -> Credentials:
    found: dict[str, Criterion] = {}
    for recorded in await log.read_category(tenant, streams.ACHIEVEMENT):
        if recorded.position > upto:
            break
        if recorded.type not in _achievements.classes:
            continue
        match _achievements.read(recorded):
            case AchievementDefined(achievement=name, criteria=criteria):
                found[name] = criteria
            case AchievementRetired(achievement=name):
                found.pop(name, None)
    return Credentials(found)


async def records_of(
    log: Log, tenant: str, learners: Sequence[str], upto: int
) -> Mapping[str, LearnerRecord]:
    read = await gather(*(log.read_stream(tenant, streams.record(one)) for one in learners))
    return {
        learner: _record([_records.read(one) for one in recorded if one.position <= upto])
        for learner, recorded in zip(learners, read, strict=True)
    }


def _record(events: Sequence[RecordEvent]) -> LearnerRecord:
    record = LearnerRecord()
    for event in events:
        match event:
            case CourseResultNoted():
                record.results[event.enrollment] = (event.course, event.grade)
            case CourseResultWithdrawn():
                record.results.pop(event.enrollment, None)
            case CredentialAwarded():
                record.held[event.credential] = event.achievement
            case CredentialRevoked() | CredentialSuperseded() | CredentialDeclined():
                record.held.pop(event.credential, None)
            case _:
                pass
    return record


def _best(results: Sequence[tuple[str, float | None]]) -> Passed:
    best: dict[str, float | None] = {}
    for course, grade in results:
        if course not in best or (grade or 0.0) > (best[course] or 0.0):
            best[course] = grade
    return best


def _courses(criterion: Criterion) -> set[str]:
    match criterion:
        case CoursePassed(course=course):
            return {course}
        case AllOf(criteria=parts) | AnyOf(criteria=parts) | NOf(criteria=parts):
            return {course for part in parts for course in _courses(part)}
        case _:
            return set()
