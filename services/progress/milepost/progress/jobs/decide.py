"""A page of rows about enrollments, decided side by side; rows about one enrollment one by one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from milepost.contracts.offerings import INSTRUCTORS
from milepost.events.commands.transact import Contended, Transactor
from milepost.jobs.jobs import Job, Result
from milepost.jobs.kinds import command_of
from milepost.jobs.row_format import Row
from milepost.jobs.side_by_side import OneByOne, decide_side_by_side
from milepost.progress.domain.plan import Plan
from milepost.progress.domain.state import PROGRESS, Progress
from milepost.progress.events import ProgressEvent
from milepost.progress.jobs.rows import RowRequest
from milepost.progress.plan_cache import PlanCache
from milepost.progress.wait_for_opening import wait_until_open
from milepost.web.settings import Settings

MOVES_AT_MOST = 3

R = TypeVar("R", bound=RowRequest)


class RowOf(NamedTuple):
    """What a decision is made for, beside the request."""

    job: Job
    number: int
    settings: Settings


Decision: TypeAlias = Callable[[Progress], Sequence[ProgressEvent]]
# What a row asks for, of an enrollment that is judged by this plan. May raise `Refused`.
Prepare: TypeAlias = Callable[[R, RowOf, Plan], Awaitable[Decision]]


class PlanMoved(Exception):
    """Somebody moved the enrollment to another version of the course meanwhile."""


@dataclass(frozen=True)
class RowDecider(Generic[R]):
    """How rows of one kind are decided. `outcomes`: what a row came to that wrote such an event."""

    plans: PlanCache
    prepare: Prepare[R]
    outcomes: Mapping[str, str]

    async def page(
        self, transactor: Transactor, settings: Settings, job: Job, rows: Sequence[Row[R]]
    ) -> list[Result]:
        """A result per row, in their order.

        Raises what says that a server is away, and `NotLeading`.
        """
        order = OneByOne(lambda request: (request.enrollment,))
        decide = partial(self._row, transactor, settings, job)
        return await decide_side_by_side(order, job, rows, decide, lambda one: one.enrollment)

    async def _row(
        self, transactor: Transactor, settings: Settings, job: Job, number: int, request: R
    ) -> Result:
        """Repeated, after a crash, it answers with what it did. Raises `Contended`."""
        for _ in range(MOVES_AT_MOST):
            with suppress(PlanMoved):
                return await self._judged(transactor, settings, job, number, request)
        raise Contended

    async def _judged(
        self, transactor: Transactor, settings: Settings, job: Job, number: int, request: R
    ) -> Result:
        allowed = partial(_allowed, transactor, job)
        state = await wait_until_open(transactor, job.tenant, request.enrollment, allowed)
        assert state.opened is not None
        plan = await self.plans.get(job.tenant, state.opened.course, state.opened.version)
        decide = await self.prepare(request, RowOf(job, number, settings), plan)
        outcome = await transactor.transact(
            job.tenant,
            PROGRESS.of(request.enrollment),
            partial(_by_that_plan, plan, decide),
            command_id=command_of(job, number),
            metadata=job.metadata,
        )
        # By what the command wrote, not by how things are since.
        wrote = [self.outcomes[one.type] for one in outcome.events if one.type in self.outcomes]
        return Result(
            row=number,
            outcome=wrote[0] if wrote else "unchanged",
            enrollment=request.enrollment,
            position=outcome.position if wrote and not job.dry_run else None,
        )


def _by_that_plan(plan: Plan, decide: Decision, state: Progress) -> Sequence[ProgressEvent]:
    if state.opened is None or state.opened.version != plan.version:
        raise PlanMoved
    return decide(state)


async def _allowed(transactor: Transactor, job: Job, _learner: str, offering: str) -> bool:
    """Of an instructor's job what is in their own offerings, as long as they are."""
    if not job.own_only:
        return True
    _, assigned = await transactor.load(job.tenant, INSTRUCTORS.of(offering))
    return job.actor in assigned.subjects
