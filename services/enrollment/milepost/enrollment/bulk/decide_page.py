"""A page of rows, decided side by side, each as its single command would be.

    rows    a1 b1 a2 c1     a1 and a2 share something: a learner with a limit, scarce seats
    start   a1 b1 c1        side by side, begun in the file's order
    then    a2              behind a1

Decisions of rows that are started one after the other are made in that order, as long as all they
need is at hand. So a row waits only behind one that may change what it comes to and is not decided
at once. What they come to is what they would come to one by one, as long as nobody else writes the
same offerings at that moment.
"""

import asyncio
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from functools import partial
from typing import Any, TypeAlias
from uuid import uuid5

import structlog

from milepost.contracts.ids import enrollment_id
from milepost.enrollment.bulk.jobs import Job, Result, RowInvalid
from milepost.enrollment.bulk.lease import NotLeading
from milepost.enrollment.bulk.row_format import Fault, Row, RowRequest
from milepost.enrollment.commands.enroll import asks_for_more, enroll_learner
from milepost.enrollment.domain.enrollment.admission import AdmissionRequest
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.offering.offering import OFFERING, Offering
from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.event import Refused
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.outages import is_transient
from milepost.web.problems import members, problem_of
from milepost.web.requests.times import occurred
from milepost.web.settings import Settings

STARTED_TOGETHER = 25

Runs: TypeAlias = Mapping[str, Offering]
Task: TypeAlias = "asyncio.Task[Result]"

_log = structlog.get_logger()


async def enroll_rows(
    transactor: Transactor, settings: Settings, job: Job, rows: Sequence[Row]
) -> list[Result]:
    """A result per row, in their order. Raises what says that a server is away, and
    `NotLeading`.
    """
    runs = await _runs(transactor, job, rows)
    await _preload_enrollments(transactor, job, rows, runs)
    outcomes = await _side_by_side(Order(runs), rows, partial(_result, transactor, settings, job))
    results: list[Result] = []
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        results.append(outcome)
    return results


class Order:
    """`runs`: the offerings that the page names."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._last: dict[tuple[str, ...], Task] = {}
        self._delayed: dict[str, Task] = {}

    def before(self, row: Row) -> set[Task]:
        """What has to be done before this row is."""
        if not isinstance(row.request, RowRequest):
            return set()
        return self._waits_for(row.request) | self._queue(row.request)

    def add(self, row: Row, task: Task) -> None:
        if not isinstance(row.request, RowRequest):
            return
        if self._waits_for(row.request):
            # It comes late, and must not find its seat taken by those behind it.
            self._delayed[row.request.offering] = task
        for key in self._keys(row.request):
            self._last[key] = task

    def _waits_for(self, request: RowRequest) -> set[Task]:
        return {self._last[key] for key in self._keys(request) if key in self._last}

    def _queue(self, request: RowRequest) -> set[Task]:
        offering = request.offering
        queues = _counts_seats(self._runs[offering]) and offering in self._delayed
        return {self._delayed[offering]} if queues else set()

    def _keys(self, request: RowRequest) -> Iterator[tuple[str, ...]]:
        """Rows that share one of these are done one by one."""
        offering = request.offering
        run = self._runs[offering]
        yield ("enrollment", offering, request.learner)
        if run.opened is None:
            return
        if run.opened.parallel_limit is not None:
            yield ("learner", request.learner)
        if _counts_seats(run) and asks_for_more(run.opened):
            yield ("offering", offering)  # facts from elsewhere arrive in any order


async def _side_by_side(
    order: Order, rows: Sequence[Row], enroll: Callable[[Row], Coroutine[Any, Any, Result]]
) -> list[Result | BaseException]:
    """Whoever cancels this has none of them go on behind its back."""
    tasks: list[Task] = []
    try:
        for number, row in enumerate(rows, 1):
            task = asyncio.create_task(_after(order.before(row), partial(enroll, row)))
            order.add(row, task)
            tasks.append(task)
            if number % STARTED_TOGETHER == 0:
                await asyncio.sleep(0)  # others are served by this process too
        return await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await cancel_and_wait(*tasks)


async def _after(before: Collection[Task], enroll: Callable[[], Awaitable[Result]]) -> Result:
    if before:
        await asyncio.wait(before)
    return await enroll()


async def _runs(transactor: Transactor, job: Job, rows: Iterable[Row]) -> Runs:
    names = {row.request.offering for row in rows if isinstance(row.request, RowRequest)}
    loads = (transactor.load(job.tenant, OFFERING.of(offering)) for offering in names)
    states = await asyncio.gather(*loads)
    return {offering: run for offering, (_, run) in zip(names, states, strict=True)}


async def _preload_enrollments(
    transactor: Transactor, job: Job, rows: Iterable[Row], runs: Runs
) -> None:
    """A surprise would send back all that is decided behind it, and they would lose their order."""
    names = {
        enrollment_id(row.request.offering, row.request.learner)
        for row in rows
        if isinstance(row.request, RowRequest) and _counts_seats(runs[row.request.offering])
    }
    await asyncio.gather(*(transactor.load(job.tenant, ENROLLMENT.of(one)) for one in names))


def _counts_seats(run: Offering) -> bool:
    return run.opened is not None and run.opened.seats is not None


async def _result(transactor: Transactor, settings: Settings, job: Job, row: Row) -> Result:
    match row.request:
        case Fault() as fault:
            return _refused(row, RowInvalid(fault.path, fault.reason))
        case RowRequest() as request:
            return await _enroll(transactor, settings, job, row, request)


async def _enroll(
    transactor: Transactor, settings: Settings, job: Job, row: Row, request: RowRequest
) -> Result:
    """Repeated, after a crash, it answers with what it did."""
    offering = request.offering
    enrollment = enrollment_id(offering, request.learner)
    try:
        admission = AdmissionRequest(
            offering=offering,
            learner=request.learner,
            mode=request.mode or "audit",
            stated=request.mode is not None,
            occurred_at=occurred(request.occurred_at, settings, job.created_at),
            vouched=True,
        )
        outcome = await enroll_learner(
            transactor,
            job.tenant,
            admission,
            command_id=uuid5(job.job, str(row.number)),
            metadata=job.metadata,
        )
    except Refused as refusal:
        return _refused(row, refusal, enrollment)
    except Exception as error:
        if is_transient(error) or isinstance(error, NotLeading):
            raise
        # One row that nobody foresaw must not hold up the others.
        _log.exception("row_failed", tenant=job.tenant, job=str(job.job), row=row.number)
        return _refused(row, error, enrollment)
    return _outcome_of(row, outcome, enrollment, dry_run=job.dry_run)


def _outcome_of(row: Row, outcome: Outcome[Any], enrollment: str, *, dry_run: bool) -> Result:
    """By what the command wrote, not by how things are since."""
    stream = ENROLLMENT.of(enrollment).name
    state = ENROLLMENT.fold([one for one in outcome.events if one.stream == stream]).state
    if state is None:
        return Result(row=row.number, outcome="unchanged", enrollment=enrollment)
    assert state in ("enrolled", "waitlisted", "requested", "pending_approval")
    position = None if dry_run else outcome.position
    return Result(row=row.number, outcome=state, enrollment=enrollment, position=position)


def _refused(row: Row, error: Exception, enrollment: str | None = None) -> Result:
    problem = members(problem_of(error))
    return Result(row=row.number, outcome="refused", enrollment=enrollment, problem=problem)
