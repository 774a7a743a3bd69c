"""The facts of learner records: results and credentials. The storage format, never renamed."""

from datetime import datetime
from typing import TypeAlias

import msgspec

from milepost.events.event import Event


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What earned a credential: the event's position, and where it happened.

    A credential that was evidence is named; `position` is then where it was completed, and is
    missing when a person awarded it.
    """

    position: int | None = None
    course: str | None = None
    offering: str | None = None
    enrollment: str | None = None
    achievement: str | None = None
    credential: str | None = None


class CourseResultNoted(Event, frozen=True, kw_only=True, tag="course_result_noted"):
    """How the course stands in this enrollment; a later one of the same enrollment replaces it.

    `position` is where the completion, or the change of its grade, stands in the log; `grade` is 0
    to 1, absent where nothing is graded; `passing`: it still suffices for the completion.
    """

    learner: str
    course: str
    version: int
    offering: str
    enrollment: str
    grade: float | None = None
    position: int
    passing: bool = True


class CourseResultWithdrawn(Event, frozen=True, kw_only=True, tag="course_result_withdrawn"):
    """The completion was revoked, at `position`, for this reason."""

    learner: str
    course: str
    enrollment: str
    position: int
    reason: str


class CredentialAwarded(Event, frozen=True, kw_only=True, tag="credential_awarded"):
    """`awarded_by` is "policy" or the subject of the person, who then gave `reason`, a code.

    The subject stays in the house: who subscribes is told "person".
    """

    credential: str
    learner: str
    achievement: str
    achievement_version: int
    evidence: tuple[Evidence, ...]
    valid_from: datetime
    valid_until: datetime | None = None
    awarded_by: str = "policy"
    reason: str | None = None


class CredentialRevoked(Event, frozen=True, kw_only=True, tag="credential_revoked"):
    """`reason` is a code, never text that a person typed."""

    credential: str
    learner: str
    achievement: str
    reason: str


class CredentialFlagged(Event, frozen=True, kw_only=True, tag="credential_flagged"):
    """What it rests on holds no longer: a person decides. It stays valid until then.

    `reason` is `grade_fell` or `completion_revoked`; `position` is where that stands in the log.
    """

    credential: str
    learner: str
    achievement: str
    reason: str
    position: int


class CredentialFlagLifted(Event, frozen=True, kw_only=True, tag="credential_flag_lifted"):
    """`reason`: `holds_again`, or the code for which a person let the credential stand."""

    credential: str
    learner: str
    achievement: str
    reason: str


# All that may stand in a learner's record.
RecordEvent: TypeAlias = (
    CourseResultNoted
    | CourseResultWithdrawn
    | CredentialAwarded
    | CredentialRevoked
    | CredentialFlagged
    | CredentialFlagLifted
)
