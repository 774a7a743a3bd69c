"""The learner record as decisions see it: best result per course, every credential ever held."""

from datetime import datetime
from typing import assert_never

import msgspec

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
from milepost.credentials.domain.records.credential import (
    Credential,
    Step,
    awarded,
    evolve_credential,
    status,
)
from milepost.credentials.domain.records.results import ResultHistory, best_of, noted


class Record(msgspec.Struct):
    """One learner's results and credentials.

    results    the best of each course, over all enrollments in it
    histories  those of each enrollment, by course
    noted      up to where in the log each enrollment has been heard of
    active     maps an achievement to its latest credential, unless that has ended for good: it may
               be withheld, suspended or expired, and is not held then
    """

    results: dict[str, ResultHistory]
    histories: dict[str, dict[str, ResultHistory]]
    noted: dict[str, int]
    credentials: dict[str, Credential]
    active: dict[str, Credential]

    def copy(self) -> "Record":
        return Record(
            self.results.copy(),
            {course: histories.copy() for course, histories in self.histories.items()},
            self.noted.copy(),
            self.credentials.copy(),
            self.active.copy(),
        )

    def later_than(self, moment: datetime) -> "Record":
        """Only what was completed later; every credential. What renews rests on it."""
        after = msgspec.structs.replace(self, results={}, histories={})
        for course, histories in self.histories.items():
            later = {run: one for run, one in histories.items() if one.result.at > moment}
            if later:
                after.histories[course] = later
                _choose(after, course)
        return after

    def knows(self, enrollment: str, position: int) -> bool:
        """What stands there has been noted, or something of this enrollment after it."""
        return position <= self.noted.get(enrollment, 0)

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
        """The evidence of the revoked credentials of this achievement."""
        return frozenset(
            evidence
            for one in self.credentials.values()
            if one.achievement == achievement and one.revoked
            for evidence in one.evidence
        )


def empty_record() -> Record:
    return Record({}, {}, {}, {}, {})


def evolve_record(record: Record, event: RecordEvent) -> Record:
    """Changes the record it is handed."""
    match event:
        case CourseResultNoted():
            _note(record, event)
        case CourseResultWithdrawn():
            _withdraw(record, event)
        case CredentialAwarded():
            _keep(record, awarded(event))
        case (
            LessonResultNoted()
            | ForeignCredentialNoted()
            | AwardApproved()
            | ApprovalWithdrawn()
            | CredentialShared()
            | CredentialHidden()
        ):
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


def _note(record: Record, event: CourseResultNoted) -> None:
    record.noted[event.enrollment] = event.position
    histories = record.histories.setdefault(event.course, {})
    histories[event.enrollment] = noted(histories.get(event.enrollment), event)
    _choose(record, event.course)


def _withdraw(record: Record, event: CourseResultWithdrawn) -> None:
    record.noted[event.enrollment] = event.position
    record.histories.get(event.course, {}).pop(event.enrollment, None)
    _choose(record, event.course)


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
