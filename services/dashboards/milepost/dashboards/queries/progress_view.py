"""How far somebody has come in a course: the rules of learning, asked of a read model's row. Pure.

The rules are those that progress itself goes by, so that no two pages say different things.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from milepost.contracts.courses import CoursePublished, Lesson
from milepost.contracts.rules.learning.chances import chances
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.learning.grades import grade_view
from milepost.contracts.rules.learning.lesson_state import LessonState
from milepost.contracts.rules.learning.next_lesson import next_lesson
from milepost.contracts.rules.learning.outline import LessonView, outline
from milepost.contracts.rules.learning.pace import pace
from milepost.contracts.rules.learning.percent import percent
from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.dashboards.projections.funnel.lesson_work import (
    COMPLETED,
    EARNED,
    FAILED,
    HANDED_IN,
    PASSED,
    STARTED,
    WAIVED,
    Work,
    Works,
    read_works,
)
from milepost.dashboards.queries.course_progress import CourseProgress, LessonName, NextLesson
from milepost.dashboards.queries.lists.titles import tags_of

# When a lesson was begun is not kept; that it was is.
SOME_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_decode = msgspec.json.Decoder(CoursePublished).decode


class MemberWork(msgspec.Struct, frozen=True, kw_only=True):
    """What of an enrollment's row decides. `plan`: what was published, JSON; None: not asked for,
    or not known. `goes_on`: they are in, and have not completed the course.
    """

    work: str
    lessons_done: int
    lessons: int
    starts: datetime | None
    completed: bool
    goes_on: bool
    final_grade: float | None
    plan: str | None


class Course(msgspec.Struct, frozen=True):
    published: CoursePublished
    plan: Plan


class View(msgspec.Struct, frozen=True, kw_only=True):
    """`lessons` are in the plan's order; none where that is not known."""

    progress: CourseProgress
    lessons: Sequence[LessonView]
    titles: Mapping[str, str]


@lru_cache(maxsize=64)
def course_in(plan: str) -> Course:
    """Of what was published, which never changes."""
    published = _decode(plan)
    return Course(published, pinned(published))


def titles_in(published: CoursePublished, language: str | None) -> Mapping[str, str]:
    """By lesson, in the language asked for where there is one."""
    tags = tags_of(language)
    return {one.id: _title(one, published.language, tags) for one in published.lessons}


def _title(lesson: Lesson, of_course: str, tags: Sequence[str]) -> str:
    if not tags:
        return lesson.title
    known = {tag.lower(): text for tag, text in lesson.titles.items()}
    known.setdefault(of_course.lower(), lesson.title)
    return next((known[tag] for tag in tags if tag in known), lesson.title)


def view_of(member: MemberWork, now: datetime, language: str | None) -> View:
    """As it stands at `now`."""
    if not member.plan:
        return View(progress=_bare(member), lessons=(), titles={})
    course = course_in(member.plan)
    plan, state = course.plan, state_of(member)
    titles = titles_in(course.published, language)
    lessons = outline(state, plan, now)
    reachable = chances(plan, lessons, now)
    grade = grade_view(state, plan, reachable)
    keeps = pace(lessons, now, completed=member.completed)
    following = None
    if member.goes_on and (found := next_lesson(plan, lessons, reachable, short=grade.short)):
        [due] = (one.due_at for one in lessons if one.id == found.lesson)
        named, kind = titles[found.lesson], plan.lessons[found.lesson].kind
        following = NextLesson(
            lesson=found.lesson, title=named, kind=kind, reason=found.reason, due_at=due
        )
    progress = CourseProgress(
        lessons_done=member.lessons_done,
        lessons=member.lessons,
        percent_done=_percent(member),
        grade_so_far=grade.so_far,
        passing_grade=grade.passing_grade,
        needed_average=grade.needed_average if grade.short else None,
        final_grade=member.final_grade,
        pace=keeps.status,
        overdue=[LessonName(one, titles[one]) for one in keeps.overdue],
        next_due_at=keeps.next_due_at,
        next=following,
    )
    return View(progress=progress, lessons=lessons, titles=titles)


def state_of(member: MemberWork) -> Progress:
    """As far as a row tells it: without times, clicks and positions."""
    works = read_works(member.work)
    return Progress(
        lessons={name: _lesson(one) for name, one in works.items() if one.bits & STARTED},
        completed=_with(works, COMPLETED),
        passed=_with(works, PASSED),
        waived=dict.fromkeys(_with(works, WAIVED), ""),
        earned=_with(works, EARNED),
        handed_in=frozenset(_with(works, HANDED_IN)),
        starts=member.starts,
    )


def _with(works: Works, bit: int) -> set[str]:
    return {name for name, one in works.items() if one.bits & bit}


def _lesson(work: Work) -> LessonState:
    return LessonState(
        SOME_TIME,
        completed_at=SOME_TIME if work.bits & COMPLETED else None,
        attempts=work.attempts,
        passed=True if work.bits & PASSED else False if work.bits & FAILED else None,
        tries=len(work.attempts),
    )


def _percent(member: MemberWork) -> float | None:
    return percent(member.lessons_done, member.lessons) if member.lessons else None


def _bare(member: MemberWork) -> CourseProgress:
    """Without the plan, what stands in the row."""
    return CourseProgress(
        lessons_done=member.lessons_done,
        lessons=member.lessons,
        percent_done=_percent(member),
        grade_so_far=None,
        passing_grade=None,
        needed_average=None,
        final_grade=member.final_grade,
        pace="unknown",
        overdue=[],
        next_due_at=None,
        next=None,
    )
