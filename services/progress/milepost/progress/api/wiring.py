"""What the routes share: who may ask, and the plan of the enrollment that is asked about."""

from asyncio import Semaphore
from collections.abc import Callable
from datetime import UTC, datetime
from re import match
from typing import Annotated, TypeVar

import msgspec
from litestar.params import PathParameter

from milepost.contracts.ids import ENROLLMENT_KEY
from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.events.commands.transact import Contended, Transactor
from milepost.progress.domain.reports import (
    NotEnrolled,
    NotOpenYet,
    UnknownEnrollment,
    UnknownPlan,
)
from milepost.progress.domain.state import PROGRESS
from milepost.progress.plan_cache import PlanCache
from milepost.progress.queries.lesson_times import LessonTimes
from milepost.progress.report_buffer import ReportBuffer
from milepost.progress.wait_for_opening import wait_until_open
from milepost.web.auth.own_offerings import has_access, is_limited
from milepost.web.auth.tokens import Caller
from milepost.web.settings import Settings

T = TypeVar("T")
EnrollmentPath = Annotated[str, PathParameter(description="The enrollment's id")]

WRITERS = ("instructor", "registrar", "service")
READERS = (*WRITERS, "operator", "auditor")

_ENROLLMENT = "9bd49296-3d37-554a-978b-2047720aab49"
_SEPTEMBER = datetime(2026, 9, 1, 8, tzinfo=UTC)
# An enrollment of which nobody can be told, or of which nothing can be reported.
UNREADABLE = (
    UnknownEnrollment(_ENROLLMENT),
    UnknownPlan("DATA-101", 3),
    NotEnrolled(enrolled_at=_SEPTEMBER),
    NotOpenYet(_ENROLLMENT),
)


class Wiring(msgspec.Struct, frozen=True):
    """What the routes are given to work with. `what_ifs`: each reads the log, so few at once."""

    transactor: Transactor
    settings: Settings
    clock: Callable[[], datetime]
    plans: PlanCache
    times: LessonTimes
    buffer: ReportBuffer
    what_ifs: Semaphore = msgspec.field(default_factory=lambda: Semaphore(2))


async def plan_for(
    wiring: Wiring,
    enrollment: str,
    caller: Caller,
    staff: tuple[str, ...],
    *,
    own: bool = True,
    recent: bool = False,
    since: float | None = None,
) -> Plan:
    """The plan of an enrollment that is the staff's business, or, if that may be, the caller's own.

    `recent`: the plan that this process knew last, for decisions `by_that_plan`. `since`: when the
    wait began, by the monotonic clock, where many wait together. Raises
    `UnknownEnrollment` for any other, no sooner than for one that is not there.
    """
    if not match(ENROLLMENT_KEY, enrollment):
        raise UnknownEnrollment(enrollment)

    async def allowed(learner: str, offering: str) -> bool:
        whose = learner if own else None
        return await has_access(wiring.transactor, caller, staff, offering=offering, learner=whose)

    state = await wait_until_open(
        wiring.transactor, caller.tenant, enrollment, allowed, recent=recent, since=since
    )
    assert state.opened is not None
    return await wiring.plans.get(caller.tenant, state.opened.course, state.opened.version)


async def is_staff(
    wiring: Wiring, enrollment: str, caller: Caller, staff: tuple[str, ...] = WRITERS
) -> bool:
    """Whether a role makes them staff of this enrollment, which is open.

    Who instructs another offering is no more than the learner of an enrollment of their own.
    """
    if not is_limited(caller, staff):
        return not caller.roles.isdisjoint(staff)
    _, state = await wiring.transactor.load(caller.tenant, PROGRESS.of(enrollment))
    assert state.opened is not None
    return await has_access(wiring.transactor, caller, staff, offering=state.opened.offering)


class PlanMoved(Contended):
    """The enrollment is judged by another plan meanwhile."""


def by_that_plan(plan: Plan, decide: Callable[[Progress], T]) -> Callable[[Progress], T]:
    """Decides only while the enrollment is judged by this plan. Raises `PlanMoved`: try again.

    Between reading the plan and deciding, the enrollment may have been migrated to another.
    """

    def checked(state: Progress) -> T:
        if state.opened is None or state.opened.version != plan.version:
            raise PlanMoved
        return decide(state)

    return checked
