"""A learner's home in one read: where they are, what is next, what they hold and may earn."""

from datetime import datetime

import asyncpg
import msgspec

from milepost.dashboards.queries.consistent_read import Snapshot
from milepost.dashboards.queries.course_progress import CourseProgress
from milepost.dashboards.queries.lists.credentials import CredentialView


class HomeEnrollment(msgspec.Struct, frozen=True, kw_only=True):
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


class HomeCredential(CredentialView, kw_only=True):
    """`achievement_name`: of its latest version, in the language asked for where there is one."""

    achievement_name: str | None


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """An achievement that is not held, and that one of the learner's courses leads to.

    `met` of `criteria` hold. `course` is the learner's course that leads there, with its title.
    """

    achievement: str
    name: str
    met: int
    criteria: int
    course: str
    course_title: str | None


class Home(Snapshot, frozen=True, kw_only=True):
    """The latest first, of enrollments and credentials (200 each at most); milestones: what is
    nearest first.
    """

    learner: str
    enrollments: list[HomeEnrollment]
    credentials: list[HomeCredential]
    milestones: list[Milestone]


async def read_home(
    pool: asyncpg.Pool,
    tenant: str,
    learner: str,
    *,
    language: str | None = None,
    awaited: int | None = None,
) -> Home:
    """Empty for a learner of whom nothing has happened."""
    raise NotImplementedError
