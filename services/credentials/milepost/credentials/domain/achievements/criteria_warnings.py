"""What in criteria cannot come true as things are: told, not refused.

Schools set up courses and achievements in any order, so a course that is not there yet is none of
this service's business to refuse; a mistyped code would else show as a badge that nobody earns.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias, assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.achievements import AchievementHeld, CoursePassed, Criterion
from milepost.contracts.courses import CourseDrafted, CoursePublished, CourseRetired
from milepost.contracts.rules.criteria import Leaf, leaves
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.events.codec import Codec
from milepost.events.streams import Category

CourseState: TypeAlias = Literal["unknown", "draft", "published", "retired"]
CourseEvent: TypeAlias = CourseDrafted | CoursePublished | CourseRetired


class CriteriaWarning(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`course` or `achievement` is the code that the criteria name.

    unknown_course        nobody has drafted or published it
    unpublished_course    it is a draft: nobody can take it yet
    retired_course        no offering of it can be opened any more
    retired_achievement   it is not awarded any more
    """

    condition: Literal[
        "unknown_course", "unpublished_course", "retired_course", "retired_achievement"
    ]
    course: str | None = None
    achievement: str | None = None


def _evolve(state: CourseState, event: CourseEvent) -> CourseState:
    match event:
        case CourseDrafted():
            return "draft" if state == "unknown" else state
        case CoursePublished():
            return "published"
        case CourseRetired():
            return "retired"
        case _:
            assert_never(event)


def _unknown() -> CourseState:
    return "unknown"


# Read here, never written.
COURSE: Category[CourseState, CourseEvent] = Category(
    streams.COURSE, _unknown, _evolve, Codec(CourseEvent)
)


def courses_of(criteria: Criterion) -> tuple[str, ...]:
    """Each once, in the order in which they are named."""
    named = (leaf.course for leaf in leaves(criteria) if isinstance(leaf, CoursePassed))
    return tuple(dict.fromkeys(named))


def warnings_of(
    criteria: Criterion, courses: Mapping[str, CourseState], catalog: Catalog
) -> tuple[CriteriaWarning, ...]:
    """`courses`: the states of those that the criteria name."""
    named = (_warning(leaf, courses, catalog) for leaf in leaves(criteria))
    return tuple(dict.fromkeys(one for one in named if one is not None))


def _warning(
    leaf: Leaf, courses: Mapping[str, CourseState], catalog: Catalog
) -> CriteriaWarning | None:
    match leaf:
        case CoursePassed(course=course):
            return _of_course(course, courses[course])
        case AchievementHeld(achievement=needed):
            found = catalog.achievements.get(needed)
            if found is None or not found.retired:
                return None
            return CriteriaWarning(condition="retired_achievement", achievement=needed)
        case _:
            return None


def _of_course(course: str, state: CourseState) -> CriteriaWarning | None:
    match state:
        case "published":
            return None
        case "unknown":
            return CriteriaWarning(condition="unknown_course", course=course)
        case "draft":
            return CriteriaWarning(condition="unpublished_course", course=course)
        case "retired":
            return CriteriaWarning(condition="retired_course", course=course)
        case _:
            assert_never(state)
