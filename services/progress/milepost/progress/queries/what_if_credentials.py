"""Which credentials would follow from other grades: by the achievements, and learners' records."""

from asyncio import gather
from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import msgspec

from milepost.contracts import streams
from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementRetired,
    Criterion,
)
from milepost.contracts.programs import ProgramDefined, ProgramRetired
from milepost.contracts.records import (
    CourseResultNoted,
    CourseResultWithdrawn,
    CredentialAwarded,
    CredentialDeclined,
    CredentialExpired,
    CredentialReinstated,
    CredentialRenewed,
    CredentialRevoked,
    CredentialSuperseded,
    CredentialSuspended,
    RecordEvent,
)
from milepost.contracts.rules.criteria import (
    Passed,
    Programs,
    earned,
    holds,
    is_judged_by_grades,
    rests_on,
)
from milepost.events.codec import Codec
from milepost.events.log import Log

AchievementEvent: TypeAlias = AchievementDefined | AchievementRetired
ProgramEvent: TypeAlias = ProgramDefined | ProgramRetired
_programs = Codec[ProgramEvent](ProgramEvent)
_achievements = Codec[AchievementEvent](AchievementEvent)
_records = Codec[RecordEvent](RecordEvent)


class CredentialEffects(msgspec.Struct, frozen=True, kw_only=True):
    """By achievement: what would be `earned`, and what is held and would no longer be supported.

    Such a credential is not taken away: it is flagged, and a person decides. `undecided`: it could
    not be earned before, and now it may be: it asks for more than grades tell, as approval.
    """

    earned: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


NO_EFFECTS = CredentialEffects()


class LearnerRecord(msgspec.Struct):
    """`results` by enrollment: the course and its grade. `held`: achievements by credential."""

    results: dict[str, tuple[str, float | None]] = {}
    held: dict[str, str] = {}


class Credentials(msgspec.Struct, frozen=True):
    """The achievements that are not retired, by what they ask for, and the programs."""

    criteria: Mapping[str, Criterion]
    programs: Programs = {}

    def asks_for(self, course: str) -> bool:
        return any(rests_on(one, course) for one in self.criteria.values())

    def not_judged(self, course: str) -> tuple[str, ...]:
        """The achievements that ask of the course what no grade tells: mode, lessons, hours, …"""
        return tuple(
            sorted(
                name
                for name, criterion in self.criteria.items()
                if not is_judged_by_grades(criterion, course)
            )
        )

    def effects(
        self, record: LearnerRecord, enrollment: str, before: Passed, after: Passed
    ) -> CredentialEffects:
        """Of another result in this enrollment; an empty one: the course is not completed."""
        others = [one for key, one in record.results.items() if key != enrollment]
        then, now = _best([*others, *before.items()]), _best([*others, *after.items()])
        held = frozenset(record.held.values())
        certain = self._earned(now, held, unknown=False)
        new = certain - self._earned(then, held, unknown=False)
        may = self._earned(now, held, unknown=True) - self._earned(then, held, unknown=True)
        return CredentialEffects(
            earned=tuple(sorted(new)),
            unsupported=tuple(sorted(self._unsupported(held, then, now))),
            undecided=tuple(sorted(may - certain)),
        )

    def _earned(self, passed: Passed, held: frozenset[str], *, unknown: bool) -> frozenset[str]:
        return earned(self.criteria, passed, held, programs=self.programs, unknown=unknown)

    def _unsupported(self, held: frozenset[str], then: Passed, now: Passed) -> Collection[str]:
        """Only what rested on its criteria: what a person awarded rests on the person. What grades
        do not tell is taken to hold: nobody is alarmed for what is not known.
        """
        lost: set[str] = set()
        rested = {
            name: criterion
            for name, criterion in self.criteria.items()
            if name in held and self._hold(criterion, then, held)
        }
        while True:
            more = {
                name
                for name, criterion in rested.items()
                if name not in lost and not self._hold(criterion, now, held - lost)
            }
            if not more:
                return lost
            lost |= more

    def _hold(self, criterion: Criterion, passed: Passed, held: frozenset[str]) -> bool:
        return holds(criterion, passed, held, programs=self.programs, unknown=True)


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
    return Credentials(found, await _programs_of(log, tenant, upto))


async def _programs_of(log: Log, tenant: str, upto: int) -> Programs:
    """As they are defined now: what is retired can still be completed."""
    events = [
        _programs.read(one)
        for one in await log.read_category(tenant, streams.PROGRAM)
        if one.position <= upto
    ]
    return {one.program: one for one in events if isinstance(one, ProgramDefined)}


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
            case CredentialAwarded() | CredentialReinstated() | CredentialRenewed():
                record.held[event.credential] = event.achievement
            case (
                CredentialRevoked()
                | CredentialSuspended()
                | CredentialExpired()
                | CredentialDeclined()
                | CredentialSuperseded()
            ):
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
