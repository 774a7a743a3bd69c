"""The facts of learner records: results and credentials. The storage format, never renamed."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec

from milepost.contracts.courses import Skill
from milepost.contracts.offerings import Mode
from milepost.contracts.sharing import CredentialHidden, CredentialShared
from milepost.events.event import Event


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What earned a credential: the event's position, and where it happened.

    A credential that was evidence is named; `position` is then where it was completed, and is
    missing when a person awarded it. `source`: the id of a credential from elsewhere. `grade` is
    that of the course, or the score of the lesson, 0 to 1, when it was awarded. `approved_at`: as
    many persons as it takes had approved of the award by then.
    """

    position: int | None = None
    course: str | None = None
    lesson: str | None = None
    offering: str | None = None
    enrollment: str | None = None
    achievement: str | None = None
    credential: str | None = None
    source: str | None = None
    grade: float | None = None
    approved_at: datetime | None = None


class CourseResultNoted(Event, frozen=True, kw_only=True, tag="course_result_noted"):
    """How the course stands in this enrollment; a later one of the same enrollment replaces it.

    `position` is where the completion, or the change of its grade, stands in the log; `grade` is 0
    to 1, absent where nothing is graded; `passing`: it still suffices for the completion.
    `mode`, `hours` (the workload) and `skills` (addresses) are those of enrollment and course.
    """

    learner: str
    course: str
    version: int
    offering: str
    enrollment: str
    grade: float | None = None
    position: int
    passing: bool = True
    mode: Mode | None = None
    hours: float | None = None
    skills: tuple[str, ...] = ()


class LessonResultNoted(Event, frozen=True, kw_only=True, tag="lesson_result_noted"):
    """The score, 0 to 1, that counts at a lesson which criteria ask for, since `position`."""

    learner: str
    course: str
    lesson: str
    offering: str
    enrollment: str
    score: float
    position: int


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

    name, names, skills, description  the achievement's, as they were
    issuer, issuer_name               who awards it
    grade                             0 to 1: the best of the courses that earned it
    url                               the credential's address: it is its id wherever it goes
    embargo_until, held_for_release   it is not released before then, or before a person does it
    renews                            the credential of an earlier cycle, which had expired
    supersedes                        the credential whose name or definition had changed
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
    name: str = ""
    names: Mapping[str, str] = {}
    description: str = ""
    skills: tuple[Skill, ...] = ()
    issuer: str | None = None
    issuer_name: str | None = None
    grade: float | None = None
    url: str | None = None
    embargo_until: datetime | None = None
    held_for_release: bool = False
    renews: str | None = None
    supersedes: str | None = None


# What happens to a credential later names it as its award did: who hears only this can act on it.
class CredentialReleased(Event, frozen=True, kw_only=True, tag="credential_released"):
    """The embargo has ended, or a person let it go out: from here on the learner holds it."""

    credential: str
    learner: str
    achievement: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialAccepted(Event, frozen=True, kw_only=True, tag="credential_accepted"):
    """The learner wants it."""

    credential: str
    learner: str
    achievement: str


class CredentialDeclined(Event, frozen=True, kw_only=True, tag="credential_declined"):
    """The learner does not want it: nobody is shown it, nothing awards it again by itself."""

    credential: str
    learner: str
    achievement: str


class CredentialRevoked(Event, frozen=True, kw_only=True, tag="credential_revoked"):
    """`reason` is a code, never text that a person typed."""

    credential: str
    learner: str
    achievement: str
    reason: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialSuspended(Event, frozen=True, kw_only=True, tag="credential_suspended"):
    """It does not count until it is reinstated. `reason` is a code."""

    credential: str
    learner: str
    achievement: str
    reason: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialReinstated(Event, frozen=True, kw_only=True, tag="credential_reinstated"):
    credential: str
    learner: str
    achievement: str
    reason: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialExpired(Event, frozen=True, kw_only=True, tag="credential_expired"):
    """Its validity has ended, at `occurred_at`."""

    credential: str
    learner: str
    achievement: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialRenewed(Event, frozen=True, kw_only=True, tag="credential_renewed"):
    """The same credential is valid anew: by later evidence, or by a person for `reason`, a code.

    `renewed_by` is "policy" or the subject of the person: who subscribes is told "person".
    """

    credential: str
    learner: str
    achievement: str
    achievement_version: int
    evidence: tuple[Evidence, ...] = ()
    valid_from: datetime
    valid_until: datetime | None = None
    renewed_by: str = "policy"
    reason: str | None = None
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialSuperseded(Event, frozen=True, kw_only=True, tag="credential_superseded"):
    """`by` is the credential that stands for it from now on, and names it as `supersedes`."""

    credential: str
    learner: str
    achievement: str
    by: str
    reason: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class AwardApproved(Event, frozen=True, kw_only=True, tag="award_approved"):
    """One person approves that the learner is awarded the achievement. Stays in the house."""

    learner: str
    achievement: str
    approved_by: str
    reason: str | None = None


class ApprovalWithdrawn(Event, frozen=True, kw_only=True, tag="approval_withdrawn"):
    learner: str
    achievement: str
    approved_by: str
    reason: str


class ForeignCredentialNoted(Event, frozen=True, kw_only=True, tag="foreign_credential_noted"):
    """A credential from elsewhere was verified and counts as evidence.

    `source` is its id, `issuer` its issuer's, `digest` the SHA-256 in hex of what was verified;
    `achievement` is the one of this school that it stands for.
    """

    learner: str
    source: str
    issuer: str
    name: str
    digest: str
    achievement: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class CredentialFlagged(Event, frozen=True, kw_only=True, tag="credential_flagged"):
    """What it rests on holds no longer: a person decides. It stays valid until then.

    `reason` is `grade_fell`, `score_fell` or `completion_revoked`; `position` is where that stands
    in the log.
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
    | LessonResultNoted
    | ForeignCredentialNoted
    | AwardApproved
    | ApprovalWithdrawn
    | CredentialAwarded
    | CredentialReleased
    | CredentialAccepted
    | CredentialDeclined
    | CredentialShared
    | CredentialHidden
    | CredentialSuspended
    | CredentialReinstated
    | CredentialRevoked
    | CredentialExpired
    | CredentialRenewed
    | CredentialSuperseded
    | CredentialFlagged
    | CredentialFlagLifted
)
