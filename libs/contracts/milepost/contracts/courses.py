"""The facts of courses. These names and fields are the storage format."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from milepost.contracts.rules.prerequisites import Prerequisite
from milepost.events.event import Event

LessonKind: TypeAlias = Literal[
    "page", "video", "reading", "discussion", "quiz", "assignment", "exam"
]
MoveOn: TypeAlias = Literal[
    "Passed", "Completed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable"
]
CountingAttempt: TypeAlias = Literal["best", "last", "first"]
CompletedBy: TypeAlias = Literal["learner", "staff"]
SCORED_BY_STAFF: frozenset[LessonKind] = frozenset({"assignment", "exam"})
OFFLINE_DAYS = 30
# So many of a learner's at one lesson are kept, whatever a course would allow.
MAX_ATTEMPTS = 1_000
MAX_DUE_DAY = 3_650
MAX_GRACE_HOURS = 8_760


class LatePolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an attempt loses that comes after the due date.

    percent_per_day  of its score, 0 to 100, for each day that has begun
    floor            the least part of its score that it keeps, 0 to 1
    grace_hours      nothing is lost within these
    """

    percent_per_day: float
    floor: float = 0.0
    grace_hours: float = 0.0


class Lesson(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A unit of a course. `move_on` is cmi5's; `due_day` counts from the learner's start.

    `titles` are translations of `title`, by BCP 47 language tag. `completed_by`: None stands for
    staff where staff give the score (`SCORED_BY_STAFF`), else for the learner. `late`: None stands
    for the course's. `skills` are addresses of the course's skills that it teaches.
    """

    id: str
    title: str
    kind: LessonKind = "page"
    required: bool = True
    weight: float = 0.0
    move_on: MoveOn = "Completed"
    mastery_score: float | None = None
    attempts_allowed: int | None = None
    counts: CountingAttempt = "best"
    due_day: int | None = None
    prerequisites: tuple[str, ...] = ()
    titles: Mapping[str, str] = {}
    completed_by: CompletedBy | None = None
    late: LatePolicy | None = None
    skills: tuple[str, ...] = ()


class PassingRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Complete when every required lesson is satisfied and the weighted grade (0 to 1) suffices."""

    passing_grade: float = 0.0
    drop_lowest: int = 0


class Skill(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A competency of a published framework, which the course teaches.

    name       targetName in an Open Badges 3.0 alignment
    url        targetUrl: the competency's own address (an ESCO or CTDL URI, a CASE item)
    framework  targetFramework: `ESCO`, `CASE`, `CTDL`, `O*NET` or another's name; it also decides
               the targetType (ESCO: `ext:ESCOSkill`, CASE: `CFItem`, CTDL: `ceasn:Competency`)
    code       targetCode: what the framework calls it
    """

    name: str
    url: str
    framework: str | None = None
    code: str | None = None


class CourseDrafted(Event, frozen=True, kw_only=True, tag="course_drafted"):
    course: str
    title: str


class CoursePublished(Event, frozen=True, kw_only=True, tag="course_published"):
    """`titles` are translations of `title` by BCP 47 tag; `language` is that of everything else.

    `prerequisites` are those of its offerings that state none of their own. `offline_days` is how
    far back learners themselves may report what they did. `late`: None takes nothing off.
    `deadline_resets`: so often may learners themselves have their due dates count anew.
    """

    course: str
    version: int
    title: str
    lessons: tuple[Lesson, ...]
    passing_rule: PassingRule = PassingRule()
    skills: tuple[Skill, ...] = ()
    language: str = "en"
    workload_hours: float | None = None
    titles: Mapping[str, str] = {}
    prerequisites: tuple[Prerequisite, ...] = ()
    offline_days: int = OFFLINE_DAYS
    late: LatePolicy | None = None
    deadline_resets: int = 0


class CourseRetired(Event, frozen=True, kw_only=True, tag="course_retired"):
    course: str
