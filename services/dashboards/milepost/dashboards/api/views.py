"""What the dashboards show. A rate names its denominator, an answer its position and time."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from milepost.dashboards.projections.catalog import CourseRow, ProgramRow, RunRow
from milepost.dashboards.projections.credential_registry import RegisteredCredential
from milepost.dashboards.projections.learner_overview import EnrollmentRow

CredentialStatus: TypeAlias = Literal["active", "expired", "revoked"]
CourseState: TypeAlias = Literal["draft", "published", "retired"]
ProgramStatus: TypeAlias = Literal["defined", "retired"]
RunState: TypeAlias = Literal["announced", "open", "running", "ended", "closed", "canceled"]
EnrollmentState: TypeAlias = Literal[
    "requested",
    "pending_approval",
    "waitlisted",
    "offered",
    "enrolled",
    "active",
    "suspended",
    "completed",
    "declined",
    "withdrawn",
    "expired",
    "transferred",
    "canceled",
]


class CourseView(CourseRow, kw_only=True):
    state: CourseState


class RunView(RunRow, kw_only=True):
    """`state` is that of now: `running` is past its window. `seated`: seats taken or held on offer;
    `free_seats` is null without a cap.
    """

    state: RunState
    seated: int
    waiting: int
    free_seats: int | None


class ProgramView(ProgramRow, kw_only=True):
    """`achievements` are those of the latest version, in its order."""

    status: ProgramStatus
    achievements: list[str]


class CredentialView(RegisteredCredential, kw_only=True):
    """`status` is that of now; `reason` is the revocation's code."""

    status: CredentialStatus


class OfferingView(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of enrollments, each counted once in a stage; rates are 0 to 1, null without any.

    `waitlisted` ever, `waiting` now; `seated` now, with the seats held on offer. `visits` are
    reports that added progress, time or clicks.
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
    enrolled: int
    verified: int
    started: int
    completed: int
    withdrawn: int
    credentials: int
    lessons_completed: int
    attempts: int
    visits: int
    clicks: int
    started_of_enrolled: float | None
    completed_of_enrolled: float | None
    completed_of_started: float | None
    withdrawn_of_enrolled: float | None
    mean_grade_of_completed: float | None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """`position`: all that stands up to there in the log is in here; `as_of`: when it was taken.

    `next` is the cursor of the page that follows, null at the end.
    """

    position: int
    as_of: datetime | None
    next: str | None


class OfferingsPage(Page, frozen=True, kw_only=True):
    offerings: list[OfferingView]


class CoursesPage(Page, frozen=True, kw_only=True):
    courses: list[CourseView]


class RunsPage(Page, frozen=True, kw_only=True):
    offerings: list[RunView]


class ProgramsPage(Page, frozen=True, kw_only=True):
    programs: list[ProgramView]


class EnrollmentsPage(Page, frozen=True, kw_only=True):
    enrollments: list[EnrollmentRow]


class CredentialsPage(Page, frozen=True, kw_only=True):
    credentials: list[CredentialView]


class OfferingPage(msgspec.Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    offering: OfferingView


class LearnerPage(msgspec.Struct, frozen=True, kw_only=True):
    """Enrollments, the latest first; credentials in the order they were awarded."""

    position: int
    as_of: datetime | None
    learner: str
    enrollments: list[EnrollmentRow]
    credentials: list[CredentialView]


class Head(msgspec.Struct, frozen=True):
    head: int


class ModelStanding(msgspec.Struct, frozen=True, kw_only=True):
    """`lag` in events. `parked`: events that could not be folded, and what waits behind them."""

    name: str
    generation: int
    version: int
    status: str
    position: int
    lag: int
    as_of: datetime | None = None
    parked: int = 0


class OperationsPage(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's log and the read models made of it; more of them while one is rebuilt."""

    position: int
    as_of: datetime | None
    head: int
    models: list[ModelStanding]
