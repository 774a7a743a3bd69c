"""A page of rows, decided side by side, each as its single command would be.

    rows    a1 b1 a2 c1     a1 and a2 share something, as an enrollment
    start   a1 b1 c1        side by side, begun in the file's order
    then    a2              behind a1

Decisions of rows that are started one after the other are made in that order, as long as all they
need is at hand. So a row waits only behind one that may change what it comes to and is not decided
at once. What waits behind a row that was not decided, for a server is away, is not decided either:
both come again, in their order.
"""

import asyncio
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Hashable,
    Iterable,
    Sequence,
)
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar

import structlog

from milepost.events.event import Refused
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.outages import is_transient
from milepost.jobs.jobs import Job, Result, RowInvalid
from milepost.jobs.lease import NotLeading
from milepost.jobs.row_format import Fault, Row
from milepost.web.problems import members, problem_of

STARTED_TOGETHER = 25

R = TypeVar("R")
Task: TypeAlias = "asyncio.Task[Result]"

_log = structlog.get_logger()


class Order(Protocol):
    """Which rows wait for which."""

    def before(self, row: Row[Any]) -> set[Task]:
        """What has to be done before this row is."""

    def add(self, row: Row[Any], task: Task) -> None:
        """The row is on its way."""


class OneByOne:
    """Rows that share a key are done one by one."""

    def __init__(self, keys: Callable[[Any], Iterable[Hashable]]) -> None:
        """`keys` of a request."""
        self._keys = keys
        self._last: dict[Hashable, Task] = {}

    def before(self, row: Row[Any]) -> set[Task]:
        return {self._last[key] for key in self._of(row) if key in self._last}

    def add(self, row: Row[Any], task: Task) -> None:
        for key in self._of(row):
            self._last[key] = task

    def _of(self, row: Row[Any]) -> Iterable[Hashable]:
        return () if isinstance(row.request, Fault) else self._keys(row.request)


async def decide_side_by_side(
    order: Order,
    job: Job,
    rows: Sequence[Row[R]],
    decide: Callable[[int, R], Coroutine[Any, Any, Result]],
    enrollment: Callable[[R], str],
) -> list[Result]:
    """A result per row, in their order. `decide` is given its number and request, `enrollment` says
    whose it is.

    Raises what says that a server is away, and `NotLeading`. Whatever else a row raises is its
    result. Whoever cancels this has none of them go on behind its back.
    """
    tasks: list[Task] = []
    try:
        for number, row in enumerate(rows, 1):
            work = partial(_result, job, row, decide, enrollment)
            task = asyncio.create_task(_after(order.before(row), work))
            order.add(row, task)
            tasks.append(task)
            if number % STARTED_TOGETHER == 0:
                await asyncio.sleep(0)  # others are served by this process too
        return _all(await asyncio.gather(*tasks, return_exceptions=True))
    finally:
        await cancel_and_wait(*tasks)


def _refused(row: int, error: Exception, enrollment: str | None = None) -> Result:
    problem = members(problem_of(error))
    return Result(row=row, outcome="refused", enrollment=enrollment, problem=problem)


async def _after(before: Collection[Task], work: Callable[[], Awaitable[Result]]) -> Result:
    if before:
        await asyncio.wait(before)
    for one in before:
        one.result()  # raises what kept it from being decided
    return await work()


async def _result(
    job: Job,
    row: Row[R],
    decide: Callable[[int, R], Coroutine[Any, Any, Result]],
    enrollment: Callable[[R], str],
) -> Result:
    if isinstance(row.request, Fault):
        return _refused(row.number, RowInvalid(row.request.path, row.request.reason))
    try:
        return await decide(row.number, row.request)
    except Refused as refusal:
        return _refused(row.number, refusal, enrollment(row.request))
    except Exception as error:
        if is_transient(error) or isinstance(error, NotLeading):
            raise
        # One row that nobody foresaw must not hold up the others.
        _log.exception("row_failed", tenant=job.tenant, job=str(job.job), row=row.number)
        return _refused(row.number, error, enrollment(row.request))


def _all(outcomes: Iterable[Result | BaseException]) -> list[Result]:
    results: list[Result] = []
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        results.append(outcome)
    return results
