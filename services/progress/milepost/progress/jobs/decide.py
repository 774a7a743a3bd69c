"""A page of rows about enrollments, decided side by side; rows about one enrollment one by one."""

import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from milepost.contracts.offerings import INSTRUCTORS
from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.events.commands.transact import Contended, Transactor
from milepost.events.log import AlreadyDone, Recorded
from milepost.events.store.dry_run import DryRunLog
from milepost.jobs.jobs import Job, Result
from milepost.jobs.kinds import command_of
from milepost.jobs.row_format import Row
from milepost.jobs.side_by_side import OneByOne, decide_side_by_side
from milepost.progress.api.wiring import PlanMoved, by_that_plan
from milepost.progress.domain.state import PROGRESS
from milepost.progress.events import ProgressEvent
from milepost.progress.jobs.earlier_try import EarlierTry, earlier_try
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


class Page(NamedTuple):
    """What rows of a page share. `since`: when their wait for progress to be opened began."""

    transactor: Transactor
    settings: Settings
    job: Job
    earlier: EarlierTry
    since: float


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
        earlier = await earlier_try(transactor.log, job, rows)
        # On a rehearsal of the log nothing is opened, however long one waits.
        since = -math.inf if job.dry_run else time.monotonic()
        page = Page(transactor, settings, job, earlier, since)
        order = OneByOne(lambda request: (request.enrollment,))
        decide = partial(self._row, page)
        return await decide_side_by_side(order, job, rows, decide, lambda one: one.enrollment)

    async def _row(self, page: Page, number: int, request: R) -> Result:
        """Repeated, after a crash, it answers with what it did. Raises `Contended`."""
        if done := page.earlier.wrote.get(number):
            count = done.last - done.first + 1
            events = await page.transactor.log.read(page.job.tenant, done.first - 1, count)
            return self._result(page, number, request, events, done.last)
        if behind := page.earlier.overtaken.get(number):
            return await self._overtaken(page, number, request, behind)
        return await self._decide(page, number, request)

    async def _overtaken(self, page: Page, number: int, request: R, behind: AlreadyDone) -> Result:
        """It wrote nothing when it was decided: this says why, and writes nothing either."""
        log = DryRunLog(page.transactor.log, {page.job.tenant: behind.first - 1})
        rehearsal = Transactor(log)
        try:
            past = page._replace(transactor=rehearsal, since=-math.inf)
            await self._decide(past, number, request)
        finally:
            await rehearsal.close()
        return self._result(page, number, request, (), 0)

    async def _decide(self, page: Page, number: int, request: R) -> Result:
        for _ in range(MOVES_AT_MOST):
            with suppress(PlanMoved):
                return await self._judged(page, number, request)
        raise Contended

    async def _judged(self, page: Page, number: int, request: R) -> Result:
        transactor, job = page.transactor, page.job
        allowed = partial(_allowed, transactor, job)
        state = await wait_until_open(
            transactor, job.tenant, request.enrollment, allowed, since=page.since
        )
        assert state.opened is not None
        plan = await self.plans.get(job.tenant, state.opened.course, state.opened.version)
        decide = await self.prepare(request, RowOf(job, number, page.settings), plan)
        outcome = await transactor.transact(
            job.tenant,
            PROGRESS.of(request.enrollment),
            by_that_plan(plan, decide),
            command_id=command_of(job, number),
            metadata=job.metadata,
        )
        return self._result(page, number, request, outcome.events, outcome.position)

    def _result(
        self, page: Page, number: int, request: R, events: Sequence[Recorded], position: int
    ) -> Result:
        """By what the command wrote, not by how things are since."""
        wrote = [self.outcomes[one.type] for one in events if one.type in self.outcomes]
        return Result(
            row=number,
            outcome=wrote[0] if wrote else "unchanged",
            enrollment=request.enrollment,
            position=position if wrote and not page.job.dry_run else None,
        )


async def _allowed(transactor: Transactor, job: Job, _learner: str, offering: str) -> bool:
    """Of an instructor's job what is in their own offerings, as long as they are."""
    if not job.own_only:
        return True
    _, assigned = await transactor.load(job.tenant, INSTRUCTORS.of(offering))
    return job.actor in assigned.subjects
