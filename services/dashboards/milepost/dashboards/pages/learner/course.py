"""What a learner sees of one course: what to do next, why something waits, what it counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from milepost.dashboards.queries.course_page import CourseLesson, CoursePage


class Step(NamedTuple):
    """`key` of its text, as in `history.entered`."""

    key: str
    at: datetime


class CourseView(msgspec.Struct, frozen=True, kw_only=True):
    """`history`: the latest first."""

    course: CoursePage
    now: datetime
    history: Sequence[Step]

    @property
    def due(self) -> Sequence[CourseLesson]:
        """What has a date and is not done, in order of the dates."""
        waiting = [one for one in self.course.lessons if one.due_at and one.status != "done"]
        return sorted(waiting, key=lambda one: one.due_at or self.now)


def course_view(course: CoursePage, now: datetime) -> CourseView:
    facts = {
        "entered": course.entered_at,
        "last_activity": course.last_activity,
        "completed": course.completed_at,
        "withdrawn": course.withdrawn_at,
    }
    steps = [Step(key, at) for key, at in facts.items() if at is not None]
    history = sorted(steps, key=lambda one: one.at, reverse=True)
    return CourseView(course=course, now=now, history=history)
