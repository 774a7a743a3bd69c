"""Which rows of a page have to wait for which: the file's order, wherever it makes a difference.

Decisions of rows that are started one after the other are made in that order, as long as all they
need is at hand. So a row waits only behind one that may change what it comes to and is not decided
at once.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from milepost.enrollment.bulk.row_format import Row, RowRequest
from milepost.enrollment.commands.enroll import asks_for_more
from milepost.enrollment.domain.offering.offering import Offering

Runs: TypeAlias = Mapping[str, Offering]
Task: TypeAlias = "asyncio.Task[Any]"


def counts_seats(run: Offering) -> bool:
    return run.opened is not None and run.opened.seats is not None


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
        queues = counts_seats(self._runs[offering]) and offering in self._delayed
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
        if counts_seats(run) and asks_for_more(run.opened):
            yield ("offering", offering)  # facts from elsewhere arrive in any order
