"""The bodies of the answers. Each says its position and time beside what was read."""

from datetime import date, datetime

import msgspec

from milepost.dashboards.domain.at_risk import Judgement
from milepost.dashboards.projections.learner_overview import EnrollmentRow
from milepost.dashboards.queries.lists.courses import CourseView
from milepost.dashboards.queries.lists.credentials import CredentialListed, CredentialView
from milepost.dashboards.queries.lists.enrollments import EnrollmentListed
from milepost.dashboards.queries.lists.offerings import OfferingListed, OfferingView
from milepost.dashboards.queries.lists.past_offerings import Clock, PastOffering
from milepost.dashboards.queries.lists.programs import ProgramView
from milepost.dashboards.queries.lists.runs import RunView
from milepost.dashboards.queries.offering_page import StageCount
from milepost.dashboards.queries.offerings.at_risk import Phase
from milepost.dashboards.queries.offerings.days import DayFigures
from milepost.dashboards.queries.operations import ModelStanding


class ListBody(msgspec.Struct, frozen=True, kw_only=True):
    """`position`: all that stands up to there in the log is in here; `as_of`: when it was taken.

    `next` is the cursor of the page that follows, null at the end.
    """

    position: int
    as_of: datetime | None
    next: str | None


class OfferingsPage(ListBody, frozen=True, kw_only=True):
    offerings: list[OfferingListed]


class CoursesPage(ListBody, frozen=True, kw_only=True):
    courses: list[CourseView]


class RunsPage(ListBody, frozen=True, kw_only=True):
    offerings: list[RunView]


class ProgramsPage(ListBody, frozen=True, kw_only=True):
    programs: list[ProgramView]


class EnrollmentsPage(ListBody, frozen=True, kw_only=True):
    enrollments: list[EnrollmentListed]


class CredentialsPage(ListBody, frozen=True, kw_only=True):
    credentials: list[CredentialListed]


class OfferingPage(msgspec.Struct, frozen=True, kw_only=True):
    """`stages` are the funnel: who is in one is in all before it, but for `awarded`.

    `links`: from a figure's name to the list of enrollments behind it.
    """

    position: int
    as_of: datetime | None
    offering: OfferingView
    stages: list[StageCount]
    links: dict[str, str]


class LearnerPage(msgspec.Struct, frozen=True, kw_only=True):
    """Enrollments, the latest first; credentials in the order they were awarded."""

    position: int
    as_of: datetime | None
    learner: str
    enrollments: list[EnrollmentRow]
    credentials: list[CredentialView]


class OperationsPage(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's log and the read models made of it; more of them while one is rebuilt."""

    position: int
    as_of: datetime | None
    head: int
    models: list[ModelStanding]


class PastOfferingsPage(ListBody, frozen=True, kw_only=True):
    """Of a past day; `position` and `as_of` say what has been read by now."""

    offerings: list[PastOffering]


class PastOfferingPage(msgspec.Struct, frozen=True, kw_only=True):
    """Of a past day; `position` and `as_of` say what has been read by now."""

    position: int
    as_of: datetime | None
    clock: Clock
    day: date
    offering: PastOffering


class DaysPage(msgspec.Struct, frozen=True, kw_only=True):
    """Days (UTC) in order; those on which nothing changed are left out."""

    position: int
    as_of: datetime | None
    days: list[DayFigures]


class AtRiskPage(ListBody, frozen=True, kw_only=True):
    """Judged as of `at`: who is in and has not completed, while the offering runs (`phase`).

    `at_risk` of the `judged` are; `at_risk_of_judged` is 0 to 1, null without any. `reasons`: how
    many have each. `learners`: those with a reason, the most of them first. `links`: the lists of
    enrollments behind `at_risk` and behind each reason; none for a past day.
    """

    offering: str
    at: datetime
    phase: Phase
    judged: int
    at_risk: int
    at_risk_of_judged: float | None
    reasons: dict[str, int]
    links: dict[str, str]
    learners: list[Judgement]
