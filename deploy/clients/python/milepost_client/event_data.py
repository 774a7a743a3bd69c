"""What events say. Generated from the AsyncAPI document: change nothing here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from milepost_client.open_literal import OpenLiteral


class Struct(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is as by default is left out; members that are not known are passed over."""


class AchievementDefined(Struct, frozen=True, kw_only=True):
    """A later definition of the same achievement has the next version; awards keep theirs."""

    achievement: str
    version: int
    name: str
    criteria: (
        AchievementsCoursePassed
        | AchievementsAchievementHeld
        | LessonScored
        | SkillShown
        | HoursLearned
        | ProgramCompleted
        | Approved
        | AllOf
        | AnyOf
        | NOf
    )
    narrative: str = ""
    validity_days: int | None = None
    renewal_days: int = 0
    embargo_until: datetime | None = None
    held_for_release: bool = False
    evidence_rule: OpenLiteral["none", "positions", "results"] = "results"
    description: str = ""
    achievement_type: str = "MicroCredential"
    skills: Sequence[Skill] = ()
    tags: Sequence[str] = ()
    image: str | None = None
    language: str = "en"
    names: Mapping[str, str] = {}
    issuer: str | None = None
    co_issuers: Sequence[str] = ()
    revoke_when_fallen: bool = False
    visibility: OpenLiteral["hidden", "public"] = "hidden"
    european: EuropeanElements | None = None


class AchievementEndorsed(Struct, frozen=True, kw_only=True):
    """An issuer of this school vouches for the achievement; `comment` says why."""

    achievement: str
    endorsement: str
    issuer: str
    comment: str = ""


class AchievementRetired(Struct, frozen=True, kw_only=True):
    achievement: str


class AchievementsAchievementHeld(Struct, frozen=True, kw_only=True):
    """Holds while the learner holds the achievement: neither expired, suspended nor revoked."""

    type: OpenLiteral["achievement_held"]
    achievement: str


class AchievementsCoursePassed(Struct, frozen=True, kw_only=True):
    """Holds when the course was completed with at least `min_grade`."""

    type: OpenLiteral["course_passed"]
    course: str
    min_grade: float = 0.0
    mode: OpenLiteral["audit", "verified"] | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None


class AllOf(Struct, frozen=True, kw_only=True):
    type: OpenLiteral["all_of"]
    criteria: Sequence[
        AchievementsCoursePassed
        | AchievementsAchievementHeld
        | LessonScored
        | SkillShown
        | HoursLearned
        | ProgramCompleted
        | Approved
        | AllOf
        | AnyOf
        | NOf
    ]


class AnyOf(Struct, frozen=True, kw_only=True):
    type: OpenLiteral["any_of"]
    criteria: Sequence[
        AchievementsCoursePassed
        | AchievementsAchievementHeld
        | LessonScored
        | SkillShown
        | HoursLearned
        | ProgramCompleted
        | Approved
        | AllOf
        | AnyOf
        | NOf
    ]


class Approved(Struct, frozen=True, kw_only=True):
    """Holds when so many different persons have approved of the award to this learner."""

    type: OpenLiteral["approved"]
    persons: int = 1


class AttemptScored(Struct, frozen=True, kw_only=True):
    """`score` is scaled, 0 to 1; `raw` of `maximum` are as the grader gave them.

    `attempt` counts from 1 in order of arrival; which one counts is decided by `occurred_at`.
    """

    enrollment: str
    lesson: str
    report: str
    attempt: int
    score: float
    raw: float | None = None
    maximum: float | None = None
    digest: str = ""


class CarriedAttempt(Struct, frozen=True, kw_only=True):
    """As `AttemptScored` told it; `score` with what staff have revised since."""

    report: str
    at: datetime
    score: float


class CarriedBookmark(Struct, frozen=True, kw_only=True):
    """Where to go on, as `LessonProgressed` told it. The latest wins, then the greater report."""

    at: datetime
    report: str
    position: str


class CarriedLesson(Struct, frozen=True, kw_only=True):
    """What was done at one lesson. `progress` is 0 to 1, time in milliseconds.

    Numbers and times are those of all that was done there; `attempts` are those that are new
    here, or have another score. `done`: it counted as done there, and stays so. `waived` is the
    reason.
    """

    lesson: str
    started_at: datetime | None = None
    completed_at: datetime | None = None
    progress: float = 0.0
    milliseconds: int = 0
    clicks: int = 0
    bookmark: CarriedBookmark | None = None
    attempts: Sequence[CarriedAttempt] = ()
    done: bool = False
    waived: str | None = None


class CourseCompleted(Struct, frozen=True, kw_only=True):
    """The course's rule held for the first time. Absent `grade`: nothing is graded.

    `occurred_at` is that of the last fact it needed, not of the last report to arrive, and
    `grade` the weighted grade, 0 to 1, of that moment. No report takes it back;
    `CourseGradeChanged` tells how the grade goes on.
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    grade: float | None = None


class CourseCompletionRevoked(Struct, frozen=True, kw_only=True):
    """A person decided that the course is not completed, for this reason, a code."""

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    reason: str
    final: bool = False


class CourseGradeChanged(Struct, frozen=True, kw_only=True):
    """The grade of a completed course, 0 to 1, is another one from now on; absent: there is none."""

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    because: OpenLiteral[
        "attempt",
        "carried_over",
        "deadlines_reset",
        "late_report",
        "lesson_waived",
        "plan_migrated",
        "rule_changed",
        "score_revised",
        "waiver_withdrawn",
    ]
    grade: float | None = None
    before: float | None = None
    lesson: str | None = None
    passing: bool = True


class CoursePublished(Struct, frozen=True, kw_only=True):
    """`titles` are translations of `title` by BCP 47 tag; `language` is that of everything else.

    `prerequisites` are those of its offerings that state none of their own. `offline_days` is how
    far back learners themselves may report what they did. `late`: None takes nothing off.
    `deadline_resets`: so often may learners themselves have their due dates count anew.
    """

    course: str
    version: int
    title: str
    lessons: Sequence[Lesson]
    passing_rule: PassingRule = msgspec.field(default_factory=lambda: PassingRule())
    skills: Sequence[Skill] = ()
    language: str = "en"
    workload_hours: float | None = None
    titles: Mapping[str, str] = {}
    prerequisites: Sequence[PrerequisitesCoursePassed | PrerequisitesAchievementHeld] = ()
    offline_days: int = 30
    late: LatePolicy | None = None
    deadline_resets: int = 0


class CourseRetired(Struct, frozen=True, kw_only=True):
    course: str


class CredentialAccepted(Struct, frozen=True, kw_only=True):
    """The learner wants it."""

    credential: str
    learner: str
    achievement: str


class CredentialAwarded(Struct, frozen=True, kw_only=True):
    """`awarded_by` is "policy" or the subject of the person, who then gave `reason`, a code.

    The subject stays in the house: who subscribes is told "person".
    """

    credential: str
    learner: str
    achievement: str
    achievement_version: int
    evidence: Sequence[Evidence]
    valid_from: datetime
    valid_until: datetime | None = None
    awarded_by: OpenLiteral["policy", "person"] = "policy"
    reason: str | None = None
    name: str = ""
    names: Mapping[str, str] = {}
    description: str = ""
    skills: Sequence[Skill] = ()
    issuer: str | None = None
    issuer_name: str | None = None
    grade: float | None = None
    url: str | None = None
    embargo_until: datetime | None = None
    held_for_release: bool = False
    renews: str | None = None
    supersedes: str | None = None


class CredentialDeclined(Struct, frozen=True, kw_only=True):
    """The learner does not want it: nobody is shown it, nothing awards it again by itself."""

    credential: str
    learner: str
    achievement: str


class CredentialExpired(Struct, frozen=True, kw_only=True):
    """Its validity has ended, at `occurred_at`."""

    credential: str
    learner: str
    achievement: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialFlagLifted(Struct, frozen=True, kw_only=True):
    """`reason`: `holds_again`, or the code for which a person let the credential stand."""

    credential: str
    learner: str
    achievement: str
    reason: str


class CredentialFlagged(Struct, frozen=True, kw_only=True):
    """What it rests on holds no longer: a person decides. It stays valid until then.

    `reason` is `grade_fell`, `score_fell` or `completion_revoked`; `position` is where that
    stands in the log.
    """

    credential: str
    learner: str
    achievement: str
    reason: str
    position: int


class CredentialReinstated(Struct, frozen=True, kw_only=True):
    credential: str
    learner: str
    achievement: str
    reason: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialReleased(Struct, frozen=True, kw_only=True):
    """The embargo has ended, or a person let it go out: from here on the learner holds it."""

    credential: str
    learner: str
    achievement: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialRenewed(Struct, frozen=True, kw_only=True):
    """The same credential is valid anew: by later evidence, or by a person for `reason`, a code.

    `renewed_by` is "policy" or the subject of the person: who subscribes is told "person".
    """

    credential: str
    learner: str
    achievement: str
    achievement_version: int
    evidence: Sequence[Evidence] = ()
    valid_from: datetime
    valid_until: datetime | None = None
    renewed_by: OpenLiteral["policy", "person"] = "policy"
    reason: str | None = None
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialRevoked(Struct, frozen=True, kw_only=True):
    """`reason` is a code, never text that a person typed."""

    credential: str
    learner: str
    achievement: str
    reason: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialSuperseded(Struct, frozen=True, kw_only=True):
    """`by` is the credential that stands for it from now on, and names it as `supersedes`."""

    credential: str
    learner: str
    achievement: str
    by: str
    reason: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class CredentialSuspended(Struct, frozen=True, kw_only=True):
    """It does not count until it is reinstated. `reason` is a code."""

    credential: str
    learner: str
    achievement: str
    reason: str
    name: str = ""
    issuer: str | None = None
    url: str | None = None


class DeadlinesReset(Struct, frozen=True, kw_only=True):
    """Due days count from `starts` from now on.

    `reason` is the code that staff gave; absent: the learner did it, as the course allows.
    """

    enrollment: str
    starts: datetime
    reason: str | None = None


class EndorsementWithdrawn(Struct, frozen=True, kw_only=True):
    achievement: str
    endorsement: str
    reason: str


class EnrollmentActivated(Struct, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str


class EnrollmentApproved(Struct, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str


class EnrollmentCanceled(Struct, frozen=True, kw_only=True):
    """The offering was canceled, for this reason."""

    enrollment: str
    learner: str
    offering: str
    course: str
    reason: str
    counted: bool = False
    stay: int = 1


class EnrollmentCompleted(Struct, frozen=True, kw_only=True):
    """`grade` is the weighted grade, 0 to 1; absent where nothing is graded."""

    enrollment: str
    learner: str
    offering: str
    course: str
    grade: float | None = None
    counted: bool = False
    stay: int = 1


class EnrollmentCompletionRevoked(Struct, frozen=True, kw_only=True):
    """The course is not completed after all: the enrollment is again in the `state` before.

    `reason` is a code; `expires` is when the offering ends for who goes on.
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    reason: str
    state: OpenLiteral[
        "active",
        "canceled",
        "completed",
        "declined",
        "enrolled",
        "expired",
        "offered",
        "pending_approval",
        "requested",
        "suspended",
        "transferred",
        "waitlisted",
        "withdrawn",
    ]
    counted: bool = False
    stay: int = 1
    expires: datetime | None = None


class EnrollmentDeclined(Struct, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str
    reason: str
    counted: bool = False
    stay: int = 1


class EnrollmentExpired(Struct, frozen=True, kw_only=True):
    """`reason`: `offer_expired` or `offering_ended`."""

    enrollment: str
    learner: str
    offering: str
    course: str
    reason: str
    counted: bool = False
    stay: int = 1


class EnrollmentExtended(Struct, frozen=True, kw_only=True):
    """The offering ends later than it did when the learner came."""

    enrollment: str
    learner: str
    offering: str
    expires: datetime


class EnrollmentGradeChanged(Struct, frozen=True, kw_only=True):
    """The grade of what was completed is another one, or there is none any more."""

    enrollment: str
    learner: str
    offering: str
    course: str
    grade: float | None = None


class EnrollmentModeChanged(Struct, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str
    mode: OpenLiteral["audit", "verified"]


class EnrollmentReinstated(Struct, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str


class EnrollmentRequested(Struct, frozen=True, kw_only=True):
    """Awaits approval, or what is `missing` before anybody is asked for it."""

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    mode: OpenLiteral["audit", "verified"] = "audit"
    expires: datetime | None = None
    counted: bool = False
    stay: int = 1
    missing: Sequence[PrerequisitesCoursePassed | PrerequisitesAchievementHeld] = ()


class EnrollmentSuspended(Struct, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str
    reason: str


class EnrollmentTransferred(Struct, frozen=True, kw_only=True):
    """`to` is the enrollment that goes on; `deferred`: in a later run of the same course."""

    enrollment: str
    learner: str
    offering: str
    course: str
    reason: str
    to: str
    to_offering: str
    deferred: bool = False


class EnrollmentWithdrawn(Struct, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str
    course: str
    reason: str


class EuropeanElements(Struct, frozen=True, kw_only=True):
    """What a European micro-credential says beyond name, issuer, date and learner.

    Source: Council Recommendation of 16 June 2022, Annex I. The country is the issuer's.
    """

    learning_outcomes: Sequence[str] = ()
    workload_hours: float | None = None
    ects: float | None = None
    eqf_level: int | None = None
    assessment_type: str | None = None
    participation: str | None = None
    quality_assurance: str | None = None
    supervision: str | None = None
    grade: str | None = None
    integration: str | None = None


class Evidence(Struct, frozen=True, kw_only=True):
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


class GroupArchived(Struct, frozen=True, kw_only=True):
    """Nothing changes any more, and its staff see it no longer. Memberships stay."""

    group: str


class GroupChanged(Struct, frozen=True, kw_only=True):
    """All that may change of a group, as it is from now on."""

    group: str
    name: str
    kind: OpenLiteral["cohort", "contract", "school_class"] = "cohort"
    courses: Sequence[str] = ()


class GroupCreated(Struct, frozen=True, kw_only=True):
    """Learners who belong together: a cohort, a company's contract, a class."""

    group: str
    name: str
    kind: OpenLiteral["cohort", "contract", "school_class"] = "cohort"
    courses: Sequence[str] = ()


class GroupMemberAdded(Struct, frozen=True, kw_only=True):
    group: str
    learner: str


class GroupMemberRemoved(Struct, frozen=True, kw_only=True):
    group: str
    learner: str


class HoursLearned(Struct, frozen=True, kw_only=True):
    """Holds when the workloads of the courses passed, of these or of all, come to so many hours."""

    type: OpenLiteral["hours_learned"]
    hours: float
    courses: Sequence[str] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None


class IssuerDefined(Struct, frozen=True, kw_only=True):
    """A body of this school that awards credentials: its public profile."""

    issuer: str
    version: int
    name: str
    url: str | None = None
    description: str = ""
    email: str | None = None
    country: str | None = None
    image: str | None = None
    hashed_recipient: bool = True
    did: bool = False


class IssuerKeyAdded(Struct, frozen=True, kw_only=True):
    """The newest key of an algorithm signs; `key` is its Multikey, which holds no secret."""

    issuer: str
    key: str
    algorithm: OpenLiteral["ES256", "Ed25519"]


class IssuerKeyRetired(Struct, frozen=True, kw_only=True):
    """It signs nothing more and stays published; `compromised`: nothing it signed is believed."""

    issuer: str
    key: str
    compromised: bool = False


class IssuerRetired(Struct, frozen=True, kw_only=True):
    """It signs nothing new; what it signed stays readable."""

    issuer: str


class LatePolicy(Struct, frozen=True, kw_only=True):
    """What an attempt loses that comes after the due date."""

    percent_per_day: float
    floor: float = 0.0
    grace_hours: float = 0.0


class LateWorkArrived(Struct, frozen=True, kw_only=True):
    """What was done before the transfer, and told after it, is to count in `continues_as`."""

    enrollment: str
    continues_as: str


class LearnerEnrolled(Struct, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    mode: OpenLiteral["audit", "verified"] = "audit"
    expires: datetime | None = None
    counted: bool = False
    stay: int = 1


class LearnerErased(Struct, frozen=True, kw_only=True):
    """A receipt without personal data: whoever keeps any of this learner's must forget it too."""

    learner: str


class LearnerOfferedSeat(Struct, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str
    expires: datetime


class LearnerWaitlisted(Struct, frozen=True, kw_only=True):
    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    mode: OpenLiteral["audit", "verified"] = "audit"
    expires: datetime | None = None
    counted: bool = False
    stay: int = 1


class LearningBegan(Struct, frozen=True, kw_only=True):
    """Stands before the first `LessonStarted`, for those who wait for that one only."""

    enrollment: str


class Lesson(Struct, frozen=True, kw_only=True):
    """A unit of a course. `move_on` is cmi5's; `due_day` counts from the learner's start.

    `titles` are translations of `title`, by BCP 47 language tag. `completed_by`: None stands for
    staff where staff give the score (`SCORED_BY_STAFF`), else for the learner. `late`: None
    stands for the course's. `skills` are addresses of the course's skills that it teaches.
    """

    id: str
    title: str
    kind: OpenLiteral["assignment", "discussion", "exam", "page", "quiz", "reading", "video"] = (
        "page"
    )
    required: bool = True
    weight: float = 0.0
    move_on: OpenLiteral[
        "Completed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable", "Passed"
    ] = "Completed"
    mastery_score: float | None = None
    attempts_allowed: int | None = None
    counts: OpenLiteral["best", "first", "last"] = "best"
    due_day: int | None = None
    prerequisites: Sequence[str] = ()
    titles: Mapping[str, str] = {}
    completed_by: OpenLiteral["learner", "staff"] | None = None
    late: LatePolicy | None = None
    skills: Sequence[str] = ()


class LessonCompleted(Struct, frozen=True, kw_only=True):
    enrollment: str
    lesson: str
    report: str
    digest: str = ""


class LessonFailed(Struct, frozen=True, kw_only=True):
    enrollment: str
    lesson: str
    score: float


class LessonPassed(Struct, frozen=True, kw_only=True):
    enrollment: str
    lesson: str
    score: float


class LessonScored(Struct, frozen=True, kw_only=True):
    """Holds when the attempt that counts at this lesson has at least `min_score`."""

    type: OpenLiteral["lesson_scored"]
    course: str
    lesson: str
    min_score: float


class LessonStarted(Struct, frozen=True, kw_only=True):
    """`digest` is that of the report's content: so a repeat is told from another with its id.

    Events from before there were digests have none.
    """

    enrollment: str
    lesson: str
    report: str
    digest: str = ""


class LessonWaived(Struct, frozen=True, kw_only=True):
    """Staff excused the learner: the lesson counts as done, and is left out of the grade.

    `reason` is a code. Who it was stands in the event's metadata.
    """

    enrollment: str
    lesson: str
    reason: str


class LessonWaiverWithdrawn(Struct, frozen=True, kw_only=True):
    """The lesson is demanded again. `reason` is a code."""

    enrollment: str
    lesson: str
    reason: str


class NOf(Struct, frozen=True, kw_only=True):
    """Holds when at least `n` of the criteria hold."""

    type: OpenLiteral["n_of"]
    n: int
    criteria: Sequence[
        AchievementsCoursePassed
        | AchievementsAchievementHeld
        | LessonScored
        | SkillShown
        | HoursLearned
        | ProgramCompleted
        | Approved
        | AllOf
        | AnyOf
        | NOf
    ]


class OfferingCanceled(Struct, frozen=True, kw_only=True):
    """`reason` is a code. The enrollments follow by policy."""

    offering: str
    reason: str


class OfferingChanged(Struct, frozen=True, kw_only=True):
    """All that may change while an offering is open, as it is from now on."""

    offering: str
    window_opens: datetime | None = None
    window_closes: datetime | None = None
    ends: datetime | None = None
    seats: int | None = None
    waitlist: bool = True
    offer_hours: int | None = None


class OfferingClosed(Struct, frozen=True, kw_only=True):
    offering: str


class OfferingOpened(Struct, frozen=True, kw_only=True):
    """`seats` absent: no cap. Times absent: no limit on that side."""

    offering: str
    course: str
    version: int
    pace: OpenLiteral["cohort", "self_paced"] = "self_paced"
    window_opens: datetime | None = None
    window_closes: datetime | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    seats: int | None = None
    waitlist: bool = True
    offer_hours: int | None = None
    approval: bool = False
    invitation_only: bool = False
    modes: Sequence[OpenLiteral["audit", "verified"]] = (
        "audit",
        "verified",
    )
    prerequisites: Sequence[PrerequisitesCoursePassed | PrerequisitesAchievementHeld] = ()
    parallel_limit: int | None = None
    expires_days: int | None = None


class PassingRule(Struct, frozen=True, kw_only=True):
    """Complete when every required lesson is satisfied and the weighted grade (0 to 1) suffices."""

    passing_grade: float = 0.0
    drop_lowest: int = 0


class PlanMigrated(Struct, frozen=True, kw_only=True):
    """The enrollment is judged by `version` of the course from now on, before by `before`."""

    enrollment: str
    version: int
    before: int
    reason: str
    course: str = ""
    earned: Sequence[str] = ()
    handed_in: Sequence[str] = ()


class PrerequisitesAchievementHeld(Struct, frozen=True, kw_only=True):
    """Holds while the learner has a valid credential of the achievement."""

    type: OpenLiteral["achievement_held"]
    achievement: str


class PrerequisitesCoursePassed(Struct, frozen=True, kw_only=True):
    """Holds when the course, any version of it, was completed with at least `min_grade`, 0 to 1."""

    type: OpenLiteral["course_passed"]
    course: str
    min_grade: float = 0.0


class ProgramCompleted(Struct, frozen=True, kw_only=True):
    """Holds while the learner holds what the program asks for, by its rule as it is now."""

    type: OpenLiteral["program_completed"]
    program: str


class ProgramDefined(Struct, frozen=True, kw_only=True):
    """`achievements` are codes of the credentials service; whether they exist is known there."""

    program: str
    version: int
    title: str
    achievements: Sequence[str]
    rule: OpenLiteral["all", "any", "n_of"] = "all"
    n: int | None = None
    ordered: bool = False
    language: str = "en"
    titles: Mapping[str, str] = {}


class ProgramRetired(Struct, frozen=True, kw_only=True):
    """`reason` is a code, never text that a person typed."""

    program: str
    reason: str | None = None


class ProgressCarriedOver(Struct, frozen=True, kw_only=True):
    """Work from another run of the course counts here. Several make up a whole one."""

    enrollment: str
    source: str
    since: int
    lessons: Sequence[CarriedLesson]


class ProgressClosed(Struct, frozen=True, kw_only=True):
    """Nothing is accepted any more that happened after `occurred_at`.

    `continues_as` is the enrollment in another run of the course that goes on, after a transfer.
    """

    enrollment: str
    reason: str
    continues_as: str | None = None


class ProgressOpened(Struct, frozen=True, kw_only=True):
    """Pins the plan (course and version) that this enrollment is judged by.

    `starts`: from when due days count; absent: from `occurred_at`.
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    starts: datetime | None = None


class ProgressResumed(Struct, frozen=True, kw_only=True):
    """After a suspension, or in a later stay: what happened from now on is accepted again."""

    enrollment: str


class ProgressSuspended(Struct, frozen=True, kw_only=True):
    """Nothing is accepted for the time being that happened after `occurred_at`."""

    enrollment: str
    reason: str


class ScoreRevised(Struct, frozen=True, kw_only=True):
    """Staff gave one attempt another score, 0 to 1; `before` is what it was.

    `attempt` is the number that `AttemptScored` gave it. `reason` is a code.
    """

    enrollment: str
    lesson: str
    attempt: int
    score: float
    before: float
    reason: str
    raw: float | None = None
    maximum: float | None = None


class SeatOffered(Struct, frozen=True, kw_only=True):
    """The seat is held for who waited first until `expires`; the enrollment follows by policy."""

    enrollment: str
    learner: str
    expires: datetime
    mode: OpenLiteral["audit", "verified"] = "audit"
    stay: int = 1


class SeatReleased(Struct, frozen=True, kw_only=True):
    """`expired`: it had been offered and nobody came; the enrollment follows by policy."""

    enrollment: str
    expired: bool = False
    stay: int = 1


class SeatTaken(Struct, frozen=True, kw_only=True):
    """`waited`: the seat went to the first who waited, whose enrollment now follows by policy.

    `stay` tells, here and below, the learner's stays in the same offering apart.
    """

    enrollment: str
    learner: str
    mode: OpenLiteral["audit", "verified"] = "audit"
    waited: bool = False
    stay: int = 1


class Skill(Struct, frozen=True, kw_only=True):
    """A competency of a published framework, which the course teaches."""

    name: str
    url: str
    framework: str | None = None
    code: str | None = None


class SkillShown(Struct, frozen=True, kw_only=True):
    """Holds when a course that teaches the skill (by its address) was passed with `min_grade`."""

    type: OpenLiteral["skill_shown"]
    skill: str
    min_grade: float = 0.0


class WebhookDisabled(Struct, frozen=True, kw_only=True):
    """Nothing is delivered to it until somebody enables it again."""

    webhook: str
    reason: OpenLiteral["failing", "gone", "operator"]
    failing_since: datetime | None = None
    status: int | None = None


class WebhookHeaders(Struct, frozen=True, kw_only=True):
    """Of Standard Webhooks 1.0. Verify the signature before you believe anything."""

    webhook_id: str = msgspec.field(name="webhook-id")
    webhook_timestamp: str = msgspec.field(name="webhook-timestamp")
    webhook_signature: str = msgspec.field(name="webhook-signature")
