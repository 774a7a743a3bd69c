"""What goes over the wire. Generated from the OpenAPI document: change nothing here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from milepost_client.open_literal import OpenLiteral


class Struct(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is as by default is left out; members that are not known are passed over."""


class About(Struct, frozen=True, kw_only=True):
    """What the credential says of itself: true only if the verdict says so.

    Characters that nobody would see are shown as escapes, long texts cut.
    """

    format: OpenLiteral["json", "jwt", "png", "svg"]
    id: str | None = None
    name: str | None = None
    achievement: str | None = None
    issuer: str | None = None
    issuer_name: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class AchievementDefinition(Struct, frozen=True, kw_only=True):
    """The whole definition: what is left out is as usual, not as it was.

    validity_days       from the day it was earned; absent: without end
    renewal_days        later evidence renews it so many days before it ends; fewer than those
    embargo_until       what is awarded is withheld before this moment
    held_for_release    a person releases each award
    evidence_rule       what others see of the evidence: results, positions in the log, nothing
    image               an uploaded picture: POST /credentials/images; absent: it is drawn
    names               translations of `name`, which is in `language`
    issuer              absent: the school's own; `co_issuers` stand for it as well
    revoke_when_fallen  what holds no longer is revoked; else it is flagged for a person
    visibility          of a new credential's page, until the holder decides
    """

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
    skills: Sequence[AttestedSkill] = ()
    tags: Sequence[str] = ()
    image: str | None = None
    language: str = "en"
    names: Mapping[str, str] = {}
    issuer: str | None = None
    co_issuers: Sequence[str] = ()
    revoke_when_fallen: bool = False
    visibility: OpenLiteral["hidden", "public"] = "hidden"
    european: EuropeanBody | None = None


class AchievementHeldBody(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="achievement_held"
):
    achievement: str


class AchievementLine(Struct, frozen=True, kw_only=True):
    achievement: str
    version: int
    retired: bool
    defined_at: datetime
    name: str
    achievement_type: str
    issuer: str | None


class AchievementVersion(Struct, frozen=True, kw_only=True):
    version: int
    defined_at: datetime
    name: str


class AchievementVersions(Struct, frozen=True, kw_only=True):
    achievement: str
    retired: bool
    versions: Sequence[AchievementVersion]


class AchievementView(Struct, frozen=True, kw_only=True):
    """The definition of `version`, whole; `latest_version` is the newest there is.

    endorsements  those that stand now, of the achievement
    """

    achievement: str
    version: int
    latest_version: int
    retired: bool
    defined_at: datetime
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
    narrative: str
    validity_days: int | None
    renewal_days: int
    embargo_until: datetime | None
    held_for_release: bool
    evidence_rule: OpenLiteral["none", "positions", "results"]
    description: str
    achievement_type: str
    skills: Sequence[AttestedSkill]
    tags: Sequence[str]
    image: str | None
    language: str
    names: Mapping[str, str]
    issuer: str | None
    co_issuers: Sequence[str]
    revoke_when_fallen: bool
    visibility: OpenLiteral["hidden", "public"]
    european: EuropeanBody | None
    endorsements: Sequence[EndorsementView]


class AchievementsAchievementHeld(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="achievement_held"
):
    """Holds while the learner holds the achievement: neither expired, suspended nor revoked."""

    achievement: str


class AchievementsCoursePassed(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="course_passed"
):
    """Holds when the course was completed with at least `min_grade`.

    mode        the enrollment was in this mode when it was completed
    not_before  completed at this moment or later
    not_after   completed at this moment or earlier
    """

    course: str
    min_grade: float = 0.0
    mode: OpenLiteral["audit", "verified"] | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None


class AchievementsPage(Struct, frozen=True, kw_only=True):
    """By their codes. `next`: hand it in as `after`; null: these were the last."""

    achievements: Sequence[AchievementLine]
    next: str | None


class Activity(Struct, frozen=True, kw_only=True):
    """`active`: of the `current` learners, those who did anything in the last 7 days."""

    active: int
    current: int
    active_of_current: float | None


class ActivityBody(Struct, frozen=True, kw_only=True):
    """It changes with time alone. `links`: from a figure's name to the list of enrollments."""

    position: int
    as_of: datetime | None
    offering: str
    activity: Activity
    time_to_complete: TimeToComplete
    links: Mapping[str, str]


class AllOf(Struct, frozen=True, kw_only=True, tag_field="type", tag="all_of"):
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


class AnyOf(Struct, frozen=True, kw_only=True, tag_field="type", tag="any_of"):
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


class Approval(Struct, frozen=True, kw_only=True):
    reason: str | None = None


class ApprovalView(Struct, frozen=True, kw_only=True):
    """`approved_by` is the subject of a person's token."""

    approved_by: str
    approved_at: datetime


class ApprovalsView(Struct, frozen=True, kw_only=True):
    """`persons`: how many different ones the criteria ask for, 0 if they ask for none.

    Those of an earlier cycle are not among them. `credential`: it is held.
    """

    learner: str
    achievement: str
    persons: int
    approvals: Sequence[ApprovalView]
    credential: str | None


class Approved(Struct, frozen=True, kw_only=True, tag_field="type", tag="approved"):
    """Holds when so many different persons have approved of the award to this learner."""

    persons: int = 1


class AskImpact(Struct, frozen=True, kw_only=True):
    """`definition`: as it would be published; null: the present one, applied to history. At most
    `limit` learners are judged; `cursor` is the `next` of the answer before.
    """

    definition: AchievementDefinition | None = None
    limit: int = 1000
    cursor: ImpactCursor | None = None


class AskWhatIf(Struct, frozen=True, kw_only=True):
    """`version`: only who is judged by it. `to_version`: by another published version's rules.

    `changes` come on top of either. At most `limit` enrollments are judged; `cursor` is the
    `next` of the answer before.
    """

    course: str
    offering: str | None = None
    version: int | None = None
    to_version: int | None = None
    changes: RuleChanges | UnsetType = UNSET
    limit: int = 1000
    cursor: WhatIfCursor | None = None


class AtRiskPage(Struct, frozen=True, kw_only=True):
    """Judged as of `at`: who is in and has not completed, while the offering runs (`phase`).

    `at_risk` of the `judged` are; `at_risk_of_judged` is 0 to 1, null without any. `reasons`: how
    many have each. `learners`: those with a reason, the most of them first. `links`: the lists of
    enrollments behind `at_risk` and behind each reason; none for a past day.
    """

    position: int
    as_of: datetime | None
    next: str | None
    offering: str
    at: datetime
    phase: OpenLiteral["not_begun", "over", "running"]
    judged: int
    at_risk: int
    at_risk_of_judged: float | None
    reasons: Mapping[str, int]
    links: Mapping[str, str]
    learners: Sequence[Judgement]


class AttestedSkill(Struct, frozen=True, kw_only=True):
    """As an alignment of Open Badges 3.0 names it: targetName, targetUrl, targetFramework and
    targetCode; the framework is ESCO, CASE, CTDL, O*NET or another.
    """

    name: str
    url: str
    framework: str | None = None
    code: str | None = None


class Backlog(Struct, frozen=True, kw_only=True):
    """How far a webhook is behind.

    waiting            deliveries, counted to 10,001
    oldest             since when the first of them waits
    parked             deliveries that never arrived
    behind             positions of the log that it has still to be told of, beside these
    failing_since      when the first of its deliveries failed since one arrived
    host_open_until    its host does not answer: nobody calls it before
    """

    waiting: int
    oldest: datetime | None
    parked: int
    behind: int
    failing_since: datetime | None
    last_delivered_at: datetime | None
    host_open_until: datetime | None


class BehindCohort(Struct, frozen=True, kw_only=True, tag_field="reason", tag="behind_cohort"):
    """`lesson` is what most have done: `done_by` of `cohort`; `lessons` are like it in all."""

    lesson: str
    done_by: int
    cohort: int
    lessons: int


class BehindOwnPace(Struct, frozen=True, kw_only=True, tag_field="reason", tag="behind_own_pace"):
    """`lesson` has been overdue longest, for so many whole days; `lessons` are overdue in all."""

    lesson: str
    due_at: datetime
    days: int
    lessons: int


class CatalogSearchPage(Struct, frozen=True, kw_only=True):
    """The best first. `words`: what was looked for. `more`: there are further results."""

    position: int
    as_of: datetime | None
    words: Sequence[str]
    results: Sequence[Found]
    more: bool


class CatalogWarning(Struct, frozen=True, kw_only=True):
    """`course` or `achievement` is the code that is named.

    unknown_course        nobody has drafted or published it
    unpublished_course    it is a draft: nobody can take it yet
    retired_course        no offering of it can be opened any more
    unknown_achievement   nobody has defined it
    retired_achievement   it is not awarded any more
    """

    condition: OpenLiteral[
        "retired_achievement",
        "retired_course",
        "unknown_achievement",
        "unknown_course",
        "unpublished_course",
    ]
    course: str | None = None
    achievement: str | None = None


class ChangeOffering(Struct, frozen=True, kw_only=True):
    """Absent: stays. null: no limit on that side; `offer_hours`: who waits first is in at once."""

    window_opens: datetime | UnsetType | None = UNSET
    window_closes: datetime | UnsetType | None = UNSET
    ends: datetime | UnsetType | None = UNSET
    seats: int | UnsetType | None = UNSET
    waitlist: bool | UnsetType = UNSET
    offer_hours: int | UnsetType | None = UNSET
    occurred_at: datetime | UnsetType | None = UNSET


class Check(Struct, frozen=True, kw_only=True):
    """`reason` is a code for programs, `words` a sentence for people; `path` says where."""

    check: OpenLiteral[
        "contexts",
        "dates",
        "endorsements",
        "format",
        "issuer",
        "key",
        "proof",
        "recipient",
        "shape",
        "status",
    ]
    outcome: OpenLiteral["failed", "not_applicable", "passed", "unknown"]
    reason: str
    words: str
    path: str | None = None


class CloudEvent(Struct, frozen=True, kw_only=True):
    """An event with all that tells where it comes from.

    id             of the event, forever: whoever remembers it does nothing twice
    source         the school and the service: `/milepost/<tenant>/<service>`
    type           `milepost.` and the event's name
    time           when it happened
    subject        the key of the log's stream, as in `stream`
    dataschema     where the schema of `data` is
    tenant         the school
    position       where it stands in the school's log: a whole number, as a text
    stream         in the log; percent-encoded where it is no printable ASCII
    streamversion  which of the stream's events it is: a whole number, as a text
    recordedat     when the log took it
    correlationid  of the request that it began with
    causationid    of the event that it follows from
    traceparent    W3C trace context
    data           the event itself, by the schema that `dataschema` names
    """

    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    subject: str
    datacontenttype: str
    dataschema: str | None = None
    tenant: str
    position: str
    stream: str
    streamversion: str
    recordedat: datetime
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    data: Any


class Completed(Struct, frozen=True, kw_only=True, tag_field="type", tag="completed"):
    """The lesson was done to its end."""

    id: str
    lesson: str
    occurred_at: datetime
    client: str | None = None


class Compromise(Struct, frozen=True, kw_only=True):
    compromised: bool = False


class Condition(Struct, frozen=True, kw_only=True):
    """A criterion and how the learner stands to it.

    `since` and `position` are those of the event that made it hold. `because` says why it does
    not hold, and `missing` how much it lacks: of a grade or score 0 to 1, of `hours`, else a
    number of parts or persons.

    `grade` is the learner's best in the course, `score` in the lesson, 0 to 1; each is given
    whether it suffices or not. It is absent where nothing is graded, which meets no `min_grade`
    above 0. `passing` is false when the grade has fallen below what the course itself asks for.
    `mode`, `not_before`, `not_after`, `hours`, `persons` and `n` are what is asked for; `learned`
    and `approved` are the hours and the persons that there are.
    """

    kind: OpenLiteral[
        "achievement_held",
        "all_of",
        "any_of",
        "approved",
        "course_passed",
        "hours_learned",
        "lesson_scored",
        "n_of",
        "program_completed",
        "skill_shown",
    ]
    holds: bool
    since: datetime | None = None
    position: int | None = None
    because: (
        OpenLiteral[
            "grade_fell",
            "grade_too_low",
            "held_no_longer",
            "not_completed",
            "not_held",
            "not_scored",
            "not_shown",
            "other_mode",
            "out_of_order",
            "outside_period",
            "score_too_low",
            "too_few_approvals",
            "too_few_hours",
            "too_few_parts",
            "unknown_program",
        ]
        | None
    ) = None
    missing: float | None = None
    course: str | None = None
    min_grade: float | None = None
    grade: float | None = None
    passing: bool = True
    mode: OpenLiteral["audit", "verified"] | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    lesson: str | None = None
    min_score: float | None = None
    score: float | None = None
    skill: str | None = None
    hours: float | None = None
    learned: float | None = None
    offering: str | None = None
    enrollment: str | None = None
    achievement: str | None = None
    credential: str | None = None
    program: str | None = None
    persons: int | None = None
    approved: int | None = None
    n: int | None = None
    conditions: Sequence[Condition] = ()


class CourseFile(Struct, frozen=True, kw_only=True):
    """A course, whole.

    $schema     for editors; what it says does not matter to an import
    title       the latest version's, or the draft's
    versions    in the order in which they were published; none of a draft
    retired_at  absent: it is not retired
    """

    _schema: str = msgspec.field(name="$schema", default="urn:milepost:schema:course:1")
    format: OpenLiteral["milepost-course"]
    format_version: int
    course: str
    title: str
    versions: Sequence[FiledVersion] = ()
    retired_at: datetime | None = None


class CourseLesson(Struct, frozen=True, kw_only=True):
    """`locked_by`: the lessons that come first and are not done. `unlocks`: so many wait for it.

    `score` (0 to 1) is that of the attempt that counts, less what came off for being late.
    `attempts_left` is null without a limit. `waived`: staff excused the learner.
    """

    lesson: str
    title: str
    kind: str
    required: bool
    weight: float
    status: OpenLiteral["done", "locked", "open", "started"]
    locked_by: Sequence[LessonName]
    unlocks: int
    waived: bool
    due_at: datetime | None
    overdue: bool
    attempts: int
    attempts_left: int | None
    score: float | None
    passed: bool | None


class CoursePassedBody(Struct, frozen=True, kw_only=True, tag_field="type", tag="course_passed"):
    course: str
    min_grade: float = 0.0


class CourseProgress(Struct, frozen=True, kw_only=True):
    """`lessons_done` of `lessons` is `percent_done` (0 to 100, one place; null while it is not known
    by which lessons the enrollment is judged). Grades are 0 to 1.

    grade_so_far   the average of what is scored, by weight; null while nothing is
    final_grade    that of the completion, as it is by now; null before, and where nothing is graded
    needed_average what all that can still be scored must reach to pass; null: nothing needed or
    nothing helps
    overdue        lessons that were due and are not done
    """

    lessons_done: int
    lessons: int
    percent_done: float | None
    grade_so_far: float | None
    passing_grade: float | None
    needed_average: float | None
    final_grade: float | None
    pace: OpenLiteral["ahead", "behind", "on_track", "unknown"]
    overdue: Sequence[LessonName]
    next_due_at: datetime | None
    next: NextLesson | None


class CourseResult(Struct, frozen=True, kw_only=True):
    """`grade` is 0 to 1, None where nothing is graded; `position` and `at` are the completion's.

    `passing`: the grade still suffices for the completion, which nothing but a person takes back.
    `mode` is that of the enrollment when it was completed, `hours` the workload and `skills` the
    addresses of what the course teaches; None and empty where that was not noted.
    """

    course: str
    version: int
    offering: str
    enrollment: str
    grade: float | None
    position: int
    at: datetime
    passing: bool
    mode: OpenLiteral["audit", "verified"] | None
    hours: float | None
    skills: Sequence[str]


class CourseRunsBody(Struct, frozen=True, kw_only=True):
    """The latest first, 100 at most."""

    position: int
    as_of: datetime | None
    course: str
    course_title: str
    runs: Sequence[OfferingListed]


class CourseStanding(Struct, frozen=True, kw_only=True):
    """How the course stands after the decision.

    changed      whether there was something to decide: what is so already stays as it is
    final_grade  0 to 1; None where the course is not completed, or nothing is graded
    passing      whether the completion's rule holds; None where the course is not completed
    """

    enrollment: str
    changed: bool
    completed_at: datetime | None
    final_grade: float | None
    passing: bool | None


class CourseVersion(Struct, frozen=True, kw_only=True):
    """`version`: the one just published, else the newest there is; 0 while it is a draft."""

    course: str
    version: int
    retired: bool


class CoursesPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    next: str | None
    courses: Sequence[DashboardsCourseView]


class CredentialEffects(Struct, frozen=True, kw_only=True):
    """By achievement: what would be `earned`, and what is held and would no longer be supported.

    Such a credential is not taken away: it is flagged, and a person decides. `undecided`: it
    could not be earned before, and now it may be: it asks for more than grades tell, as approval.
    """

    earned: Sequence[str]
    unsupported: Sequence[str]
    undecided: Sequence[str]


class CredentialListed(Struct, frozen=True, kw_only=True):
    """`achievement_title`: of its latest version; null where it was never defined here."""

    credential: str
    learner: str
    achievement: str
    achievement_version: int
    course: str | None
    offering: str | None
    enrollment: str | None
    awarded_at: datetime | None
    awarded_by: str
    valid_from: datetime | None
    valid_until: datetime | None
    withheld_until: datetime | None
    held_for_release: bool
    accepted_at: datetime | None
    declined_at: datetime | None
    suspended_at: datetime | None
    renewed_at: datetime | None
    superseded_by: str | None
    revoked_at: datetime | None
    reason: str | None
    flagged: bool
    flagged_at: datetime | None
    flag_reason: str | None
    position: int
    issuer: str
    suspension_reason: str | None
    expired_at: datetime | None
    shared_at: datetime | None
    public_since: datetime | None
    status: OpenLiteral[
        "active", "declined", "expired", "revoked", "superseded", "suspended", "withheld"
    ]
    achievement_title: str | None


class CredentialsAffected(Struct, frozen=True, kw_only=True):
    """`follows`: further achievements that would be awarded with it. `condition`: the new criteria,
    and how the learner stands to them. `credential`: the one that is held.
    """

    learner: str
    effect: OpenLiteral["gains", "loses"]
    condition: Condition
    credential: str | None = None
    follows: Sequence[str] = ()


class CredentialsCredentialView(Struct, frozen=True, kw_only=True):
    """Only `active` counts as held. `withheld`: under an embargo, or not released; who issues sees
    it, the learner does not. Positions are the log's.

    awarded_by  `policy`, or the person's subject: to the learner, `person`; so of renewals
    flag        what it rests on holds no longer (`grade_fell`, `score_fell`,
    `completion_revoked`): it stays valid until a person revokes it or lets it stand
    renews      the credential of the cycle before, which had expired
    renewals    each time it was made valid anew; `valid_from` and `valid_until` are the last's
    supersedes  the credential that it stands for; that one is `superseded` by this
    """

    credential: str
    achievement: str
    achievement_version: int
    status: OpenLiteral[
        "active", "declined", "expired", "revoked", "superseded", "suspended", "withheld"
    ]
    valid_from: datetime
    valid_until: datetime | None
    awarded_at: datetime
    awarded_by: str
    reason: str | None
    evidence: Sequence[Evidence]
    embargo_until: datetime | None
    held_for_release: bool
    released_at: datetime | None
    accepted_at: datetime | None
    declined_at: datetime | None
    suspended: Suspension | None
    revoked: Revocation | None
    superseded: Supersession | None
    supersedes: str | None
    renews: str | None
    renewals: Sequence[Renewal]
    flag: Flag | None


class CredentialsKeyView(Struct, frozen=True, kw_only=True):
    """`Ed25519` signs embedded proofs, `ES256` JWTs."""

    key: str
    algorithm: OpenLiteral["ES256", "Ed25519"]
    added_at: datetime
    retired_at: datetime | None
    compromised: bool


class CredentialsPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    next: str | None
    credentials: Sequence[CredentialListed]


class CredentialsProgramView(Struct, frozen=True, kw_only=True):
    """`beneath`: the programs that its achievements ask for, to any depth, each once."""

    learner: str
    program: ProgramProgress
    beneath: Sequence[ProgramProgress]


class CriteriaWarning(Struct, frozen=True, kw_only=True):
    """`course`, `lesson`, `skill`, `achievement` and `program` are what the criteria name.

    unknown_course        nobody has drafted or published it
    unpublished_course    it is a draft: nobody can take it yet
    retired_course        no offering of it can be opened any more
    unknown_lesson        the newest version of the course has no such lesson
    untaught_skill        no course that is published says that it teaches it
    unstated_workload     the newest version of the course does not say how many hours it takes
    too_few_hours         the courses named take fewer hours in all
    retired_achievement   it is not awarded any more
    unknown_program       nobody has defined it
    retired_program       it has no further versions
    empty_period          it ends before it begins
    period_over           it has ended
    """

    condition: OpenLiteral[
        "empty_period",
        "period_over",
        "retired_achievement",
        "retired_course",
        "retired_program",
        "too_few_hours",
        "unknown_course",
        "unknown_lesson",
        "unknown_program",
        "unpublished_course",
        "unstated_workload",
        "untaught_skill",
    ]
    course: str | None = None
    lesson: str | None = None
    skill: str | None = None
    achievement: str | None = None
    program: str | None = None


class DashboardsCourseView(Struct, frozen=True, kw_only=True):
    """`title` is in the language asked for where there is one: in `title_language`. `language` is
    what the course is taught in.
    """

    course: str
    title: str
    language: str | None
    latest_version: int
    lessons: int
    workload_hours: float | None
    drafted_at: datetime | None
    published_at: datetime | None
    retired_at: datetime | None
    state: OpenLiteral["draft", "published", "retired"]
    title_language: str | None


class DashboardsCredentialView(Struct, frozen=True, kw_only=True):
    """`status` is that of now; `reason` is the revocation's code, `flag_reason` the flag's.

    `awarded_by` is `policy`, or the subject of the person who awarded it: learners, and whoever
    asks for all that is a learner's, read `person`.
    """

    credential: str
    learner: str
    achievement: str
    achievement_version: int
    course: str | None
    offering: str | None
    enrollment: str | None
    awarded_at: datetime | None
    awarded_by: str
    valid_from: datetime | None
    valid_until: datetime | None
    withheld_until: datetime | None
    held_for_release: bool
    accepted_at: datetime | None
    declined_at: datetime | None
    suspended_at: datetime | None
    renewed_at: datetime | None
    superseded_by: str | None
    revoked_at: datetime | None
    reason: str | None
    flagged: bool
    flagged_at: datetime | None
    flag_reason: str | None
    position: int
    issuer: str
    suspension_reason: str | None
    expired_at: datetime | None
    shared_at: datetime | None
    public_since: datetime | None
    status: OpenLiteral[
        "active", "declined", "expired", "revoked", "superseded", "suspended", "withheld"
    ]


class DashboardsOfferingView(Struct, frozen=True, kw_only=True):
    """Counts of enrollments, each counted once in a stage, by the latest facts. Rates are 0 to 1,
    null without any; each is named for what it is of.

    `waitlisted` ever, `waiting` now; `seated` now, with the seats held on offer. `enrolled`: had
    a seat, less who was `transferred`, `deferred` or `canceled` since; `ever_enrolled`: with
    these. `current`: of those enrolled, who has not left; `verified`: of the current, by the mode
    of today. `withdrawn` and `expired`: gone now; `ever_withdrawn`: also who came back.
    `reached_25`, 50, 75: have done so many percent of the lessons, or completed the course.
    `awarded`: of those enrolled, a credential rests on it that stands; `credentials`: all that
    were ever awarded. `visits` are reports that added progress, time or clicks.
    `mean_grade_of_completed` is that of the `graded`: those completed who have a grade.
    """

    offering: str
    course: str | None
    course_version: int | None
    pace: str | None
    seats: int | None
    opened_at: datetime | None
    starts: datetime | None
    ends: datetime | None
    closed_at: datetime | None
    waitlisted: int
    waiting: int
    seated: int
    ever_enrolled: int
    enrolled: int
    current: int
    verified: int
    started: int
    reached_25: int
    reached_50: int
    reached_75: int
    completed: int
    completed_verified: int
    awarded: int
    graded: int
    withdrawn: int
    ever_withdrawn: int
    transferred: int
    deferred: int
    expired: int
    canceled: int
    credentials: int
    lessons_completed: int
    attempts: int
    visits: int
    clicks: int
    started_of_enrolled: float | None
    completed_of_enrolled: float | None
    completed_of_started: float | None
    completed_of_verified: float | None
    awarded_of_enrolled: float | None
    withdrawn_of_enrolled: float | None
    mean_grade_of_completed: float | None


class DashboardsProgramView(Struct, frozen=True, kw_only=True):
    """`achievements` are those of the latest version, in its order. `title` is in the language asked
    for where there is one: in `title_language`.
    """

    program: str
    title: str
    language: str
    latest_version: int
    rule: str
    n: int | None
    ordered: bool
    defined_at: datetime | None
    retired_at: datetime | None
    retirement_reason: str | None
    status: OpenLiteral["defined", "retired"]
    title_language: str
    achievements: Sequence[str]


class DayFigures(Struct, frozen=True, kw_only=True):
    """`enrolled` and so on: what the day changed, less than 0 where more was taken back than added;
    `total_…`: where it stood at the day's end.

    Stages are those of the funnel; `awarded`: credentials awarded, revoked ones included.
    `active`: enrollments in which anything was done on the day.
    """

    day: date
    enrolled: int
    started: int
    completed: int
    withdrawn: int
    awarded: int
    active: int
    total_enrolled: int
    total_started: int
    total_completed: int
    total_withdrawn: int
    total_awarded: int


class DaysPage(Struct, frozen=True, kw_only=True):
    """Days (UTC) in order; those on which nothing changed are left out."""

    position: int
    as_of: datetime | None
    days: Sequence[DayFigures]


class DeadlineReset(Struct, frozen=True, kw_only=True):
    """`reason`: staff say why, and may always; learners give none."""

    reason: str | None = None


class DecisionView(Struct, frozen=True, kw_only=True):
    decided_at: datetime
    decision: OpenLiteral["retry", "skip"]
    by: str
    reason: str | None


class DefineProgram(Struct, frozen=True, kw_only=True):
    """The whole definition.

    rule     how many of the achievements complete it: all, any one, or `n` of them (`n_of`)
    ordered  they are to be earned in the order in which they stand
    """

    title: str
    achievements: Sequence[str]
    rule: OpenLiteral["all", "any", "n_of"] = "all"
    n: int | None = None
    ordered: bool = False
    language: str = "en"
    titles: Mapping[str, str] = {}
    occurred_at: datetime | None = None


class DefinedAchievement(Struct, frozen=True, kw_only=True):
    """`warnings`: what the criteria ask for and nobody can have as things are now."""

    achievement: str
    version: int
    latest_version: int
    retired: bool
    defined_at: datetime
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
    narrative: str
    validity_days: int | None
    renewal_days: int
    embargo_until: datetime | None
    held_for_release: bool
    evidence_rule: OpenLiteral["none", "positions", "results"]
    description: str
    achievement_type: str
    skills: Sequence[AttestedSkill]
    tags: Sequence[str]
    image: str | None
    language: str
    names: Mapping[str, str]
    issuer: str | None
    co_issuers: Sequence[str]
    revoke_when_fallen: bool
    visibility: OpenLiteral["hidden", "public"]
    european: EuropeanBody | None
    endorsements: Sequence[EndorsementView]
    warnings: Sequence[CriteriaWarning]


class DefinedProgram(Struct, frozen=True, kw_only=True):
    """`warnings`: achievements that are not defined, or not awarded any more."""

    program: str
    version: int
    retired: bool
    warnings: Sequence[CatalogWarning]


class DefinitionFault(Struct, frozen=True, kw_only=True):
    """Where a definition makes no sense, and how: `$.skills[2].url`, `duplicate`."""

    path: str
    condition: str


class DefinitionLine(Struct, frozen=True, kw_only=True):
    """`achievements`: how many."""

    version: int
    title: str
    defined_at: datetime
    achievements: int
    rule: OpenLiteral["all", "any", "n_of"]
    n: int | None
    ordered: bool
    language: str


class DefinitionView(Struct, frozen=True, kw_only=True):
    """`titles` are all translations there are; `n` is null but for `n_of`."""

    version: int
    title: str
    defined_at: datetime
    achievements: Sequence[str]
    rule: OpenLiteral["all", "any", "n_of"]
    n: int | None
    ordered: bool
    language: str
    titles: Mapping[str, str]


class DefinitionsView(Struct, frozen=True, kw_only=True):
    program: str
    retired_at: datetime | None
    versions: Sequence[DefinitionLine]


class DeliveriesView(Struct, frozen=True, kw_only=True):
    """The newest first. `next`: the `cursor` of the next page; null on the last."""

    deliveries: Sequence[DeliveryView]
    next: str | None


class DeliveryDetailView(Struct, frozen=True, kw_only=True):
    """`body`: what is sent, which is made from the log each time. The last attempt comes first."""

    delivery: str
    event: str
    position: str | None
    state: OpenLiteral["delivered", "failed", "parked", "waiting"]
    attempts: int
    created_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    status: int | None
    error: str | None
    body: str
    tries: Sequence[SubscriptionsAttemptView]


class DeliveryView(Struct, frozen=True, kw_only=True):
    """`delivery` is the message's id, as the receiver was told it.

    state     waiting: it is tried until it arrives, for three days; parked: it never arrived;
    failed: a test, which is tried once
    position  of the event in the log; null of a test
    due_at    when it is tried next; of what waits alone
    status    HTTP, of the last answer; `error`: why there was none
    """

    delivery: str
    event: str
    position: str | None
    state: OpenLiteral["delivered", "failed", "parked", "waiting"]
    attempts: int
    created_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    status: int | None
    error: str | None


class DescribeGroup(Struct, frozen=True, kw_only=True):
    """`courses`: those in which its staff see how members stand; none: in all.

    Staff are shown `name`; it is for a group, not for a person.
    """

    name: str
    kind: OpenLiteral["cohort", "contract", "school_class"] = "cohort"
    courses: Sequence[str] = ()
    occurred_at: datetime | None = None


class DiffView(Struct, frozen=True, kw_only=True):
    """`from` 0: against nothing, everything is added."""

    course: str
    from_: int = msgspec.field(name="from")
    to: int
    differences: Sequence[EnrollmentDifference]


class DisabledView(Struct, frozen=True, kw_only=True):
    """`gone`: it answered 410; `failing`: nothing got through for days; `operator`: by hand."""

    reason: OpenLiteral["failing", "gone", "operator"]
    at: datetime
    failing_since: datetime | None
    status: int | None


class DraftCourse(Struct, frozen=True, kw_only=True):
    title: str
    occurred_at: datetime | None = None


class DueSoon(Struct, frozen=True, kw_only=True, tag_field="reason", tag="due_soon"):
    """`lesson` is due first; `lessons` are due within 3 days in all."""

    lesson: str
    due_at: datetime
    lessons: int


class ElementState(Struct, frozen=True, kw_only=True):
    """`field`: where it is stated; null for what every credential has."""

    element: OpenLiteral[
        "assessment_type",
        "awarding_body",
        "country",
        "date_of_issuing",
        "grade",
        "integration",
        "learner",
        "learning_outcomes",
        "level",
        "participation",
        "prerequisites",
        "quality_assurance",
        "supervision",
        "title",
        "workload",
    ]
    need: OpenLiteral["mandatory", "optional", "where_applicable"]
    state: OpenLiteral["each_credential", "given", "missing"]
    field: str | None


class EndingDay(Struct, frozen=True, kw_only=True):
    """So many end on this day (UTC), if nothing ends them before."""

    day: date
    ending: int


class EndorsementView(Struct, frozen=True, kw_only=True):
    endorsement: str
    issuer: str
    comment: str
    endorsed_at: datetime


class Endorsing(Struct, frozen=True, kw_only=True):
    issuer: str
    comment: str = ""


class Enroll(Struct, frozen=True, kw_only=True):
    """`learner`: an opaque id; learners give their own. `mode` absent: audit, or as it is."""

    learner: str
    mode: OpenLiteral["audit", "verified"] | None = None
    invited: Invited | None = None
    occurred_at: datetime | None = None


class EnrollmentBody(Struct, frozen=True, kw_only=True):
    """`progress` is null while there is no seat yet; `lessons` are in the order of the plan.
    `withdrawn_at` is that of this stay; `started_at` and the time spent are of all stays.
    """

    position: int
    as_of: datetime | None
    enrollment: str
    learner: str
    offering: str
    course: str
    course_version: int
    course_title: str | None
    mode: str
    state: str
    entered_at: datetime | None
    started_at: datetime | None
    last_activity: datetime | None
    milliseconds_spent: int
    completed_at: datetime | None
    withdrawn_at: datetime | None
    progress: CourseProgress | None
    lessons: Sequence[CourseLesson]


class EnrollmentCourseView(Struct, frozen=True, kw_only=True):
    """`plan`: of the version asked for, else of the newest; absent while it is a draft."""

    course: str
    title: str
    latest_version: int
    retired: bool
    plan: PlanView | None


class EnrollmentDifference(Struct, frozen=True, kw_only=True):
    """One thing that differs.

    id     the lesson's id, the skill's URL, the course or achievement required
    field  as the plan names it: `weight`, `titles.de`, `passing_rule.drop_lowest`; absent when
    the whole lesson, skill or prerequisite is meant
    place  from 1, in the new list: of what was added, moved or changed
    old    the value that was; of what moved, its place; absent when it was added
    new    the value that is; of what moved, its place; absent when it was removed
    """

    part: OpenLiteral["course", "lesson", "prerequisite", "skill"]
    kind: OpenLiteral["added", "changed", "moved", "removed"]
    id: str | None
    field: str | None
    place: int | None
    old: Any
    new: Any


class EnrollmentListed(Struct, frozen=True, kw_only=True):
    """`course_title`: of the course's latest version. `stage`: the last that was come to, `outside`
    for who never had a seat, or was moved. `departure`: how they left, while they are gone.
    `lessons_done` of `lessons_planned` is `percent_done`, null while the plan is not known.
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    course_version: int
    mode: str
    state: str
    stay: int
    entered_at: datetime | None
    waitlisted_at: datetime | None
    enrolled_at: datetime | None
    started_at: datetime | None
    lessons_started: int
    lessons_completed: int
    attempts: int
    visits: int
    clicks: int
    milliseconds_spent: int
    last_activity: datetime | None
    grade: float | None
    completed_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None
    course_title: str | None
    stage: OpenLiteral[
        "completed", "enrolled", "outside", "reached_25", "reached_50", "reached_75", "started"
    ]
    departure: OpenLiteral["canceled", "deferred", "expired", "transferred", "withdrawn"] | None
    lessons_done: int
    lessons_planned: int
    percent_done: float | None


class EnrollmentOfferingView(Struct, frozen=True, kw_only=True):
    """Seats are counted where there is a cap: `seats_taken` and `waiting` are absent elsewhere."""

    offering: str
    course: str
    version: int
    pace: OpenLiteral["cohort", "self_paced"]
    window_opens: datetime | None
    window_closes: datetime | None
    starts: datetime | None
    ends: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    seats: int | None
    waitlist: bool
    seats_taken: int | None
    waiting: int | None
    seats_offered: int | None
    offer_hours: int | None
    approval: bool
    invitation_only: bool
    modes: Sequence[OpenLiteral["audit", "verified"]]
    prerequisites: Sequence[RulesCoursePassed | RulesAchievementHeld]
    parallel_limit: int | None
    expires_days: int | None
    cancellation_reason: str | None


class EnrollmentProgramView(Struct, frozen=True, kw_only=True):
    """`title` is the newest version's; `definition`: of the one asked for, else of the newest."""

    program: str
    title: str
    latest_version: int
    retired: bool
    retirement_reason: str | None
    definition: DefinitionView


class EnrollmentRow(Struct, frozen=True, kw_only=True):
    """`state` is the enrollment's; `grade` (0 to 1) is that of the completion, as it is by now.

    `entered_at`: when this stay, the learner's first or second, …, began with a request, a wait
    or a seat; `waitlisted_at`, `enrolled_at`, `withdrawn_at` and the reason are this stay's.
    `visits` are reports that added progress, time or clicks; `last_activity` is when the latest
    of what was reported happened, however late it arrived. `started_at`: the first that was done,
    also of work that came along from another run.
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    course_version: int
    mode: str
    state: str
    stay: int
    entered_at: datetime | None
    waitlisted_at: datetime | None
    enrolled_at: datetime | None
    started_at: datetime | None
    lessons_started: int
    lessons_completed: int
    attempts: int
    visits: int
    clicks: int
    milliseconds_spent: int
    last_activity: datetime | None
    grade: float | None
    completed_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None


class EnrollmentStateView(Struct, frozen=True, kw_only=True):
    """`place` in the waitlist, from 1, while waiting; `offer_expires` while a seat is offered."""

    enrollment: str
    offering: str
    learner: str
    mode: OpenLiteral["audit", "verified"]
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
    place: int | None
    offer_expires: datetime | None = None


class EnrollmentView(Struct, frozen=True, kw_only=True):
    """`grade` is 0 to 1, once completed; reasons are codes.

    reason          of a suspension, or of the end
    expires         when it ends unless it is completed
    missing         prerequisites that a request still lacks
    transferred_to  the enrollment that goes on
    stay            the learner's first stay in this offering, or the second, …
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    mode: OpenLiteral["audit", "verified"]
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
    place: int | None
    grade: float | None
    withdrawal_reason: str | None
    reason: str | None
    offer_expires: datetime | None
    expires: datetime | None
    missing: Sequence[RulesCoursePassed | RulesAchievementHeld]
    transferred_to: str | None
    stay: int
    history: Sequence[Happened]


class EnrollmentsPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    next: str | None
    enrollments: Sequence[EnrollmentListed]


class ErasureView(Struct, frozen=True, kw_only=True):
    learner: str
    erased_at: datetime


class EuropeanBody(Struct, frozen=True, kw_only=True):
    """What a European micro-credential says beyond name, issuer, date and learner: Council
    Recommendation of 16 June 2022, Annex I. GET …/european says which are missing.
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


class EuropeanView(Struct, frozen=True, kw_only=True):
    """`complete`: no mandatory element is missing. `missing`: those, in the order of the annex."""

    complete: bool
    missing: Sequence[
        OpenLiteral[
            "assessment_type",
            "awarding_body",
            "country",
            "date_of_issuing",
            "grade",
            "integration",
            "learner",
            "learning_outcomes",
            "level",
            "participation",
            "prerequisites",
            "quality_assurance",
            "supervision",
            "title",
            "workload",
        ]
    ]
    elements: Sequence[ElementState]
    achievement: str
    version: int


class Evaluated(Struct, frozen=True, kw_only=True):
    """`revoked_before`: the criteria hold, but only by the evidence of a revoked credential."""

    learner: str
    outcome: OpenLiteral["already_held", "awarded", "not_yet", "revoked_before"]
    credential: str | None = None
    condition: Condition | None = None


class Evaluation(Struct, frozen=True, kw_only=True):
    learners: Sequence[str]


class EvaluationView(Struct, frozen=True, kw_only=True):
    results: Sequence[Evaluated]


class EventsDifference(Struct, frozen=True, kw_only=True):
    """One thing that is not as it should be.

    kind      `event_changed`, `row`, `parked`, `missing`, `unearned`, `lost`, …
    what      what it is about: a read model and its table, a stream, a learner and an achievement
    position  of the log, where there is one
    """

    kind: str
    what: str = ""
    position: int | None = None
    last: int | None = None


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


class FailedTwice(Struct, frozen=True, kw_only=True, tag_field="reason", tag="failed_twice"):
    """`attempts` failed at `lessons`, none of which has been passed since."""

    attempts: int
    lessons: Sequence[str]


class Fault(Struct, frozen=True, kw_only=True):
    """Where a request makes no sense, and how: `$.lessons[2].weight`, `negative`."""

    path: str
    condition: str


class FiledVersion(Struct, frozen=True, kw_only=True):
    """A version as it was published. `version` counts from 1, without gaps."""

    title: str
    lessons: Sequence[LessonBody]
    passing_rule: PassingRuleBody | UnsetType = UNSET
    skills: Sequence[SkillBody] = ()
    language: str = "en"
    workload_hours: float | None = None
    titles: Mapping[str, str] = {}
    prerequisites: Sequence[CoursePassedBody | AchievementHeldBody] = ()
    offline_days: int = 30
    late: LatePolicyBody | None = None
    deadline_resets: int = 0
    version: int
    published_at: datetime


class Flag(Struct, frozen=True, kw_only=True):
    """Why a person should look at a credential; `position` is where that stands in the log."""

    reason: str
    at: datetime
    position: int


class Found(Struct, frozen=True, kw_only=True):
    """`id`: of a skill its address. `title` is in `title_language`, null where that is not known;
    `course`: of an offering. `score`: the more the better, of no other meaning.
    """

    kind: OpenLiteral["achievement", "course", "offering", "program", "skill"]
    id: str
    title: str
    title_language: str | None
    course: str | None
    score: int


class GoOn(Struct, frozen=True, kw_only=True):
    skip: bool = False


class GradeView(Struct, frozen=True, kw_only=True):
    """Grades are 0 to 1. None where nothing has a weight, or nothing is scored yet.

    so_far          the average of what is scored, by weight
    secured         the grade if nothing more were scored
    best_possible   the grade with full scores in all that can still be scored, retakes included
    needed_average  what all of these must reach, if handed in today; None when not even full
    scores suffice, or no try is left; rounded up to 6 places
    """

    passing_grade: float
    so_far: float | None
    secured: float | None
    best_possible: float | None
    needed_average: float | None


class GradebookBody(Struct, frozen=True, kw_only=True):
    """`lessons` are the columns of `scores`; `next` is the cursor of the page that follows."""

    position: int
    as_of: datetime | None
    offering: str
    course: str
    lessons: Sequence[GradedLesson]
    rows: Sequence[GradebookRow]
    next: str | None


class GradebookRow(Struct, frozen=True, kw_only=True):
    """`scores`, 0 to 1, in the order of the columns: the one that counts, null without any.

    `waived`: the lessons of which staff excused the learner.
    """

    enrollment: str
    learner: str
    mode: str
    state: str
    percent_done: float | None
    grade_so_far: float | None
    final_grade: float | None
    last_activity: datetime | None
    scores: Sequence[float | None]
    waived: Sequence[str]


class GradedLesson(Struct, frozen=True, kw_only=True):
    """A column. `mastery_score` (0 to 1) passes it, where that is asked."""

    lesson: str
    title: str
    kind: str
    weight: float
    mastery_score: float | None


class GroupCourse(Struct, frozen=True, kw_only=True):
    """The same in one course. `course_title`: of its latest version, in the language asked for where
    there is one.
    """

    enrolled: int
    started: int
    completed: int
    holders: int
    credentials: int
    course: str
    course_title: str | None
    course_title_language: str | None


class GroupFigures(Struct, frozen=True, kw_only=True):
    """Of the members, learners, each counted once.

    enrolled     have a seat now, or have completed
    started      of those enrolled: began a lesson
    completed    of those enrolled
    holders      of the members: hold a credential now
    credentials  how many these hold
    """

    enrolled: int
    started: int
    completed: int
    holders: int
    credentials: int


class GroupListed(Struct, frozen=True, kw_only=True):
    """`members` now. `courses`: those in which staff see how members stand; none: in all."""

    group: str
    name: str
    kind: OpenLiteral["cohort", "contract", "school_class"]
    courses: Sequence[str]
    created_at: datetime | None
    archived_at: datetime | None
    status: OpenLiteral["archived", "open"]
    members: int


class GroupMember(Struct, frozen=True, kw_only=True):
    """How many courses of those that the group shows, and of `course` alone if it is asked for.

    enrolled     has a seat now, or has completed
    started      of these: began a lesson
    completed    of these
    credentials  held now
    """

    learner: str
    added_at: datetime
    enrolled: int
    started: int
    completed: int
    credentials: int


class GroupPage(Struct, frozen=True, kw_only=True):
    """`courses`: those that members are in, most enrolled first, at most 200."""

    position: int
    as_of: datetime | None
    group: GroupListed
    figures: GroupFigures
    rates: GroupRates
    courses: Sequence[GroupCourse]


class GroupRates(Struct, frozen=True, kw_only=True):
    """0 to 1; null where nobody is in the denominator."""

    enrolled_of_members: float | None
    started_of_enrolled: float | None
    completed_of_enrolled: float | None
    holders_of_members: float | None


class GroupRiskPage(Struct, frozen=True, kw_only=True):
    """`at_risk` of `judged`: members who are in a running offering and have not completed it, each
    counted once. `whole`: all their offerings were judged; else the 20 with most members.
    """

    position: int
    as_of: datetime | None
    group: str
    judged: int
    at_risk: int
    whole: bool
    members: Sequence[MemberAtRisk]


class GroupView(Struct, frozen=True, kw_only=True):
    """`staff`: the subjects of their tokens, in the order in which they were assigned."""

    group: str
    name: str
    kind: OpenLiteral["cohort", "contract", "school_class"]
    courses: Sequence[str]
    created_at: datetime | None
    archived_at: datetime | None
    staff: Sequence[str]


class GroupsPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    next: str | None
    groups: Sequence[GroupListed]


class HandAward(Struct, frozen=True, kw_only=True):
    achievement: str
    reason: str
    occurred_at: datetime | None = None


class Happened(Struct, frozen=True, kw_only=True):
    """`occurred_at`: in the world; `recorded_at`: when the log took it, at `position`."""

    event: str
    occurred_at: datetime
    recorded_at: datetime
    position: int


class HomeBody(Struct, frozen=True, kw_only=True):
    """The latest first, of enrollments and credentials (200 each at most); milestones, what is
    ahead: the nearest first (50 at most).
    """

    position: int
    as_of: datetime | None
    learner: str
    enrollments: Sequence[HomeEnrollment]
    credentials: Sequence[HomeCredential]
    milestones: Sequence[Milestone]


class HomeCredential(Struct, frozen=True, kw_only=True):
    """`achievement_name`: of its latest version, in the language asked for where there is one."""

    credential: str
    learner: str
    achievement: str
    achievement_version: int
    course: str | None
    offering: str | None
    enrollment: str | None
    awarded_at: datetime | None
    awarded_by: str
    valid_from: datetime | None
    valid_until: datetime | None
    withheld_until: datetime | None
    held_for_release: bool
    accepted_at: datetime | None
    declined_at: datetime | None
    suspended_at: datetime | None
    renewed_at: datetime | None
    superseded_by: str | None
    revoked_at: datetime | None
    reason: str | None
    flagged: bool
    flagged_at: datetime | None
    flag_reason: str | None
    position: int
    issuer: str
    suspension_reason: str | None
    expired_at: datetime | None
    shared_at: datetime | None
    public_since: datetime | None
    status: OpenLiteral[
        "active", "declined", "expired", "revoked", "superseded", "suspended", "withheld"
    ]
    achievement_name: str | None


class HomeEnrollment(Struct, frozen=True, kw_only=True):
    """`progress` is null while there is no seat yet. `ends`: of the offering."""

    enrollment: str
    offering: str
    course: str
    course_title: str | None
    mode: str
    state: str
    entered_at: datetime | None
    ends: datetime | None
    last_activity: datetime | None
    completed_at: datetime | None
    progress: CourseProgress | None


class HoursLearned(Struct, frozen=True, kw_only=True, tag_field="type", tag="hours_learned"):
    """Holds when the workloads of the courses passed, of these or of all, come to so many hours."""

    hours: float
    courses: Sequence[str] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None


class ImageView(Struct, frozen=True, kw_only=True):
    """`image` goes into a definition or an issuer's profile; at `url` everybody sees it."""

    image: str
    url: str
    width: int
    height: int


class Impact(Struct, frozen=True, kw_only=True):
    """True for `position` of the log. `judged`: learners who have a result or a record. `affected`:
    those for whom something would change. `next`: there are more; None: that was all.
    """

    position: int
    version: int
    judged: int
    gain: int
    lose: int
    affected: Sequence[CredentialsAffected]
    next: ImpactCursor | None


class ImpactCursor(Struct, frozen=True, kw_only=True):
    """Where an answer goes on: behind the learners of the one before, as the log was then."""

    after: int
    position: int


class Imported(Struct, frozen=True, kw_only=True):
    """What an import came, or would come, to. `published`: the versions that are new here;
    `written`: false when all of it was here already. `warnings`: what the plan of the newest of
    these says and hardly anybody means, with its path.
    """

    course: str
    versions: int
    retired: bool
    published: Sequence[int]
    written: bool
    warnings: Sequence[PlanWarning]


class InMode(Struct, frozen=True, kw_only=True):
    mode: OpenLiteral["audit", "verified"]
    occurred_at: datetime | None = None


class Inactive(Struct, frozen=True, kw_only=True, tag_field="reason", tag="inactive"):
    """`days` are whole ones; `others_active` of `cohort` did something in the last 7 days."""

    days: int
    last_activity: datetime | None
    others_active: int
    cohort: int


class InstructorView(Struct, frozen=True, kw_only=True):
    offering: str
    instructor: str
    assigned: bool


class InstructorsView(Struct, frozen=True, kw_only=True):
    """The subjects of their tokens, in the order in which they were assigned."""

    offering: str
    instructors: Sequence[str]


class IntegrityView(Struct, frozen=True, kw_only=True):
    """`head`: where the log ends now. `position`: all parts are true for it, or for a later one."""

    verdict: OpenLiteral["differs", "equal", "failed", "unknown"]
    head: int
    position: int | None
    parts: Sequence[PartView]


class InvitationStanding(Struct, frozen=True, kw_only=True):
    """`used_by`: the enrollment that it was good for."""

    invitation: str
    offering: str
    expires: datetime
    used_by: str | None
    revoked: bool


class InvitationView(Struct, frozen=True, kw_only=True):
    """`code` is shown once, when it is issued; send it to the address with the id."""

    invitation: str
    offering: str
    expires: datetime
    code: str | None


class Invite(Struct, frozen=True, kw_only=True):
    """`email` is not stored: only who knows it and the code can use the invitation."""

    email: str
    expires: datetime
    occurred_at: datetime | None = None


class Invited(Struct, frozen=True, kw_only=True):
    """The invitation that is used: its id and code, and the address that it was sent to."""

    invitation: str
    code: str
    email: str


class IssuedAchievement(Struct, frozen=True, kw_only=True):
    """`title` is null where the achievement was never defined here."""

    awarded: int
    accepted: int
    shared: int
    active: int
    withheld: int
    suspended: int
    expired: int
    declined: int
    superseded: int
    revoked: int
    ends_in_30_days: int
    ends_in_90_days: int
    achievement: str
    title: str | None
    retired_at: datetime | None


class IssuedCounts(Struct, frozen=True, kw_only=True):
    """Credentials. `awarded` is of all times, and each stands in one of `active`, `withheld`,
    `suspended`, `expired`, `declined`, `superseded`, `revoked` now. `accepted` and `shared`, of
    `awarded`, ever. `ends_in_30_days`, of those that are active, withheld or suspended: their
    validity ends today or on one of the next 29 days (UTC); `ends_in_90_days` holds these too.
    """

    awarded: int
    accepted: int
    shared: int
    active: int
    withheld: int
    suspended: int
    expired: int
    declined: int
    superseded: int
    revoked: int
    ends_in_30_days: int
    ends_in_90_days: int


class IssuedWeek(Struct, frozen=True, kw_only=True):
    """What happened in the week that began on Monday `week` (UTC). `shared`: for the first time."""

    week: date
    awarded: int
    accepted: int
    shared: int
    declined: int
    suspended: int
    reinstated: int
    renewed: int
    expired: int
    superseded: int
    revoked: int


class IssuerFiguresPage(Struct, frozen=True, kw_only=True):
    """`achievements`: those with the most awards first, 500 at most. `weeks`: without gaps, this one
    last. `ending`: the days of the next 90 on which something ends.
    """

    position: int
    as_of: datetime | None
    issuer: str
    name: str | None
    total: IssuedCounts
    achievements: Sequence[IssuedAchievement]
    weeks: Sequence[IssuedWeek]
    ending: Sequence[EndingDay]


class IssuerListed(Struct, frozen=True, kw_only=True):
    """`name` is null while it was never defined."""

    issuer: str
    name: str | None
    awarded: int


class IssuerProfile(Struct, frozen=True, kw_only=True):
    """`image`: the SHA-256 of a logo that was uploaded."""

    name: str
    url: str | None = None
    description: str = ""
    email: str | None = None
    country: str | None = None
    image: str | None = None
    hashed_recipient: bool = True
    did: bool = False


class IssuerView(Struct, frozen=True, kw_only=True):
    """`id` is the issuer's in badges. `version` is 0 while it was never defined."""

    issuer: str
    id: str
    did: str
    version: int
    retired: bool
    profile: Profile
    keys: Sequence[CredentialsKeyView]


class IssuersFiguresPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    issuers: Sequence[IssuerListed]


class IssuersView(Struct, frozen=True, kw_only=True):
    issuers: Sequence[IssuerView]


class JobPage(Struct, frozen=True, kw_only=True):
    """`next`: the `cursor` of the next page; null on the last."""

    jobs: Sequence[JobView]
    next: str | None


class JobStatus(Struct, frozen=True, kw_only=True):
    """`rows` there are, `done` of them have a result. Of a dry run: what would come of them.

    outcomes         how many rows came to what, without those that were refused
    canceling        it was told to end, and will
    refused          how many rows
    refusals         of these, by the problem's name
    rows_per_second  since it was begun
    """

    job: str
    kind: str
    state: OpenLiteral["canceled", "done", "failed", "queued", "running"]
    dry_run: bool
    offering: str | None
    by: str
    rows: int
    done: int
    outcomes: Mapping[str, int]
    refused: int
    refusals: Mapping[str, int]
    canceling: bool
    rows_per_second: float | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class JobStatuses(Struct, frozen=True, kw_only=True):
    """`next`: the `cursor` of the next page; null on the last."""

    jobs: Sequence[JobStatus]
    next: str | None


class JobView(Struct, frozen=True, kw_only=True):
    """`rows` there are, `done` of them have a result. Of a dry run: what would come of them.

    canceling        it was told to end, and will
    refused          how many rows
    refusals         of these, by the problem's name
    rows_per_second  since it was begun
    """

    job: str
    state: OpenLiteral["canceled", "done", "failed", "queued", "running"]
    dry_run: bool
    offering: str | None
    by: str
    rows: int
    done: int
    enrolled: int
    waitlisted: int
    requested: int
    pending_approval: int
    unchanged: int
    refused: int
    refusals: Mapping[str, int]
    canceling: bool
    rows_per_second: float | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class Judgement(Struct, frozen=True, kw_only=True):
    """`at_risk`: of the reasons, one is more than that something is due soon."""

    enrollment: str
    learner: str
    last_activity: datetime | None
    at_risk: bool
    reasons: Sequence[Inactive | BehindOwnPace | BehindCohort | FailedTwice | DueSoon]


class Lag(Struct, frozen=True, kw_only=True):
    """`pending`: events not sent yet; `unacknowledged`: sent, and not acknowledged."""

    pending: int
    unacknowledged: int
    redelivered: int


class LateChange(Struct, frozen=True, kw_only=True):
    """Another late policy, within the limits of one that is published."""

    percent_per_day: float
    floor: float = 0.0
    grace_hours: float = 0.0


class LatePolicyBody(Struct, frozen=True, kw_only=True):
    percent_per_day: float
    floor: float = 0.0
    grace_hours: float = 0.0


class LearnerPage(Struct, frozen=True, kw_only=True):
    """Enrollments, the latest first; credentials in the order they were awarded."""

    position: int
    as_of: datetime | None
    learner: str
    enrollments: Sequence[EnrollmentRow]
    credentials: Sequence[DashboardsCredentialView]


class LearnerSkill(Struct, frozen=True, kw_only=True):
    """`level` and `since` when the first of the credentials that attest it became valid.

    `grade` (0 to 1) is the best; null where nothing is graded, and to others than the learner.
    """

    skill: str
    name: str
    framework: str | None
    code: str | None
    level: OpenLiteral["achieved", "distinction", "in_progress", "merit"]
    since: datetime | None
    grade: float | None
    credentials: Sequence[str]
    courses: Sequence[str]


class LearnerSkillsPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    learner: str
    skills: Sequence[LearnerSkill]


class LearnerView(Struct, frozen=True, kw_only=True):
    learner: str
    name: str
    email: str | None
    locale: str | None


class LessonAttempts(Struct, frozen=True, kw_only=True):
    """In order of `occurred_at`. `due_at`: None where the lesson is never due."""

    enrollment: str
    lesson: str
    due_at: datetime | None
    waived: bool
    attempts: Sequence[ProgressAttemptView]
    waivers: Sequence[WaiverView]


class LessonBody(Struct, frozen=True, kw_only=True):
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
    late: LatePolicyBody | None = None
    skills: Sequence[str] = ()


class LessonChange(Struct, frozen=True, kw_only=True):
    """`rules` name what is different. `done` is None where the version does not have the lesson.

    What is gone is kept in the history, and counts again if a later version has it.
    """

    lesson: str
    change: OpenLiteral["changed", "gone", "kept", "new"]
    rules: Sequence[str]
    done_before: bool | None
    done_after: bool | None
    weight_before: float | None
    weight_after: float | None


class LessonChanges(Struct, frozen=True, kw_only=True):
    """What is absent stays; null takes a limit, a mastery score, a due day or a policy away."""

    required: bool | UnsetType = UNSET
    weight: float | UnsetType = UNSET
    move_on: (
        OpenLiteral[
            "Completed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable", "Passed"
        ]
        | UnsetType
    ) = UNSET
    mastery_score: float | None = None
    attempts_allowed: int | None = None
    counts: OpenLiteral["best", "first", "last"] | UnsetType = UNSET
    due_day: int | None = None
    late: LateChange | None = None


class LessonName(Struct, frozen=True, kw_only=True):
    """`title` is in the language asked for where there is one."""

    lesson: str
    title: str


class LessonScored(Struct, frozen=True, kw_only=True, tag_field="type", tag="lesson_scored"):
    """Holds when the attempt that counts at this lesson has at least `min_score`."""

    course: str
    lesson: str
    min_score: float


class LessonView(Struct, frozen=True, kw_only=True):
    """`missing` are the lessons that lock this one, `unlocks` how many wait for this one.

    `progress` and `score` are 0 to 1; `score` is that of the attempt that counts. `attempts_left`
    is None without a limit. `overdue`: it was due and is not done. `resume_position`: where the
    learner left off, as the player said it. `waived`: staff excused the learner, so it is done.
    """

    id: str
    title: str
    kind: str
    required: bool
    weight: float
    status: OpenLiteral["done", "locked", "open", "started"]
    missing: Sequence[str]
    unlocks: int
    waived: bool
    due_at: datetime | None
    overdue: bool
    progress: float
    started_at: datetime | None
    completed_at: datetime | None
    resume_position: str | None
    seconds_spent: float
    clicks: int
    attempts: int
    attempts_left: int | None
    score: float | None
    passed: bool | None


class LessonsBody(Struct, frozen=True, kw_only=True):
    """In the order of the course's plan; shares are of the `enrolled`, or as they are named."""

    position: int
    as_of: datetime | None
    offering: str
    enrolled: int
    lessons: Sequence[LinkedLesson]


class LiftingFlag(Struct, frozen=True, kw_only=True):
    reason: str


class LinkView(Struct, frozen=True, kw_only=True):
    """`link` is its id, and opens nothing."""

    link: str
    shows_name: bool
    ends: datetime | None


class LinkedLesson(Struct, frozen=True, kw_only=True):
    """`links`: from a figure's name to the list of enrollments behind it."""

    lesson: str
    title: str
    kind: str
    required: bool
    weight: float
    started: int
    done: int
    dropped: int
    started_of_enrolled: float | None
    done_of_enrolled: float | None
    dropped_of_started: float | None
    scored: int
    mean_score: float | None
    links: Mapping[str, str]


class LinkedScores(Struct, frozen=True, kw_only=True):
    """`bucket_links`: for each of `buckets` the list of enrollments behind it."""

    lesson: str
    title: str
    scored: int
    mean_score: float | None
    buckets: Sequence[int]
    bucket_links: Sequence[str]


class Liveness(Struct, frozen=True, kw_only=True):
    alive: bool


class Me(Struct, frozen=True, kw_only=True):
    """What Milepost takes from the token, which ends at `expires_at`, and of a learner the latest
    200 enrollments and credentials. What is next: `GET /dashboards/learners/{learner}/home`.
    """

    position: int
    as_of: datetime | None
    subject: str
    tenant: str
    roles: Sequence[str]
    expires_at: datetime
    enrollments: Sequence[EnrollmentListed]
    credentials: Sequence[DashboardsCredentialView]


class MemberAtRisk(Struct, frozen=True, kw_only=True):
    learner: str
    course: str
    course_title: str | None
    offering: str


class MemberCourse(Struct, frozen=True, kw_only=True):
    """One enrollment, as far as staff are told."""

    course: str
    course_title: str | None
    course_title_language: str | None
    offering: str
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
    started: bool
    completed_at: datetime | None


class MemberCredential(Struct, frozen=True, kw_only=True):
    credential: str
    achievement: str
    achievement_title: str | None
    course: str | None
    awarded_at: datetime
    valid_until: datetime | None


class MemberPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    group: str
    learner: str
    added_at: datetime
    enrollments: Sequence[MemberCourse]
    credentials: Sequence[MemberCredential]


class MemberResult(Struct, frozen=True, kw_only=True):
    """`changed`: by this request; who was a member already, or was none, stays so."""

    learner: str
    member: bool
    changed: bool


class Members(Struct, frozen=True, kw_only=True):
    """Each once, however often it is named."""

    learners: Sequence[str]
    occurred_at: datetime | None = None


class MembersPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    next: str | None
    members: Sequence[GroupMember]


class MembersView(Struct, frozen=True, kw_only=True):
    """`changed`: how many this request added or removed. A result for each that was named."""

    group: str
    changed: int
    results: Sequence[MemberResult]


class MigratePlan(Struct, frozen=True, kw_only=True):
    """`version` of the course; `reason` is a code."""

    version: int
    reason: str


class MigratedPlan(Struct, frozen=True, kw_only=True):
    """How the course stands by the version.

    changed      whether it was another version before
    final_grade  0 to 1; None where the course is not completed, or nothing is graded
    passing      whether the version's rule holds; None where the course is not completed
    """

    enrollment: str
    version: int
    changed: bool
    completed_at: datetime | None
    final_grade: float | None
    passing: bool | None


class MigrationPreview(Struct, frozen=True, kw_only=True):
    """Grades are 0 to 1, None where nothing is graded.

    missing      required lessons that would not be done by the new version
    grade_short  the grade would not suffice for the new version's passing grade
    kept         the course stays completed although the new version demands more
    """

    enrollment: str
    learner: str
    course: str
    version: int
    to_version: int
    completed_before: bool
    completed_after: bool
    kept: bool
    grade_before: float | None
    grade_after: float | None
    passing_grade_before: float
    passing_grade_after: float
    drop_lowest_before: int
    drop_lowest_after: int
    grade_short: bool
    missing: Sequence[str]
    lessons: Sequence[LessonChange]


class Milestone(Struct, frozen=True, kw_only=True):
    """An achievement that is not held, and that one of the learner's courses leads to.

    `met` of `criteria` hold. `course` is the learner's course that leads there, with its title.
    """

    achievement: str
    name: str
    met: int
    criteria: int
    course: str
    course_title: str | None


class ModelJobView(Struct, frozen=True, kw_only=True):
    """`events` of `head` have been folded while it runs; null where that says nothing.

    outcome  what came of it: `result` is switched, identical, different, parks_more, dropped or
    refused (then there is a `reason`), and for a comparison come its figures
    whole    it is about all schools of the installation
    """

    job: str
    action: OpenLiteral["build", "compare", "drop", "rebuild", "rollback", "switch"]
    model: str
    generation: int | None
    whole: bool
    state: OpenLiteral["canceled", "done", "failed", "queued", "running"]
    canceling: bool
    by: str
    events: int | None
    head: int | None
    outcome: Mapping[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ModelJobsView(Struct, frozen=True, kw_only=True):
    """`next`: the `cursor` of the next page; null on the last."""

    jobs: Sequence[ModelJobView]
    next: str | None


class ModelStanding(Struct, frozen=True, kw_only=True):
    """`lag` in events. `parked`: events that could not be folded, and what waits behind them."""

    name: str
    generation: int
    version: int
    status: str
    position: int
    lag: int
    as_of: datetime | None
    parked: int


class Move(Struct, frozen=True, kw_only=True):
    """`to`: the other offering; `reason`: a code."""

    to: str
    reason: str
    occurred_at: datetime | None = None


class MoveTogether(Struct, frozen=True, kw_only=True):
    """`enrollments` absent: whoever is in, waits, has asked, or was let go by a cancellation."""

    to: str
    reason: str
    enrollments: Sequence[str] | None = None
    occurred_at: datetime | None = None


class Moved(Struct, frozen=True, kw_only=True):
    """One of those who were to move: where it goes on, or the problem why it stays."""

    enrollment: str
    to: EnrollmentStateView | None
    problem: Mapping[str, Any] | None


class MovedTogether(Struct, frozen=True, kw_only=True):
    moved: int
    results: Sequence[Moved]


class NOf(Struct, frozen=True, kw_only=True, tag_field="type", tag="n_of"):
    """Holds when at least `n` of the criteria hold."""

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


class NamedLearner(Struct, frozen=True, kw_only=True):
    learner: str


class NewCheck(Struct, frozen=True, kw_only=True):
    """Which `parts` are to be looked at again; all, where none is named."""

    parts: Sequence[OpenLiteral["awards", "log", "models", "stream"]] = ()


class NewModelJob(Struct, frozen=True, kw_only=True):
    """`confirm`: the read model's name, for `switch`, `rollback` and `drop`."""

    action: OpenLiteral["build", "compare", "drop", "rebuild", "rollback", "switch"]
    model: str
    confirm: str | None = None


class NewRedelivery(Struct, frozen=True, kw_only=True):
    """One of `delivery`, `after` and `since` says what: one, or what the log has from there on.

    delivery     one, by its message's id
    after, upto  positions; the first one is not delivered, the last one is. `upto` null: to the end
    since        when it was recorded
    failed_only  only what was given up
    per_second   how many a second at most; null: as fast as it is taken
    """

    delivery: str | None = None
    after: int | None = None
    upto: int | None = None
    since: datetime | None = None
    failed_only: bool = False
    per_second: int | None = None


class NewWebhook(Struct, frozen=True, kw_only=True):
    """All that is published from now on, or, with `after` or `since`, from then on."""

    url: str
    types: Sequence[str] = ()
    courses: Sequence[str] = ()
    offerings: Sequence[str] = ()
    achievements: Sequence[str] = ()
    learners: Sequence[str] = ()
    ordered: OpenLiteral["learner", "none"] = "none"
    signature: OpenLiteral["v1", "v1a"] = "v1"
    description: str = ""
    after: int | None = None
    since: datetime | None = None


class NewWebhookView(Struct, frozen=True, kw_only=True):
    """`secret`: what signatures are checked with: of v1 `whsec_…`, of v1a the public `whpk_…`."""

    webhook: str
    url: str
    types: Sequence[str]
    courses: Sequence[str]
    offerings: Sequence[str]
    achievements: Sequence[str]
    learners: Sequence[str]
    ordered: OpenLiteral["learner", "none"]
    description: str
    state: OpenLiteral["active", "deleted", "disabled", "paused", "unverified"]
    verified: bool
    paused: bool
    disabled: DisabledView | None
    after: int
    created_at: datetime
    created_by: str
    keys: Sequence[SubscriptionsKeyView]
    secret: str


class Next(Struct, frozen=True, kw_only=True):
    """`reason`: why this lesson.

    started        it is begun
    required       it is, and has not been failed
    due_soonest    of what is wanted, it is due before the others
    unlocks_most   more lessons wait for it than for the others
    failed         it was failed, and tries are left
    weakest_skill  it teaches the skill that has the lowest scores
    grade          the grade falls short, and this raises it most
    optional       it is there to be done
    """

    lesson: str
    reason: OpenLiteral[
        "due_soonest",
        "failed",
        "grade",
        "optional",
        "required",
        "started",
        "unlocks_most",
        "weakest_skill",
    ]


class NextLesson(Struct, frozen=True, kw_only=True):
    """`reason`: why this one; the words stand in `docs/concepts/figures.md`."""

    lesson: str
    title: str
    kind: str
    reason: OpenLiteral[
        "due_soonest",
        "failed",
        "grade",
        "optional",
        "required",
        "started",
        "unlocks_most",
        "weakest_skill",
    ]
    due_at: datetime | None


class Obstacle(Struct, frozen=True, kw_only=True):
    """`problem`: what enrolling would be answered; `remedy`: what would change it, a code."""

    problem: Mapping[str, Any]
    remedy: str


class OfferingListed(Struct, frozen=True, kw_only=True):
    """`course_title`: of the course's latest version."""

    offering: str
    course: str | None
    course_version: int | None
    pace: str | None
    seats: int | None
    opened_at: datetime | None
    starts: datetime | None
    ends: datetime | None
    closed_at: datetime | None
    waitlisted: int
    waiting: int
    seated: int
    ever_enrolled: int
    enrolled: int
    current: int
    verified: int
    started: int
    reached_25: int
    reached_50: int
    reached_75: int
    completed: int
    completed_verified: int
    awarded: int
    graded: int
    withdrawn: int
    ever_withdrawn: int
    transferred: int
    deferred: int
    expired: int
    canceled: int
    credentials: int
    lessons_completed: int
    attempts: int
    visits: int
    clicks: int
    started_of_enrolled: float | None
    completed_of_enrolled: float | None
    completed_of_started: float | None
    completed_of_verified: float | None
    awarded_of_enrolled: float | None
    withdrawn_of_enrolled: float | None
    mean_grade_of_completed: float | None
    course_title: str | None


class OfferingLooked(Struct, frozen=True, kw_only=True):
    id: str
    problem: Mapping[str, Any] | None = None
    found: EnrollmentOfferingView | None = None


class OfferingPage(Struct, frozen=True, kw_only=True):
    """`stages` are the funnel: who is in one is in all before it, but for `awarded`.

    `links`: from a figure's name to the list of enrollments behind it.
    """

    position: int
    as_of: datetime | None
    offering: DashboardsOfferingView
    stages: Sequence[StageCount]
    links: Mapping[str, str]


class OfferingsLooked(Struct, frozen=True, kw_only=True):
    """In the order they were asked for, each once."""

    results: Sequence[OfferingLooked]


class OfferingsPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    next: str | None
    offerings: Sequence[OfferingListed]


class OpenOffering(Struct, frozen=True, kw_only=True):
    """Absent: `version` the latest; a time, no limit on that side; `seats` no cap.

    offer_hours     how long a freed seat is held for who waits; absent: it is theirs at once
    approval        somebody approves before one is in
    prerequisites   absent: those of the course version
    parallel_limit  how many offerings with a limit a learner may be in at once
    expires_days    who has not completed so many days after `ends` is out
    """

    course: str
    version: int | None = None
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
    prerequisites: Sequence[CoursePassedBody | AchievementHeldBody] | None = None
    parallel_limit: int | None = None
    expires_days: int | None = None
    occurred_at: datetime | None = None


class OpenedOffering(Struct, frozen=True, kw_only=True):
    """`warnings`: what its prerequisites name and nobody can have as things are."""

    offering: str
    course: str
    version: int
    pace: OpenLiteral["cohort", "self_paced"]
    window_opens: datetime | None
    window_closes: datetime | None
    starts: datetime | None
    ends: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    seats: int | None
    waitlist: bool
    seats_taken: int | None
    waiting: int | None
    seats_offered: int | None
    offer_hours: int | None
    approval: bool
    invitation_only: bool
    modes: Sequence[OpenLiteral["audit", "verified"]]
    prerequisites: Sequence[RulesCoursePassed | RulesAchievementHeld]
    parallel_limit: int | None
    expires_days: int | None
    cancellation_reason: str | None
    warnings: Sequence[CatalogWarning]


class OperationsPage(Struct, frozen=True, kw_only=True):
    """A tenant's log and the read models made of it; more of them while one is rebuilt."""

    position: int
    as_of: datetime | None
    head: int
    models: Sequence[ModelStanding]


class Overview(Struct, frozen=True, kw_only=True):
    """`percent_required_done` is of the required lessons of which anything is asked.

    A percentage is 100 only when all is done, 0 only when nothing is. `deadline_resets_left`: so
    often may the learner still have their due dates count anew. `passing`: the rule of the
    completed course holds now; None where it is not completed.
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    opened_at: datetime
    closed_at: datetime | None
    completed_at: datetime | None
    final_grade: float | None
    passing: bool | None
    percent_done: float
    percent_required_done: float
    seconds_spent: float
    time_left: TimeLeft
    pace: Pace
    deadline_resets_left: int
    grade: GradeView
    next: Next | None
    resume: Resume | None
    lessons: Sequence[LessonView]


class OverviewLooked(Struct, frozen=True, kw_only=True):
    id: str
    problem: Mapping[str, Any] | None = None
    found: Overview | None = None


class OverviewsLooked(Struct, frozen=True, kw_only=True):
    """In the order they were asked for, each once."""

    results: Sequence[OverviewLooked]


class Pace(Struct, frozen=True, kw_only=True):
    """Of the lessons with a due date that are required or have a weight.

    ahead     all that was due is done, and all that is due next as well
    on_track  all that was due is done
    behind    something that was due is not: `overdue` names it
    unknown   nothing has a due date

    `next_due_at`: when the next of them that is not done is due.
    """

    status: OpenLiteral["ahead", "behind", "on_track", "unknown"]
    overdue: Sequence[str]
    next_due_at: datetime | None


class ParkedDetailView(Struct, frozen=True, kw_only=True):
    parked: int
    consumer: str
    position: int
    stream: str
    type: str
    state: str
    error: str
    attempts: int
    parked_at: datetime
    changed_at: datetime
    decisions: Sequence[DecisionView]


class ParkedListView(Struct, frozen=True, kw_only=True):
    """The first in the order in which they will be done. `more`: there are others."""

    parked: Sequence[ParkedView]
    more: bool


class ParkedView(Struct, frozen=True, kw_only=True):
    """An event that a consumer could not take.

    state     parked: it failed; behind: it waits for an earlier one of its key; retry, skip: that
    was decided, and will be done; done, skipped: it is settled
    attempts  0 for what only waits
    """

    parked: int
    consumer: str
    position: int
    stream: str
    type: str
    state: str
    error: str
    attempts: int
    parked_at: datetime
    changed_at: datetime


class PartProgress(Struct, frozen=True, kw_only=True):
    """`share`, 0 to 1, is how far the criteria are met, 1 of what is held. `name` is None where
    nobody has defined the achievement. `programs` are those that its criteria ask for.
    """

    achievement: str
    name: str | None
    held: bool
    since: datetime | None
    credential: str | None
    share: float
    programs: Sequence[str]


class PartView(Struct, frozen=True, kw_only=True):
    """One part of the proof, as the log was at `position`.

    log     `expected`: positions up to the head; `found`: events that are as they were written
    models  read models, and how many hold what the log says
    awards  credentials that were earned, and how many of them are held
    stream  events that are published, and how many NATS holds

    verdict      unknown: nobody has looked yet, or for two days; failed: it could not be looked at
    differing    how many differences; `differences` are the first of them
    pending      somebody has asked for another look
    """

    part: OpenLiteral["awards", "log", "models", "stream"]
    verdict: OpenLiteral["differs", "equal", "failed", "unknown"]
    position: int | None
    expected: int | None
    found: int | None
    differing: int
    differences: Sequence[EventsDifference]
    failure: str | None
    checked_at: datetime | None
    pending: bool


class PassingRuleBody(Struct, frozen=True, kw_only=True):
    passing_grade: float = 0.0
    drop_lowest: int = 0


class PastOffering(Struct, frozen=True, kw_only=True):
    """An offering that had been opened by then; what its figures mean is said of `OfferingView`."""

    offering: str
    course: str | None
    course_title: str | None
    pace: str | None
    starts: datetime | None
    ends: datetime | None
    waitlisted: int
    waiting: int
    seated: int
    ever_enrolled: int
    enrolled: int
    current: int
    verified: int
    started: int
    completed: int
    completed_verified: int
    graded: int
    withdrawn: int
    ever_withdrawn: int
    transferred: int
    deferred: int
    expired: int
    canceled: int
    credentials: int
    lessons_completed: int
    attempts: int
    visits: int
    clicks: int
    started_of_enrolled: float | None
    completed_of_enrolled: float | None
    completed_of_started: float | None
    completed_of_verified: float | None
    withdrawn_of_enrolled: float | None
    mean_grade_of_completed: float | None


class PastOfferingPage(Struct, frozen=True, kw_only=True):
    """Of a past day; `position` and `as_of` say what has been read by now."""

    position: int
    as_of: datetime | None
    clock: OpenLiteral["happened", "known"]
    day: date
    offering: PastOffering


class PastOfferingsPage(Struct, frozen=True, kw_only=True):
    """Of a past day; `position` and `as_of` say what has been read by now."""

    position: int
    as_of: datetime | None
    next: str | None
    offerings: Sequence[PastOffering]


class PlanView(Struct, frozen=True, kw_only=True):
    """`titles` are all translations there are, here and in the lessons."""

    version: int
    title: str
    published_at: datetime
    lessons: Sequence[LessonBody]
    passing_rule: PassingRuleBody
    skills: Sequence[SkillBody]
    language: str
    workload_hours: float | None
    titles: Mapping[str, str]
    prerequisites: Sequence[CoursePassedBody | AchievementHeldBody]
    offline_days: int
    late: LatePolicyBody | None
    deadline_resets: int


class PlanWarning(Struct, frozen=True, kw_only=True):
    """`path` is where it stands in the plan: `$.lessons[2].weight`.

    weights_without_passing_grade   there are scores, and every one of them passes
    nothing_required                whatever is completed first completes the course
    only_not_applicable             the same: no required lesson asks for anything
    graded_kind_without_weight      a quiz, assignment or exam whose score decides nothing
    mastery_score_out_of_reach      its late policy takes too much off from the first day on
    unreachable_lesson              it is locked behind a lesson that nobody can satisfy
    passing_grade_out_of_reach      with the best scores that can be had the grade is below it
    """

    path: str
    condition: OpenLiteral[
        "graded_kind_without_weight",
        "mastery_score_out_of_reach",
        "nothing_required",
        "only_not_applicable",
        "passing_grade_out_of_reach",
        "unreachable_lesson",
        "weights_without_passing_grade",
    ]


class PreviewView(Struct, frozen=True, kw_only=True):
    """Whether one could enroll now, and the state it would come to; else everything against it."""

    possible: bool
    state: (
        OpenLiteral[
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
        | None
    )
    place: int | None
    obstacles: Sequence[Obstacle]


class Profile(Struct, frozen=True, kw_only=True):
    """The fields are those of `IssuerDefined`, which says what they mean."""

    name: str
    url: str | None
    description: str
    email: str | None
    country: str | None
    image: str | None
    hashed_recipient: bool
    did: bool


class ProgramCompleted(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="program_completed"
):
    """Holds while the learner holds what the program asks for, by its rule as it is now."""

    program: str


class ProgramLearner(Struct, frozen=True, kw_only=True):
    """`latest_at`: since when the newest of them is valid; null for who holds none yet."""

    learner: str
    held: int
    latest_at: datetime | None


class ProgramLearnersPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    next: str | None
    learners: Sequence[ProgramLearner]


class ProgramPage(Struct, frozen=True, kw_only=True):
    """`engaged`: hold at least one of the achievements, or are in a course that one asks for;
    `completed` of them. `needed` achievements complete it.
    """

    position: int
    as_of: datetime | None
    program: DashboardsProgramView
    needed: int
    engaged: int
    completed: int
    completed_of_engaged: float | None
    steps: Sequence[ProgramStep]
    parts: Sequence[ProgramPart]


class ProgramPart(Struct, frozen=True, kw_only=True):
    """`holders`: learners who hold the achievement now. `title`: None if it is not defined."""

    achievement: str
    title: str | None
    holders: int


class ProgramProgress(Struct, frozen=True, kw_only=True):
    """`held` of the `needed` achievements; `since` when it is completed, `because` why it is not.

    `share`, 0 to 1, also counts what is under way in parts that are not held yet.
    """

    program: str
    title: str
    version: int
    retired: bool
    rule: OpenLiteral["all", "any", "n_of"]
    ordered: bool
    needed: int
    held: int
    completed: bool
    since: datetime | None
    because: (
        OpenLiteral[
            "grade_fell",
            "grade_too_low",
            "held_no_longer",
            "not_completed",
            "not_held",
            "not_scored",
            "not_shown",
            "other_mode",
            "out_of_order",
            "outside_period",
            "score_too_low",
            "too_few_approvals",
            "too_few_hours",
            "too_few_parts",
            "unknown_program",
        ]
        | None
    )
    share: float
    parts: Sequence[PartProgress]


class ProgramStep(Struct, frozen=True, kw_only=True):
    """So many `learners` hold exactly `held` of the achievements; `of_engaged`: 0 to 1."""

    held: int
    learners: int
    of_engaged: float | None


class ProgramVersion(Struct, frozen=True, kw_only=True):
    """`version`: the one just defined, else the newest there is."""

    program: str
    version: int
    retired: bool


class ProgramsPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    next: str | None
    programs: Sequence[DashboardsProgramView]


class ProgramsView(Struct, frozen=True, kw_only=True):
    """By code. `next`: ask for those `after` it; None: that was all."""

    learner: str
    programs: Sequence[ProgramProgress]
    next: str | None


class ProgressAffected(Struct, frozen=True, kw_only=True):
    """One enrollment. Grades are 0 to 1, None where nothing is graded.

    `decided_by` are positions in the log: the attempts that count, what completed or passed the
    required lessons, and what staff decided; at most 50.
    """

    enrollment: str
    learner: str
    offering: str
    version: int
    effect: OpenLiteral["gains_completion", "grade_changes", "loses_completion", "nothing"]
    completed_before: bool
    completed_after: bool
    grade_before: float | None
    grade_after: float | None
    decided_by: Sequence[int]
    credentials: CredentialEffects


class ProgressAttemptView(Struct, frozen=True, kw_only=True):
    """Scores are 0 to 1.

    given        as it was reported; `raw` of `maximum`, where the grader gave these
    score        with what staff have revised
    effective    less what comes off for being late: this one is judged
    counts       it is the lesson's score; else `why_not` tells
    """

    attempt: int
    report: str
    occurred_at: datetime
    given: float
    raw: float | None
    maximum: float | None
    score: float
    effective: float
    late: bool
    counts: bool
    why_not: (
        OpenLiteral[
            "beyond_attempts_allowed",
            "lesson_waived",
            "not_the_best",
            "not_the_first",
            "not_the_last",
        ]
        | None
    )
    revisions: Sequence[RevisionView]


class Progressed(Struct, frozen=True, kw_only=True, tag_field="type", tag="progressed"):
    """`progress` is 0 to 1 of the lesson; time and clicks are what came since the last report."""

    id: str
    lesson: str
    occurred_at: datetime
    client: str | None = None
    progress: float | None = None
    seconds_spent: float = 0.0
    clicks: int = 0
    resume_at: str | None = None


class PublishCourse(Struct, frozen=True, kw_only=True):
    """The whole plan; `weight` is relative, `mastery_score` and `passing_grade` are 0 to 1.

    prerequisites  of the offerings that state none of their own
    """

    title: str
    lessons: Sequence[LessonBody]
    passing_rule: PassingRuleBody | UnsetType = UNSET
    skills: Sequence[SkillBody] = ()
    language: str = "en"
    workload_hours: float | None = None
    titles: Mapping[str, str] = {}
    prerequisites: Sequence[CoursePassedBody | AchievementHeldBody] = ()
    offline_days: int = 30
    late: LatePolicyBody | None = None
    deadline_resets: int = 0
    occurred_at: datetime | None = None


class PublishedVersion(Struct, frozen=True, kw_only=True):
    """`warnings`: what the plan says and hardly anybody means, with its path; and what its
    prerequisites name and nobody can have as things are.
    """

    course: str
    version: int
    retired: bool
    warnings: Sequence[PublishingWarning]


class PublishingWarning(Struct, frozen=True, kw_only=True):
    """`path`: where the plan says what is hardly meant. `course` or `achievement`: which of its
    prerequisites nobody can have as things are.
    """

    condition: (
        OpenLiteral[
            "graded_kind_without_weight",
            "mastery_score_out_of_reach",
            "nothing_required",
            "only_not_applicable",
            "passing_grade_out_of_reach",
            "unreachable_lesson",
            "weights_without_passing_grade",
        ]
        | OpenLiteral[
            "retired_achievement",
            "retired_course",
            "unknown_achievement",
            "unknown_course",
            "unpublished_course",
        ]
    )
    path: str | None = None
    course: str | None = None
    achievement: str | None = None


class PutLearner(Struct, frozen=True, kw_only=True):
    """All there is: what is left out is forgotten."""

    name: str
    email: str | None = None
    locale: str | None = None


class Readiness(Struct, frozen=True, kw_only=True):
    ready: bool
    failed: Sequence[str]


class Reasoned(Struct, frozen=True, kw_only=True):
    """`reason`: a code, never text that a person typed."""

    reason: str
    occurred_at: datetime | None = None


class ReasonedStep(Struct, frozen=True, kw_only=True):
    reason: str
    occurred_at: datetime | None = None


class Recognition(Struct, frozen=True, kw_only=True):
    """A credential from elsewhere, and what it stands for here.

    credential   as in `POST /credentials/verify`
    recipient    by which it names the learner: an e-mail address, an id. Nothing keeps it
    achievement  of this school, which is awarded
    """

    credential: Any
    recipient: str
    achievement: str
    reason: str


class RecordLooked(Struct, frozen=True, kw_only=True):
    id: str
    problem: Mapping[str, Any] | None = None
    found: RecordView | None = None


class RecordView(Struct, frozen=True, kw_only=True):
    """The best result of each course, and every credential, revoked ones too, oldest first."""

    learner: str
    results: Sequence[CourseResult]
    credentials: Sequence[CredentialsCredentialView]


class RecordsLooked(Struct, frozen=True, kw_only=True):
    """In the order they were asked for, each once."""

    results: Sequence[RecordLooked]


class RedeliveriesView(Struct, frozen=True, kw_only=True):
    """The newest first."""

    redeliveries: Sequence[RedeliveryView]


class RedeliveryView(Struct, frozen=True, kw_only=True):
    """The part of the log behind `after`, up to `upto`. `reached`: so far it has come.

    found  how many events of that part are, or were, to be delivered again
    """

    redelivery: str
    after: str
    upto: str
    reached: str
    failed_only: bool
    per_second: int | None
    found: int
    created_at: datetime
    done_at: datetime | None


class Renewal(Struct, frozen=True, kw_only=True):
    """Valid anew, on this evidence; `renewed_by` as `awarded_by`."""

    achievement_version: int
    evidence: Sequence[Evidence]
    valid_from: datetime
    valid_until: datetime | None
    at: datetime
    renewed_by: str
    reason: str | None


class Report(Struct, frozen=True, kw_only=True):
    """`digest`: the SHA-256 in hex of the bytes that were judged, at `judged_at`."""

    verdict: OpenLiteral["not_valid", "undecided", "valid"]
    summary: str
    digest: str
    judged_at: datetime
    checks: Sequence[Check]
    credential: About | None = None


class ReportLearning(Struct, frozen=True, kw_only=True):
    """`client` names the device or app that numbered the reports; each may name its own instead.

    `reason`: staff say why, where something happened longer ago than learners may report.
    """

    reports: Sequence[Started | Progressed | Completed | Scored]
    client: str | None = None
    reason: (
        OpenLiteral[
            "correction", "device_was_offline", "done_elsewhere", "done_on_paper", "system_was_away"
        ]
        | None
    ) = None


class ReportResult(Struct, frozen=True, kw_only=True):
    """`problem` (RFC 9457) says why a report was refused, and in which `path` of the call.

    `buffered` is written within seconds, unless the process crashes: sent again, it is a
    `duplicate` by then. `id` is as it was sent; a report that could not be read may have none.
    """

    id: str | None = None
    outcome: OpenLiteral["accepted", "buffered", "duplicate", "refused"]
    problem: Mapping[str, Any] | None = None


class ReportResults(Struct, frozen=True, kw_only=True):
    """One per report, in the order they were sent."""

    results: Sequence[ReportResult]


class Republish(Struct, frozen=True, kw_only=True):
    """Either `from`, a position, or `since`, a time by the log's clock: from there to now."""

    from_: int | None = msgspec.field(name="from", default=None)
    since: datetime | None = None
    events: Sequence[str] = ()
    per_second: int = 100


class RepublishView(Struct, frozen=True, kw_only=True):
    """Positions `from` to `to`, both included; `next` is the first that was not reached."""

    republication: str
    state: OpenLiteral["canceled", "done", "failed", "running"]
    from_: int = msgspec.field(name="from")
    to: int
    next: int
    published: int
    per_second: int
    events: Sequence[str]
    subject: str


class RequestView(Struct, frozen=True, kw_only=True):
    """As it was sent, without its signature."""

    url: str
    headers: Mapping[str, str]


class ResponseView(Struct, frozen=True, kw_only=True):
    """`body`: the first 4,096 bytes. Of the headers those that help to find a fault."""

    status: int
    headers: Mapping[str, str]
    body: str


class ResultLine(Struct, frozen=True, kw_only=True):
    """What came of a row. `position`: in the log, of its last event; not of a dry run.

    row         as a spreadsheet counts, from 1: a header is 1, a cell may hold line breaks; in
    NDJSON the line's number, in a JSON array the element's
    outcome     one of its kind's, or `refused`
    enrollment  not where a row could not be read
    problem     why it was refused, as the single command would be answered
    """

    row: int
    learner: str | None
    offering: str | None
    outcome: str
    enrollment: str | None = None
    position: int | None = None
    problem: Mapping[str, Any] | None = None


class ResultRow(Struct, frozen=True, kw_only=True):
    """What came of a row. `position`: in the log, of its last event; not of a dry run.

    row         as a spreadsheet counts, from 1: a header is 1, a cell may hold line breaks; in
    NDJSON the line's number, in a JSON array the element's
    enrollment  not where a row could not be read
    problem     why it was refused, as the single command would be answered
    """

    row: int
    learner: str | None
    offering: str | None
    outcome: OpenLiteral[
        "enrolled", "pending_approval", "refused", "requested", "unchanged", "waitlisted"
    ]
    enrollment: str | None = None
    position: int | None = None
    problem: Mapping[str, Any] | None = None


class Resume(Struct, frozen=True, kw_only=True):
    """The latest of the lessons' positions."""

    lesson: str
    position: str
    at: datetime


class RetireProgram(Struct, frozen=True, kw_only=True):
    """`reason`: a code, never text that a person typed. Absent: none, and now."""

    occurred_at: datetime | None = None
    reason: str | None = None


class Retry(Struct, frozen=True, kw_only=True):
    """`reason` is kept, with who decided."""

    reason: str | None = None


class RevisedScore(Struct, frozen=True, kw_only=True):
    """`score` scaled 0 to 1, or `raw` of `maximum`, from which it is computed."""

    reason: str
    score: float | None = None
    raw: float | None = None
    maximum: float | None = None


class RevisionView(Struct, frozen=True, kw_only=True):
    """`by` is shown to staff only."""

    before: float
    after: float
    reason: str
    revised_at: datetime
    raw: float | None = None
    maximum: float | None = None
    by: str | None = None


class Revocation(Struct, frozen=True, kw_only=True):
    reason: str
    at: datetime


class Revoked(Struct, frozen=True, kw_only=True):
    invitation: str
    revoked: bool


class RevokedView(Struct, frozen=True, kw_only=True):
    """`resting_on_it`: active credentials whose evidence it was. They stay; a person decides."""

    credential: CredentialsCredentialView
    resting_on_it: Sequence[CredentialsCredentialView]


class Revoking(Struct, frozen=True, kw_only=True):
    reason: str
    occurred_at: datetime | None = None


class RotateSecret(Struct, frozen=True, kw_only=True):
    """`signature`: another scheme from now on; absent: the one that it has."""

    overlap_seconds: int = 86400
    signature: OpenLiteral["v1", "v1a"] | None = None


class Rotation(Struct, frozen=True, kw_only=True):
    algorithm: OpenLiteral["ES256", "Ed25519"] = "Ed25519"


class RuleChanges(Struct, frozen=True, kw_only=True):
    """Of a course's rules, whatever its version. `lessons` are changed by their ids."""

    passing_grade: float | UnsetType = UNSET
    drop_lowest: int | UnsetType = UNSET
    late: LateChange | None = None
    lessons: Mapping[str, LessonChanges] = {}


class RulesAchievementHeld(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="achievement_held"
):
    """Holds while the learner has a valid credential of the achievement."""

    achievement: str


class RulesCoursePassed(Struct, frozen=True, kw_only=True, tag_field="type", tag="course_passed"):
    """Holds when the course, any version of it, was completed with at least `min_grade`, 0 to 1."""

    course: str
    min_grade: float = 0.0


class RunView(Struct, frozen=True, kw_only=True):
    """`state` is that of now: `running` is past its window. `seated`: seats taken or held on offer;
    `free_seats` is null without a cap. `course_title`: of the course's latest version.
    """

    offering: str
    course: str
    course_version: int
    pace: str
    window_opens: datetime | None
    window_closes: datetime | None
    starts: datetime | None
    ends: datetime | None
    seats: int | None
    waitlist: bool
    offer_hours: int | None
    approval: bool
    invitation_only: bool
    opened_at: datetime | None
    closed_at: datetime | None
    canceled_at: datetime | None
    cancellation_reason: str | None
    state: OpenLiteral["announced", "canceled", "closed", "ended", "open", "running"]
    seated: int
    waiting: int
    free_seats: int | None
    course_title: str | None


class RunsPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    next: str | None
    offerings: Sequence[RunView]


class Scored(Struct, frozen=True, kw_only=True, tag_field="type", tag="scored"):
    """One attempt: `score` scaled 0 to 1, or `raw` of `maximum`, from which it is computed.

    Raises `ValueError` when neither is there, or the score is not within 0 and 1.
    """

    id: str
    lesson: str
    occurred_at: datetime
    client: str | None = None
    score: float | None = None
    raw: float | None = None
    maximum: float | None = None


class ScoresBody(Struct, frozen=True, kw_only=True):
    """Of the lessons of which anybody enrolled has a score."""

    position: int
    as_of: datetime | None
    offering: str
    enrolled: int
    lessons: Sequence[LinkedScores]


class SecretView(Struct, frozen=True, kw_only=True):
    """`secret` checks signatures of this scheme: of v1 `whsec_…`, of v1a the public `whpk_…`."""

    key: str
    signature: OpenLiteral["v1", "v1a"]
    secret: str
    since: datetime
    until: datetime | None


class SecretsView(Struct, frozen=True, kw_only=True):
    """The newest first. Every message is signed by each of them."""

    webhook: str
    secrets: Sequence[SecretView]


class Share(Struct, frozen=True, kw_only=True):
    """`public`: everybody may see the page. `link`: who has the link, until it `ends`."""

    kind: OpenLiteral["link", "public"]
    shows_name: bool = False
    ends: datetime | None = None


class SharedView(Struct, frozen=True, kw_only=True):
    """`address` of what was shared. A link's holds its secret, and is told once."""

    credential: str
    public: bool | None
    shows_name: bool
    links: Sequence[LinkView]
    address: str | None


class SharingView(Struct, frozen=True, kw_only=True):
    """`public` is None until the holder decides: the achievement's `visibility` holds then."""

    credential: str
    public: bool | None
    shows_name: bool
    links: Sequence[LinkView]


class SkillBody(Struct, frozen=True, kw_only=True):
    """As an alignment of Open Badges 3.0 names it: targetName, targetUrl, targetFramework and
    targetCode; the framework is ESCO, CASE, CTDL, O*NET or another.
    """

    name: str
    url: str
    framework: str | None = None
    code: str | None = None


class SkillListed(Struct, frozen=True, kw_only=True):
    """`skill` is its address. Learners, each counted once: `held` is the sum of the three levels;
    `in_progress` do not hold it.
    """

    skill: str
    name: str
    framework: str | None
    code: str | None
    achievements: int
    courses: int
    held: int
    achieved: int
    merit: int
    distinction: int
    in_progress: int


class SkillShown(Struct, frozen=True, kw_only=True, tag_field="type", tag="skill_shown"):
    """Holds when a course that teaches the skill (by its address) was passed with `min_grade`."""

    skill: str
    min_grade: float = 0.0


class SkillsPage(Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    next: str | None
    skills: Sequence[SkillListed]


class Skip(Struct, frozen=True, kw_only=True):
    """`confirm`: the event's position, for what is skipped never comes again."""

    reason: str
    confirm: int


class StaffView(Struct, frozen=True, kw_only=True):
    group: str
    staff: str
    assigned: bool


class StageCount(Struct, frozen=True, kw_only=True):
    """So many `learners` have come so far, or further. Rates are 0 to 1, null without any.

    `of_previous`: of those in the stage before.
    """

    stage: OpenLiteral[
        "awarded", "completed", "enrolled", "reached_25", "reached_50", "reached_75", "started"
    ]
    learners: int
    of_enrolled: float | None
    of_previous: float | None


class StandingView(Struct, frozen=True, kw_only=True):
    """`condition` explains the criteria as defined now; `held` is the active credential, if any."""

    learner: str
    achievement: str
    version: int
    retired: bool
    held: CredentialsCredentialView | None
    condition: Condition


class Started(Struct, frozen=True, kw_only=True, tag_field="type", tag="started"):
    """The lesson was opened."""

    id: str
    lesson: str
    occurred_at: datetime
    client: str | None = None


class Step(Struct, frozen=True, kw_only=True):
    occurred_at: datetime | None = None


class SubscriberView(Struct, frozen=True, kw_only=True):
    """`events` are all that it may read. `lag` is null while NATS does not say."""

    subscriber: str
    consumer: str
    events: Sequence[str]
    owner: str | None
    added_at: datetime
    lag: Lag | None
    republish: RepublishView | None


class SubscribersView(Struct, frozen=True, kw_only=True):
    subscribers: Sequence[SubscriberView]


class SubscriptionsAttemptView(Struct, frozen=True, kw_only=True):
    """`error`: why there is no response."""

    at: datetime
    ms: int
    request: RequestView
    response: ResponseView | None
    error: str | None


class SubscriptionsKeyView(Struct, frozen=True, kw_only=True):
    """`public_key`: of v1a. `until`: it signs no longer than that; null: until it is rotated."""

    key: str
    signature: OpenLiteral["v1", "v1a"]
    public_key: str | None
    since: datetime
    until: datetime | None


class SupersededView(Struct, frozen=True, kw_only=True):
    """`credential` stands for `superseded` from now on."""

    credential: CredentialsCredentialView
    superseded: CredentialsCredentialView


class Supersession(Struct, frozen=True, kw_only=True):
    """`by`: the credential that stands for it from then on."""

    by: str
    reason: str
    at: datetime


class Suspension(Struct, frozen=True, kw_only=True):
    reason: str
    at: datetime


class TimeLeft(Struct, frozen=True, kw_only=True):
    """An estimate for the required lessons that are not done, less what was spent there already.

    seconds           absent when too few others are known of, for every lesson that is left
    based_on          so many learners at least, for each lesson in it; 0 when there is none
    lessons           how many are left
    lessons_without   of these, for so many too few others are known of: `seconds` leaves them out
    """

    seconds: float | None
    based_on: int
    lessons: int
    lessons_without: int


class TimeToComplete(Struct, frozen=True, kw_only=True):
    """Days from the first activity to the completion, of those `completed` who did anything; null
    without any.
    """

    completed: int
    median_days: float | None
    p90_days: float | None


class ToVerify(Struct, frozen=True, kw_only=True):
    """What is to be verified.

    credential the document itself, or a text: a JWT, or an image as `data:image/png;base64,…`
    recipient  whom it should be about: an e-mail address, an id. Nothing keeps it
    trusted    ids of issuers that the caller knows, as `issuer.id` in their badges
    """

    credential: Any
    recipient: str | None = None
    trusted: Sequence[str] = ()


class Validated(Struct, frozen=True, kw_only=True):
    """What publishing would come to.

    version      what it would be; the latest, when it says the same as that
    differences  from the latest version; if there is none, everything is added
    warnings     what the plan says and hardly anybody means, with its path; and what its
    prerequisites name and nobody can have as things are
    """

    course: str
    version: int
    differences: Sequence[EnrollmentDifference]
    warnings: Sequence[PublishingWarning]


class VersionLine(Struct, frozen=True, kw_only=True):
    """`lessons`: how many."""

    version: int
    title: str
    published_at: datetime
    lessons: int
    language: str
    workload_hours: float | None


class VersionsView(Struct, frozen=True, kw_only=True):
    course: str
    retired_at: datetime | None
    versions: Sequence[VersionLine]


class Waiver(Struct, frozen=True, kw_only=True):
    lesson: str
    reason: str


class WaiverView(Struct, frozen=True, kw_only=True):
    """`withdrawn_at` is absent as long as it stands. `by` and `withdrawn_by`: to staff only."""

    reason: str
    waived_at: datetime
    by: str | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: str | None = None
    withdrawn_by: str | None = None


class WebhookChanges(Struct, frozen=True, kw_only=True):
    """Absent: stays. Another address has to be verified before anything is delivered to it."""

    url: str | UnsetType = UNSET
    types: Sequence[str] | UnsetType = UNSET
    courses: Sequence[str] | UnsetType = UNSET
    offerings: Sequence[str] | UnsetType = UNSET
    achievements: Sequence[str] | UnsetType = UNSET
    learners: Sequence[str] | UnsetType = UNSET
    ordered: OpenLiteral["learner", "none"] | UnsetType = UNSET
    description: str | UnsetType = UNSET


class WebhookDetail(Struct, frozen=True, kw_only=True):
    """`backlog`: how far it is behind."""

    webhook: str
    url: str
    types: Sequence[str]
    courses: Sequence[str]
    offerings: Sequence[str]
    achievements: Sequence[str]
    learners: Sequence[str]
    ordered: OpenLiteral["learner", "none"]
    description: str
    state: OpenLiteral["active", "deleted", "disabled", "paused", "unverified"]
    verified: bool
    paused: bool
    disabled: DisabledView | None
    after: int
    created_at: datetime
    created_by: str
    keys: Sequence[SubscriptionsKeyView]
    backlog: Backlog


class WebhookView(Struct, frozen=True, kw_only=True):
    """`state`: `active` alone is delivered to. `keys` sign now, the newest first."""

    webhook: str
    url: str
    types: Sequence[str]
    courses: Sequence[str]
    offerings: Sequence[str]
    achievements: Sequence[str]
    learners: Sequence[str]
    ordered: OpenLiteral["learner", "none"]
    description: str
    state: OpenLiteral["active", "deleted", "disabled", "paused", "unverified"]
    verified: bool
    paused: bool
    disabled: DisabledView | None
    after: int
    created_at: datetime
    created_by: str
    keys: Sequence[SubscriptionsKeyView]


class WebhooksView(Struct, frozen=True, kw_only=True):
    webhooks: Sequence[WebhookView]


class WhatIf(Struct, frozen=True, kw_only=True):
    """True for `position` of the log. `judged` is how many enrollments were; who is transferred
    counts where they went on. `affected` are those for whom anything changes. `next`: there are
    more, ask again from there; None: that was all. `credentials_not_judged`: achievements that
    ask of the course what grades do not tell, as its mode, a lesson's score, hours or a skill.
    """

    position: int
    judged: int
    gain_completion: int
    lose_completion: int
    change_grade: int
    affected: Sequence[ProgressAffected]
    next: WhatIfCursor | None
    credentials_not_judged: Sequence[str]


class WhatIfCursor(Struct, frozen=True, kw_only=True):
    """Where an answer goes on: behind the opening at `after`, as the log was at `position`."""

    after: int
    position: int


class When(Struct, frozen=True, kw_only=True):
    """Absent: now."""

    occurred_at: datetime | None = None


class Withdrawal(Struct, frozen=True, kw_only=True):
    reason: str


class Withdrawing(Struct, frozen=True, kw_only=True):
    reason: str
