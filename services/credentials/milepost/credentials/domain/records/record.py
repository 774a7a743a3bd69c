"""The learner record as decisions see it: best result per course, every credential ever held."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from milepost.contracts.records import (
    ApprovalWithdrawn,
    AwardApproved,
    CourseResultNoted,
    CourseResultWithdrawn,
    CredentialAccepted,
    CredentialAwarded,
    CredentialDeclined,
    CredentialExpired,
    CredentialFlagged,
    CredentialFlagLifted,
    CredentialReinstated,
    CredentialReleased,
    CredentialRenewed,
    CredentialRevoked,
    CredentialSuperseded,
    CredentialSuspended,
    Evidence,
    ForeignCredentialNoted,
    LessonResultNoted,
    RecordEvent,
)
from milepost.contracts.sharing import CredentialHidden, CredentialShared
from milepost.credentials.domain.records.approvals import Approvals, evolve_approvals
from milepost.credentials.domain.records.credential import (
    Credential,
    Step,
    awarded,
    evolve_credential,
    status,
)
from milepost.credentials.domain.records.lesson_results import LessonHistory, lesson_noted
from milepost.credentials.domain.records.results import ResultHistory, best_of, noted
from milepost.credentials.domain.records.sharing import NOT_SHARED, Sharing, evolve_sharing

# What is noted about one enrollment, and decided upon.
Fact: TypeAlias = CourseResultNoted | CourseResultWithdrawn | LessonResultNoted


class Record(msgspec.Struct):
    """One learner's results and credentials.

    results    the best of each course, over all enrollments in it
    histories  those of each enrollment, by course
    noted      up to where in the log each enrollment has been heard of
    active     maps an achievement to its latest credential, unless that has ended for good: it may
               be withheld, suspended or expired, and is not held then
    lessons    how each lesson that was noted stands, by course and lesson, then by enrollment
    approvals  by achievement: who approved of its award, and when
    sharing    what the holder lets others see, by credential
    """

    results: dict[str, ResultHistory]
    histories: dict[str, dict[str, ResultHistory]]
    noted: dict[str, int]
    credentials: dict[str, Credential]
    active: dict[str, Credential]
    lessons: dict[tuple[str, str], dict[str, LessonHistory]] = {}
    approvals: Approvals = {}
    sharing: dict[str, Sharing] = {}

    def copy(self) -> "Record":
        return Record(
            self.results.copy(),
            {course: histories.copy() for course, histories in self.histories.items()},
            self.noted.copy(),
            self.credentials.copy(),
            self.active.copy(),
            {lesson: histories.copy() for lesson, histories in self.lessons.items()},
            {achievement: given.copy() for achievement, given in self.approvals.items()},
            self.sharing.copy(),
        )

    def later_than(self, moment: datetime) -> "Record":
        """Only what was achieved later; every credential. What is earned anew rests on it."""
        after = replace(self, results={}, histories={}, lessons={}, approvals={})
        for course, runs in self.histories.items():
            if later := {run: one for run, one in runs.items() if one.result.at > moment}:
                after.histories[course] = later
                _choose(after, course)
        for lesson, tried in self.lessons.items():
            if late := {run: one for run, one in tried.items() if one.first_at > moment}:
                after.lessons[lesson] = late
        for achievement, given in self.approvals.items():
            after.approvals[achievement] = {who: at for who, at in given.items() if at > moment}
        return after

    def knows(self, fact: Fact) -> bool:
        """What stands there has been noted, or something of this enrollment after it."""
        if not isinstance(fact, LessonResultNoted):
            latest = self.noted.get(fact.enrollment, 0)
            return fact.position < latest or (fact.position == latest and not self._adds(fact))
        known = self.lessons.get((fact.course, fact.lesson), {}).get(fact.enrollment)
        return known is not None and fact.position <= known.position

    def _adds(self, fact: CourseResultNoted | CourseResultWithdrawn) -> bool:
        """Results of before there were criteria on mode, hours and skills tell none of these."""
        if isinstance(fact, CourseResultWithdrawn):
            return False
        history = self.histories.get(fact.course, {}).get(fact.enrollment)
        return history is not None and history.result.lacks(fact)

    def level(self, fact: Fact) -> float:
        """The highest grade or score that is met where the fact belongs; below 0: there is none."""
        if isinstance(fact, LessonResultNoted):
            lesson = self.lessons.get((fact.course, fact.lesson), {}).get(fact.enrollment)
            return lesson.score if lesson else -2.0
        history = self.histories.get(fact.course, {}).get(fact.enrollment)
        return history.level if history else -2.0

    def approvals_of(self, achievement: str, at: datetime) -> Mapping[str, datetime]:
        """By person. Each cycle has its own: those from before an ended one do not count again."""
        ends = [
            one.awarded_at
            for one in self.credentials.values()
            if one.achievement == achievement
            and (one.revoked or one.declined_at or one.has_expired(at))
        ]
        given, latest = self.approvals.get(achievement, {}), max(ends, default=None)
        return {person: moment for person, moment in given.items() if not latest or moment > latest}

    def cycles(self, achievement: str) -> int:
        """How many credentials of this achievement there have been."""
        return sum(one.achievement == achievement for one in self.credentials.values())

    def held(self, at: datetime) -> dict[str, Credential]:
        """By achievement, what the learner holds at this moment, by the clock."""
        return {name: one for name, one in self.active.items() if status(one, at) == "active"}

    def latest(self, achievement: str) -> Credential | None:
        """The credential of the last cycle, whatever became of it."""
        newest_first = reversed(self.credentials.values())
        return next((one for one in newest_first if one.achievement == achievement), None)

    def discredited(self, achievement: str) -> frozenset[Evidence]:
        """The evidence of the revoked credentials of this achievement, whatever the grades."""
        return frozenset(
            replace(evidence, grade=None)
            for one in self.credentials.values()
            if one.achievement == achievement and one.revoked
            for evidence in one.evidence
        )


def empty_record() -> Record:
    return Record({}, {}, {}, {}, {})


def evolve_record(record: Record, event: RecordEvent) -> Record:
    """Changes the record it is handed."""
    match event:
        case CourseResultNoted() | CourseResultWithdrawn() | LessonResultNoted():
            _note(record, event)
        case AwardApproved() | ApprovalWithdrawn():
            evolve_approvals(record.approvals, event)
        case CredentialAwarded():
            _keep(record, awarded(event))
        case CredentialShared() | CredentialHidden():
            shared = record.sharing.get(event.credential, NOT_SHARED)
            record.sharing[event.credential] = evolve_sharing(shared, event)
        case ForeignCredentialNoted():
            pass
        case (
            CredentialReleased()
            | CredentialAccepted()
            | CredentialDeclined()
            | CredentialSuspended()
            | CredentialReinstated()
            | CredentialRevoked()
            | CredentialExpired()
            | CredentialRenewed()
            | CredentialSuperseded()
            | CredentialFlagged()
            | CredentialFlagLifted()
        ):
            _step(record, event)
        case _:
            assert_never(event)
    return record


def _note(record: Record, fact: Fact) -> None:
    if isinstance(fact, LessonResultNoted):
        lessons = record.lessons.setdefault((fact.course, fact.lesson), {})
        lessons[fact.enrollment] = lesson_noted(lessons.get(fact.enrollment), fact)
        return
    record.noted[fact.enrollment] = fact.position
    histories = record.histories.setdefault(fact.course, {})
    if isinstance(fact, CourseResultNoted):
        histories[fact.enrollment] = noted(histories.get(fact.enrollment), fact)
    else:
        histories.pop(fact.enrollment, None)
    _choose(record, fact.course)


def _choose(record: Record, course: str) -> None:
    best = best_of(record.histories.get(course, {}).values())
    if best is None:
        record.results.pop(course, None)
    else:
        record.results[course] = best


def _keep(record: Record, credential: Credential) -> None:
    record.credentials[credential.credential] = credential
    record.active[credential.achievement] = credential


def _step(record: Record, event: Step) -> None:
    """An earlier cycle may still be revoked: the one that is active stays so."""
    credential = evolve_credential(record.credentials[event.credential], event)
    record.credentials[event.credential] = credential
    active = record.active.get(event.achievement)
    if active is None or active.credential != event.credential:
        return
    if credential.ended:
        del record.active[event.achievement]
    else:
        record.active[event.achievement] = credential
