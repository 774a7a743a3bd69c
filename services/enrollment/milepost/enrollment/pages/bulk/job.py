"""A bulk job as a page shows it: how far it is, what its rows came to, each row's result."""

from collections.abc import Sequence
from typing import Any, Final, get_args
from uuid import UUID

import msgspec

from milepost.enrollment.bulk.enrollment_kind import Outcome
from milepost.jobs.http import rows_per_second
from milepost.jobs.jobs import Job
from milepost.jobs.store import ResultLine, Store

OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
ROWS: Final = 50
JOBS: Final = 20


class Count(msgspec.Struct, frozen=True):
    """`name`: an outcome, or the name of a problem."""

    name: str
    rows: int


class JobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`share` is 0 to 1, of the rows that have a result."""

    job: Job
    share: float
    outcomes: Sequence[Count]
    refusals: Sequence[Count]
    refused: int
    rows_per_second: float | None

    @property
    def running(self) -> bool:
        return self.job.ended_at is None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row's result. `problem` is its name, `path` where in the row."""

    row: int
    learner: str | None
    offering: str | None
    outcome: str
    enrollment: str | None
    problem: str | None
    detail: str | None
    path: str | None


class ResultsPage(msgspec.Struct, frozen=True, kw_only=True):
    """`next`: the row after which the next page begins; None on the last."""

    lines: Sequence[Line]
    next: int | None


class JobsPage(msgspec.Struct, frozen=True, kw_only=True):
    jobs: Sequence[JobFacts]
    next: UUID | None


async def jobs_page(store: Store, tenant: str, cursor: UUID | None) -> JobsPage:
    """The newest first."""
    jobs = await store.page(tenant, cursor, JOBS + 1)
    shown = jobs[:JOBS]
    following = shown[-1].job if len(jobs) > JOBS else None
    return JobsPage(jobs=[job_facts(one) for one in shown], next=following)


async def results_page(store: Store, job: Job, after: int, *, refused: bool) -> ResultsPage:
    found = await store.results(job, after, ROWS + 1, refused_only=refused)
    shown = found[:ROWS]
    following = shown[-1].row if len(found) > ROWS else None
    return ResultsPage(lines=[_line(one) for one in shown], next=following)


def job_facts(job: Job) -> JobFacts:
    outcomes, refused = job.tally.outcomes, job.tally.refused
    return JobFacts(
        job=job,
        share=job.tally.done / job.rows if job.rows else 0.0,
        outcomes=[Count(one, outcomes[one]) for one in OUTCOMES if outcomes.get(one)],
        refusals=[Count(*one) for one in sorted(refused.items(), key=lambda one: -one[1])],
        refused=sum(refused.values()),
        rows_per_second=rows_per_second(job),
    )


def _line(found: ResultLine) -> Line:
    problem: dict[str, Any] = found.problem or {}
    return Line(
        row=found.row,
        learner=found.learner,
        offering=found.offering,
        outcome=found.outcome,
        enrollment=found.enrollment,
        problem=problem["type"].rpartition(":")[2] if problem else None,
        detail=problem.get("detail"),
        path=problem.get("path"),
    )
