"""A course's plan as requests, answers and files state it; `extra_json_schema` is for the files'
schema: these bounds are checked by the domain, which tells all that is wrong at once.
"""

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, structs

from milepost.contracts.courses import (
    MAX_ATTEMPTS,
    MAX_DUE_DAY,
    MAX_GRACE_HOURS,
    OFFLINE_DAYS,
    CoursePublished,
    LatePolicy,
    Lesson,
    PassingRule,
    Skill,
)
from milepost.contracts.ids import LANGUAGE, TEXT
from milepost.contracts.rules.prerequisites import AchievementHeld, CoursePassed, Prerequisite
from milepost.enrollment.api.wiring import Id, Title
from milepost.enrollment.domain.course.plan_faults import (
    MAX_DEADLINE_RESETS,
    MAX_OFFLINE_DAYS,
    WEIGHTS,
)
from milepost.web.requests.json_body import Body

S = TypeVar("S", bound=msgspec.Struct)

Language = Annotated[
    str,
    Meta(
        pattern=LANGUAGE,
        description="A BCP 47 language tag",
        examples=["en", "pt-BR"],
    ),
]
Translations = Annotated[
    dict[Language, Title],
    Meta(
        max_length=100,
        description="The title in further languages, by language tag",
        examples=[{"de": "Einführung in Daten"}],
    ),
]
SkillUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!-~]*)?(?![\s\S])",
        max_length=500,
        examples=["http://data.europa.eu/esco/skill/2b92a5b2"],
    ),
]
Share = Annotated[float, Meta(extra_json_schema={"minimum": 0, "maximum": 1})]
Weight = Annotated[
    float,
    Meta(
        description="0, or a share relative to the others', from 0.000001 to 1000000",
        extra_json_schema={"minimum": 0, "maximum": WEIGHTS[1]},
    ),
]
Attempts = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": MAX_ATTEMPTS})]
OfflineDays = Annotated[
    int,
    Meta(
        description="How far back learners themselves may report what they did",
        extra_json_schema={"minimum": 0, "maximum": MAX_OFFLINE_DAYS},
    ),
]
DeadlineResets = Annotated[
    int,
    Meta(
        description="How often learners themselves may have their due dates count anew",
        extra_json_schema={"minimum": 0, "maximum": MAX_DEADLINE_RESETS},
    ),
]
DueDay = Annotated[
    int,
    Meta(
        description="So many days after the enrollment, or after a cohort's later start",
        extra_json_schema={"minimum": 0, "maximum": MAX_DUE_DAY},
    ),
]
Named = Annotated[str, Meta(min_length=1, max_length=100, pattern=TEXT)]


class LatePolicyBody(
    LatePolicy, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True
):
    percent_per_day: Annotated[float, Meta(extra_json_schema={"minimum": 0, "maximum": 100})]
    floor: Share = 0.0
    grace_hours: Annotated[
        float, Meta(extra_json_schema={"minimum": 0, "maximum": MAX_GRACE_HOURS})
    ] = 0.0


class LessonBody(
    Lesson, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True
):
    id: Id
    title: Title
    weight: Weight = 0.0
    mastery_score: Share | None = None
    attempts_allowed: Attempts | None = None
    due_day: DueDay | None = None
    prerequisites: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()
    titles: Translations = msgspec.field(default_factory=dict)
    late: LatePolicyBody | None = None
    skills: Annotated[tuple[SkillUrl, ...], Meta(max_length=100)] = ()


class PassingRuleBody(
    PassingRule, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True
):
    passing_grade: Share = 0.0
    drop_lowest: Annotated[int, Meta(extra_json_schema={"minimum": 0})] = 0


class SkillBody(Skill, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True):
    """As an alignment of Open Badges 3.0 names it: targetName, targetUrl, targetFramework and
    targetCode; the framework is ESCO, CASE, CTDL, O*NET or another.
    """

    name: Title
    url: SkillUrl
    framework: Annotated[Named, Meta(examples=["ESCO"])] | None = None
    code: Annotated[Named, Meta(examples=["2b92a5b2"])] | None = None


class CoursePassedBody(
    CoursePassed,
    frozen=True,
    kw_only=True,
    omit_defaults=False,
    forbid_unknown_fields=True,
    tag="course_passed",
):
    course: Id
    min_grade: Share = 0.0


class AchievementHeldBody(
    AchievementHeld, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="achievement_held"
):
    achievement: Id


PrerequisiteBody: TypeAlias = CoursePassedBody | AchievementHeldBody


class PlanBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole plan; `weight` is relative, `mastery_score` and `passing_grade` are 0 to 1.

    prerequisites  of the offerings that state none of their own
    """

    title: Annotated[Title, Meta(examples=["Introduction to data"])]
    lessons: Annotated[tuple[LessonBody, ...], Meta(min_length=1, max_length=2000)]
    passing_rule: PassingRuleBody = PassingRuleBody()
    skills: Annotated[tuple[SkillBody, ...], Meta(max_length=100)] = ()
    language: Language = "en"
    workload_hours: Annotated[float, Meta(gt=0, le=10_000)] | None = None
    titles: Translations = msgspec.field(default_factory=dict)
    prerequisites: Annotated[tuple[PrerequisiteBody, ...], Meta(max_length=50)] = ()
    offline_days: OfflineDays = OFFLINE_DAYS
    late: LatePolicyBody | None = None
    deadline_resets: DeadlineResets = 0


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a plan, without the bounds that requests have."""

    title: str
    lessons: tuple[Lesson, ...]
    passing_rule: PassingRule
    skills: tuple[Skill, ...]
    language: str
    workload_hours: float | None
    titles: dict[str, str]
    prerequisites: tuple[Prerequisite, ...]
    offline_days: int
    late: LatePolicy | None
    deadline_resets: int


def facts_of(body: PlanBody) -> dict[str, Any]:
    """By the names that decisions and events know them by."""
    # By way of builtins: a union's structs have no attribute where msgspec looks for their tag.
    return structs.asdict(msgspec.convert(msgspec.to_builtins(body), _Plan))


def prerequisites_of(bodies: Sequence[PrerequisiteBody]) -> tuple[Prerequisite, ...]:
    return msgspec.convert(msgspec.to_builtins(bodies), tuple[Prerequisite, ...])


def stated(published: CoursePublished, as_type: type[S]) -> S:
    """The plan as a body states it, with all that facts leave out because it is usual."""
    facts = {
        name: getattr(published, "occurred_at" if name == "published_at" else name)
        for name in as_type.__struct_fields__
        if name != "lessons"
    }
    # Lessons are thousands: built one by one, they are not taken apart and judged again.
    shown = msgspec.convert({**msgspec.to_builtins(facts), "lessons": [_ANY_LESSON]}, as_type)
    lessons = tuple(LessonBody(**structs.asdict(lesson)) for lesson in published.lessons)
    return structs.replace(shown, lessons=lessons)


_ANY_LESSON = {"id": "any", "title": "Any"}
