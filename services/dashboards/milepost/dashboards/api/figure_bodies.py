"""The bodies of figures and of how learners stand. Each says its position and time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from milepost.dashboards.queries.consistent_read import Snapshot
from milepost.dashboards.queries.course_page import CourseLesson
from milepost.dashboards.queries.course_progress import CourseProgress
from milepost.dashboards.queries.gradebook import GradebookRow, GradedLesson
from milepost.dashboards.queries.home import HomeCredential, HomeEnrollment, Milestone
from milepost.dashboards.queries.lists.offerings import OfferingListed
from milepost.dashboards.queries.offering_page import (
    Activity,
    LessonFigures,
    LessonScores,
    TimeToComplete,
)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """`position`: all that stands up to there in the log is in here; `as_of`: when it was taken."""

    position: int
    as_of: datetime | None


class HomeBody(Figures, frozen=True, kw_only=True):
    """The latest first, of enrollments and credentials (200 each at most); milestones, what is
    ahead: the nearest first (50 at most).
    """

    learner: str
    enrollments: list[HomeEnrollment]
    credentials: list[HomeCredential]
    milestones: list[Milestone]


class EnrollmentBody(Figures, frozen=True, kw_only=True):
    """`progress` is null while there is no seat yet; `lessons` are in the order of the plan.
    `withdrawn_at` is that of this stay; `started_at` and the time spent are of all stays.
    """

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
    lessons: list[CourseLesson]


class LinkedLesson(LessonFigures, frozen=True, kw_only=True):
    """`links`: from a figure's name to the list of enrollments behind it."""

    links: dict[str, str]


class LinkedScores(LessonScores, frozen=True, kw_only=True):
    """`bucket_links`: for each of `buckets` the list of enrollments behind it."""

    bucket_links: list[str]


class LessonsBody(Figures, frozen=True, kw_only=True):
    """In the order of the course's plan; shares are of the `enrolled`, or as they are named."""

    offering: str
    enrolled: int
    lessons: list[LinkedLesson]


class ScoresBody(Figures, frozen=True, kw_only=True):
    """Of the lessons of which anybody enrolled has a score."""

    offering: str
    enrolled: int
    lessons: list[LinkedScores]


class ActivityBody(Figures, frozen=True, kw_only=True):
    """It changes with time alone. `links`: from a figure's name to the list of enrollments."""

    offering: str
    activity: Activity
    time_to_complete: TimeToComplete
    links: dict[str, str]


class GradebookBody(Figures, frozen=True, kw_only=True):
    """`lessons` are the columns of `scores`; `next` is the cursor of the page that follows."""

    offering: str
    course: str
    lessons: list[GradedLesson]
    rows: list[GradebookRow]
    next: str | None


class CourseRunsBody(Figures, frozen=True, kw_only=True):
    """The latest first, 100 at most."""

    course: str
    course_title: str
    runs: list[OfferingListed]


def facts_of(found: Snapshot) -> Mapping[str, Any]:
    """All but the ETag, which is a header."""
    facts = {name: getattr(found, name) for name in found.__struct_fields__}
    del facts["etag"]
    return facts
