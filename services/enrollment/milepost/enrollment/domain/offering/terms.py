"""What is decided about an offering as a whole: open, change, close, cancel."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from milepost.contracts.courses import CoursePublished
from milepost.contracts.offerings import (
    Mode,
    OfferingCanceled,
    OfferingChanged,
    OfferingClosed,
    OfferingOpened,
    Pace,
)
from milepost.contracts.rules.prerequisites import Prerequisite
from milepost.enrollment.domain.course.course import (
    AlreadyRetired,
    Course,
    UnknownCourse,
    UnknownCourseVersion,
)
from milepost.enrollment.domain.course.plan_faults import Fault, prerequisite_faults
from milepost.enrollment.domain.offering.offering import (
    CHANGEABLE,
    Offering,
    OfferingAlreadyOpen,
    OfferingInvalid,
    UnknownOffering,
    running,
)
from milepost.enrollment.domain.offering.seats import pass_on, seats_held
from milepost.enrollment.events import OfferingEvent

# Postgres' driver takes the last day that Python has for infinity.
END_OF_CALENDAR = datetime(9999, 12, 31, tzinfo=UTC)


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change about an offering; unset: nothing."""

    window_opens: datetime | UnsetType | None = UNSET
    window_closes: datetime | UnsetType | None = UNSET
    ends: datetime | UnsetType | None = UNSET
    seats: int | UnsetType | None = UNSET
    waitlist: bool | UnsetType = UNSET
    offer_hours: int | UnsetType | None = UNSET


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How an offering is to be run: as `OfferingOpened` says it.

    Absent: `version` the latest; `prerequisites` those of the version.
    """

    course: str
    version: int | None = None
    pace: Pace = "self_paced"
    window_opens: datetime | None = None
    window_closes: datetime | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    seats: int | None = None
    waitlist: bool = True
    offer_hours: int | None = None
    approval: bool = False
    invitation_only: bool = False
    modes: tuple[Mode, ...] = ("audit", "verified")
    prerequisites: tuple[Prerequisite, ...] | None = None
    parallel_limit: int | None = None
    expires_days: int | None = None


def open_offering(
    state: Offering, catalog: Course, terms: Terms, *, offering: str, occurred_at: datetime
) -> list[OfferingEvent]:
    """Open a run of a published version. The window is [opens, closes).

    Opening it again with the same facts does nothing. Raises `UnknownCourse`,
    `UnknownCourseVersion`, `AlreadyRetired`, `OfferingInvalid`, `OfferingAlreadyOpen`.
    """
    before = state.opened
    version = before.version if before and terms.version is None else terms.version
    published = _published(catalog, terms.course, version)
    wanted = terms.prerequisites
    facts = {
        **{name: getattr(terms, name) for name in terms.__struct_fields__},
        "version": published.version,
        "prerequisites": published.prerequisites if wanted is None else wanted,
    }
    at = before.occurred_at if before else occurred_at
    opened = OfferingOpened(offering=offering, **facts, occurred_at=at)
    if opened == before:
        return []
    if before is not None:
        raise OfferingAlreadyOpen(offering)
    if catalog.retired:
        raise AlreadyRetired(terms.course)
    if faults := (*faults_of(opened), *prerequisite_faults(opened.prerequisites)):
        raise OfferingInvalid(offering, faults)
    return [opened]


def change_offering(
    state: Offering, changes: Changes, *, offering: str, occurred_at: datetime
) -> list[OfferingEvent]:
    """Seats that are added go to those who wait; fewer seats evict nobody.

    Raises `UnknownOffering`, `OfferingAlreadyCanceled`, `OfferingAlreadyClosed`, `OfferingEnded`,
    `OfferingInvalid`: also when a cap would come or go, for nobody is counted without one.
    """
    opened = running(state, offering=offering, occurred_at=occurred_at)
    wanted = {name: value for name, value in asdict(changes).items() if value is not UNSET}
    after = replace(opened, **wanted)
    if after == opened:
        return []
    faults = tuple(faults_of(after))
    if (after.seats is None) != (opened.seats is None):
        faults = (*faults, Fault("$.seats", "cap_comes_or_goes"))
    if faults:
        raise OfferingInvalid(offering, faults)
    facts = {name: getattr(after, name) for name in CHANGEABLE}
    changed = OfferingChanged(offering=offering, **facts, occurred_at=occurred_at)
    outcome = Offering(after, seated=state.seated, offered=state.offered, waiting=state.waiting)
    return [changed, *pass_on(outcome, seats_held(state), occurred_at, occurred_at)]


def close_offering(state: Offering, *, offering: str, occurred_at: datetime) -> list[OfferingEvent]:
    """Take nobody in any more, and pass freed seats on to nobody. Raises `UnknownOffering`."""
    if state.opened is None:
        raise UnknownOffering(offering)
    if state.closed_at is not None:
        return []
    return [OfferingClosed(offering=offering, occurred_at=occurred_at)]


def cancel_offering(
    state: Offering, *, offering: str, reason: str, occurred_at: datetime
) -> list[OfferingEvent]:
    """It does not take place; who is in or waits is let go by policy. Raises `UnknownOffering`."""
    if state.opened is None:
        raise UnknownOffering(offering)
    if state.canceled is not None:
        return []
    return [OfferingCanceled(offering=offering, reason=reason, occurred_at=occurred_at)]


def _published(catalog: Course, course: str, version: int | None) -> CoursePublished:
    if catalog.title is None:
        raise UnknownCourse(course)
    latest = len(catalog.versions)
    wanted = latest if version is None else version
    if not 1 <= wanted <= latest:
        raise UnknownCourseVersion(course, version, latest)
    return catalog.versions[wanted - 1]


def faults_of(opened: OfferingOpened) -> Iterator[Fault]:
    """What makes no sense about these facts."""
    if opened.seats is not None and opened.seats < 1:
        yield Fault("$.seats", "not_positive")
    if opened.offer_hours is not None and opened.offer_hours < 1:
        yield Fault("$.offer_hours", "not_positive")
    if opened.parallel_limit is not None and opened.parallel_limit < 1:
        yield Fault("$.parallel_limit", "not_positive")
    if not opened.modes:
        yield Fault("$.modes", "empty")
    if opened.expires_days is not None and opened.ends is None:
        yield Fault("$.expires_days", "without_ends")
    yield from _time_faults(opened)


def _time_faults(opened: OfferingOpened) -> Iterator[Fault]:
    if opened.window_opens and opened.window_closes and opened.window_opens >= opened.window_closes:
        yield Fault("$.window_closes", "not_after_window_opens")
    if opened.starts and opened.ends and opened.starts >= opened.ends:
        yield Fault("$.ends", "not_after_starts")
    if opened.window_opens and opened.ends and opened.window_opens >= opened.ends:
        yield Fault("$.window_opens", "not_before_ends")
    stay = timedelta(days=opened.expires_days or 0)
    if opened.ends and opened.ends >= END_OF_CALENDAR - stay:
        yield Fault("$.expires_days", "beyond_the_calendar")
