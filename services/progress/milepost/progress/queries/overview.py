"""What a learner asks: what is done, what is next, what is locked and why, what is needed. Pure."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from milepost.contracts.rules.learning.chances import chances
from milepost.contracts.rules.learning.grades import GradeView, grade_view
from milepost.contracts.rules.learning.lesson_state import Bookmark
from milepost.contracts.rules.learning.next_lesson import Next, next_lesson
from milepost.contracts.rules.learning.outline import LessonView, is_demanded, outline, percent_done
from milepost.contracts.rules.learning.pace import Pace, pace
from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.progress.queries.time_left import LessonTime, TimeLeft, time_left


class Resume(msgspec.Struct, frozen=True):
    """The latest of the lessons' positions."""

    lesson: str
    position: str
    at: datetime


class Overview(msgspec.Struct, frozen=True, kw_only=True):
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
    lessons: list[LessonView]


def overview(
    state: Progress, plan: Plan, now: datetime, times: Mapping[str, LessonTime] = {}
) -> Overview:
    """Of a state that is open. `times`: what others needed, by lesson.

    For who has left, or is suspended, the clock has stopped at that moment.
    """
    opened = state.opened
    assert opened is not None
    at = min(now, state.closed_at or now)
    lessons = outline(state, plan, at)
    reachable = chances(plan, lessons, at)
    grade = grade_view(state, plan, reachable)
    return Overview(
        enrollment=opened.enrollment,
        learner=opened.learner,
        offering=opened.offering,
        course=opened.course,
        version=opened.version,
        opened_at=opened.occurred_at,
        closed_at=state.closed_at,
        completed_at=state.course.occurred_at if state.course else None,
        final_grade=state.grade if state.course else None,
        passing=state.passing if state.course else None,
        percent_done=percent_done(lessons),
        percent_required_done=percent_done([one for one in lessons if is_demanded(one, plan)]),
        seconds_spent=sum(one.milliseconds for one in state.lessons.values()) / 1000,
        time_left=time_left(plan, lessons, times),
        pace=pace(lessons, at, completed=state.course is not None),
        deadline_resets_left=max(0, plan.deadline_resets - state.resets),
        grade=grade,
        next=None if state.closed_at else next_lesson(plan, lessons, reachable, short=grade.short),
        resume=_resume(state, plan),
        lessons=lessons,
    )


def _resume(state: Progress, plan: Plan) -> Resume | None:
    bookmarks: list[tuple[Bookmark, str]] = [
        (standing.bookmark, lesson)
        for lesson, standing in state.lessons.items()
        if standing.bookmark and lesson in plan.lessons
    ]
    if not bookmarks:
        return None
    bookmark, lesson = max(bookmarks)
    return Resume(lesson, bookmark.position, bookmark.at)
