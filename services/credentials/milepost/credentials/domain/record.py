"""The learner record as decisions see it: best result per course, every credential ever held."""

from datetime import datetime
from typing import assert_never

import msgspec

from milepost.contracts.records import (
    CourseResultNoted,
    CourseResultWithdrawn,
    CredentialAwarded,
    CredentialFlagged,
    CredentialFlagLifted,
    CredentialRevoked,
    Evidence,
    RecordEvent,
)


class CourseResult(msgspec.Struct, frozen=True, kw_only=True):
    """`grade` is 0 to 1, None where nothing is graded; `position` and `at` are the completion's."""

    course: str
    version: int
    offering: str
    enrollment: str
    grade: float | None
    position: int
    at: datetime


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    at: datetime


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is where its latest evidence stands; None when a person awarded without any."""

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


class Record(msgspec.Struct):
    """One learner's results and credentials. `active` maps an achievement to its credential."""

    results: dict[str, CourseResult]
    noted: set[int]
    credentials: dict[str, Credential]
    active: dict[str, Credential]

    def copy(self) -> "Record":
        return Record(
            self.results.copy(), self.noted.copy(), self.credentials.copy(), self.active.copy()
        )

    def cycles(self, achievement: str) -> int:
        """How many credentials of this achievement there have been."""
        return sum(one.achievement == achievement for one in self.credentials.values())

    def discredited(self, achievement: str) -> frozenset[Evidence]:
        """The evidence of the revoked credentials of this achievement."""
        return frozenset(
            evidence
            for one in self.credentials.values()
            if one.achievement == achievement and one.revoked
            for evidence in one.evidence
        )


def empty_record() -> Record:
    return Record({}, set(), {}, {})


def evolve_record(record: Record, event: RecordEvent) -> Record:
    """Changes the record it is handed."""
    match event:
        case CourseResultNoted():
            _note(record, event)
        case CredentialAwarded():
            credential = _awarded(event)
            record.credentials[event.credential] = credential
            record.active[event.achievement] = credential
        case CredentialRevoked():
            revocation = Revocation(reason=event.reason, at=event.occurred_at)
            credential = record.credentials[event.credential]
            record.credentials[event.credential] = msgspec.structs.replace(
                credential, revoked=revocation
            )
            del record.active[event.achievement]
        case CourseResultWithdrawn() | CredentialFlagged() | CredentialFlagLifted():
            pass
        case _:
            assert_never(event)
    return record


def _note(record: Record, event: CourseResultNoted) -> None:
    record.noted.add(event.position)
    result = CourseResult(
        course=event.course,
        version=event.version,
        offering=event.offering,
        enrollment=event.enrollment,
        grade=event.grade,
        position=event.position,
        at=event.occurred_at,
    )
    best = record.results.get(event.course)
    if best is None or _rank(result) > _rank(best):
        record.results[event.course] = result


def _rank(result: CourseResult) -> tuple[float, float, int]:
    """Of equal grades the earlier counts, so that the order of arrival does not matter."""
    return result.grade or 0.0, -result.at.timestamp(), -result.position


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
