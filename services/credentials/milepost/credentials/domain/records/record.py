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
    CredentialHidden,
    CredentialReinstated,
    CredentialReleased,
    CredentialRenewed,
    CredentialRevoked,
    CredentialShared,
    CredentialSuperseded,
    CredentialSuspended,
    Evidence,
    ForeignCredentialNoted,
    LessonResultNoted,
    RecordEvent,
)
from milepost.credentials.domain.records.approvals import Approvals, evolve_approvals
from milepost.credentials.domain.records.lesson_results import LessonHistory, lesson_noted
from milepost.credentials.domain.records.results import ResultHistory, best_of, noted
from milepost.credentials.domain.records.sharing import NOT_SHARED, Sharing, evolve_sharing

# What is noted about one enrollment, and decided upon.
Fact: TypeAlias = CourseResultNoted | CourseResultWithdrawn | LessonResultNoted
HOLDS_AGAIN = "holds_again"


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    at: datetime


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """Why a person should look at a credential; `position` is where that stands in the log."""

    reason: str
    at: datetime
    position: int


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is where its latest evidence stands; None when a person awarded without any.

    `flag`: a person has to decide. `let_stand`: the flag in spite of which one let it stand.
    """

    credential: str
    achievement: str
    achievement_version: int
    evidence: tuple[Evidence, ...]
    position: int | None
    awarded_at: datetime
    awarded_by: str
    reason: str | None
    valid_from: datetime
    valid_until: datetime | None
    revoked: Revocation | None = None
    flag: Flag | None = None
    let_stand: Flag | None = None


class Record(msgspec.Struct):
    """One learner's results and credentials.

    results    the best of each course, over all enrollments in it
    histories  those of each enrollment, by course
    noted      up to where in the log each enrollment has been heard of
    active     maps an achievement to its credential
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

    def held(self, at: datetime) -> Mapping[str, Credential]:
        """By achievement, the credentials that hold at this moment."""
        return {
            name: one
            for name, one in self.active.items()
            if one.valid_until is None or at < one.valid_until
        }

    def cycles(self, achievement: str) -> int:
        """How many credentials of this achievement there have been."""
        return sum(one.achievement == achievement for one in self.credentials.values())

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
            credential = _awarded(event)
            record.credentials[event.credential] = credential
            record.active[event.achievement] = credential
        case CredentialRevoked():
            revocation = Revocation(reason=event.reason, at=event.occurred_at)
            credential = record.credentials[event.credential]
            record.credentials[event.credential] = replace(
                credential, revoked=revocation, flag=None
            )
            del record.active[event.achievement]
        case CredentialFlagged() | CredentialFlagLifted():
            flagged = _flagged(record.credentials[event.credential], event)
            record.credentials[event.credential] = record.active[event.achievement] = flagged
        case CredentialShared() | CredentialHidden():
            shared = record.sharing.get(event.credential, NOT_SHARED)
            record.sharing[event.credential] = evolve_sharing(shared, event)
        case (
            ForeignCredentialNoted()
            | CredentialReleased()
            | CredentialAccepted()
            | CredentialDeclined()
            | CredentialSuspended()
            | CredentialReinstated()
            | CredentialExpired()
            | CredentialRenewed()
            | CredentialSuperseded()
        ):
            pass
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


def _flagged(credential: Credential, event: CredentialFlagged | CredentialFlagLifted) -> Credential:
    if isinstance(event, CredentialFlagged):
        flag = Flag(reason=event.reason, at=event.occurred_at, position=event.position)
        return replace(credential, flag=flag, let_stand=None)
    let_stand = None if event.reason == HOLDS_AGAIN else credential.flag
    return replace(credential, flag=None, let_stand=let_stand)


def _awarded(event: CredentialAwarded) -> Credential:
    positions = [one.position for one in event.evidence if one.position is not None]
    return Credential(
        credential=event.credential,
        achievement=event.achievement,
        achievement_version=event.achievement_version,
        evidence=event.evidence,
        position=max(positions, default=None),
        awarded_at=event.occurred_at,
        awarded_by=event.awarded_by,
        reason=event.reason,
        valid_from=event.valid_from,
        valid_until=event.valid_until,
    )
