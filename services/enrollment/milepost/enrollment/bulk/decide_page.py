"""A page of enrollments, decided side by side.

Rows share something, and wait for each other, where a learner has a limit or seats are scarce. What
they come to is what they would come to one by one, as long as nobody else writes the same offerings
at that moment.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from milepost.contracts.ids import enrollment_id
from milepost.enrollment.bulk.enrollment_rows import RowRequest
from milepost.enrollment.commands.enroll import asks_for_more, enroll_learner
from milepost.enrollment.domain.enrollment.admission import AdmissionRequest
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.offering.offering import OFFERING, Offering
from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.runtime.outages import is_transient
from milepost.events.streams import Stream
from milepost.jobs.jobs import Job, Result
from milepost.jobs.kinds import command_of
from milepost.jobs.row_format import Row
from milepost.jobs.side_by_side import Task, decide_side_by_side
from milepost.web.requests.times import occurred
from milepost.web.settings import Settings

S = TypeVar("S")
Runs: TypeAlias = Mapping[str, Offering]


async def enroll_rows(
    transactor: Transactor, settings: Settings, job: Job, rows: Sequence[Row[RowRequest]]
) -> list[Result]:
    """A result per row, in their order. Raises what says that a server is away, and
    `NotLeading`.
    """
    runs = await _runs(transactor, job, rows)
    await _preload_enrollments(transactor, job, rows, runs)
    decide = partial(_enroll, transactor, settings, job)
    return await decide_side_by_side(SeatOrder(runs), job, rows, decide, _enrollment)


class SeatOrder:
    """`runs`: the offerings that the page names."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._last: dict[tuple[str, ...], Task] = {}
        self._delayed: dict[str, Task] = {}

    def before(self, row: Row[RowRequest]) -> set[Task]:
        """What has to be done before this row is."""
        if not isinstance(row.request, RowRequest):
            return set()
        return self._waits_for(row.request) | self._queue(row.request)

    def add(self, row: Row[RowRequest], task: Task) -> None:
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


async def _runs(transactor: Transactor, job: Job, rows: Iterable[Row[RowRequest]]) -> Runs:
    names = {row.request.offering for row in rows if isinstance(row.request, RowRequest)}
    loads = (_load(transactor, job, OFFERING.of(offering)) for offering in names)
    return dict(zip(names, await asyncio.gather(*loads), strict=True))


async def _preload_enrollments(
    transactor: Transactor, job: Job, rows: Iterable[Row[RowRequest]], runs: Runs
) -> None:
    """A surprise would send back all that is decided behind it, and they would lose their order."""
    names = {
        enrollment_id(row.request.offering, row.request.learner)
        for row in rows
        if isinstance(row.request, RowRequest) and _counts_seats(runs[row.request.offering])
    }
    await asyncio.gather(*(_load(transactor, job, ENROLLMENT.of(one)) for one in names))


async def _load(transactor: Transactor, job: Job, stream: Stream[S, Any]) -> S:
    """As if it were empty where nobody can read it: its rows find out themselves."""
    try:
        return (await transactor.load(job.tenant, stream))[1]
    except Exception as error:
        if is_transient(error):
            raise
        return stream.category.initial()


def _counts_seats(run: Offering) -> bool:
    return run.opened is not None and run.opened.seats is not None


def _enrollment(request: RowRequest) -> str:
    return enrollment_id(request.offering, request.learner)


async def _enroll(
    transactor: Transactor, settings: Settings, job: Job, row: int, request: RowRequest
) -> Result:
    """Repeated, after a crash, it answers with what it did."""
    admission = AdmissionRequest(
        offering=request.offering,
        learner=request.learner,
        mode=request.mode or "audit",
        stated=request.mode is not None,
        occurred_at=occurred(request.occurred_at, settings, job.created_at),
        vouched=True,
    )
    outcome = await enroll_learner(
        transactor, job.tenant, admission, command_id=command_of(job, row), metadata=job.metadata
    )
    return _outcome_of(row, outcome, _enrollment(request), dry_run=job.dry_run)


def _outcome_of(row: int, outcome: Outcome[Any], enrollment: str, *, dry_run: bool) -> Result:
    """By what the command wrote, not by how things are since."""
    stream = ENROLLMENT.of(enrollment).name
    state = ENROLLMENT.fold([one for one in outcome.events if one.stream == stream]).state
    if state is None:
        return Result(row=row, outcome="unchanged", enrollment=enrollment)
    assert state in ("enrolled", "waitlisted", "requested", "pending_approval")
    position = None if dry_run else outcome.position
    return Result(row=row, outcome=state, enrollment=enrollment, position=position)
