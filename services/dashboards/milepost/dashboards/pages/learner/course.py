"""What a learner sees of one course: what to do next, why something waits, what it counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from milepost.dashboards.pages.teaching.timeline import timeline
from milepost.dashboards.pages.teaching.words import sentence
from milepost.dashboards.queries.course_page import CourseLesson, CoursePage
from milepost.dashboards.queries.enrollment.latest_events import Latest
from milepost.pages.locales import Locale

# Of a history; what is older is counted.
MOST_STEPS: Final = 30
OPEN_STEPS: Final = 6
GOING_ON: Final = frozenset({"enrolled", "active", "suspended"})


class Step(NamedTuple):
    at: datetime
    text: str


class CourseView(msgspec.Struct, frozen=True, kw_only=True):
    """`history`: the latest first, of which `open_steps` are seen at once; `older` are not, and
    where it is `cut` there are others before them.
    """

    course: CoursePage
    now: datetime
    history: Sequence[Step]
    older: int
    cut: bool
    open_steps: int = OPEN_STEPS

    @property
    def goes_on(self) -> bool:
        """Whether dates and what is left still mean something to the learner."""
        return self.course.state in GOING_ON

    def share(self, lesson: CourseLesson) -> float:
        """Of the grade, 0 to 1, that the lesson makes up; 0: it is not graded, or excused."""
        weights = sum(one.weight for one in self.course.lessons if not one.waived)
        return 0 if lesson.waived or not weights else lesson.weight / weights

    @property
    def due(self) -> Sequence[CourseLesson]:
        """What has a date and is not done, in order of the dates."""
        if not self.goes_on:
            return []
        waiting = [one for one in self.course.lessons if one.due_at and one.status != "done"]
        return sorted(waiting, key=lambda one: one.due_at or self.now)


def course_view(course: CoursePage, now: datetime, latest: Latest, locale: Locale) -> CourseView:
    story = timeline(latest.events, course.learner)[::-1]
    if latest.cut and len(story) > 1:
        story.pop()  # a day of visits may have been cut in two
    titles = {one.lesson: one.title for one in course.lessons}
    shown = [Step(one.occurred_at, sentence(one, locale, titles)) for one in story[:MOST_STEPS]]
    return CourseView(
        course=course,
        now=now,
        history=shown,
        older=max(0, len(story) - MOST_STEPS),
        cut=latest.cut,
    )
