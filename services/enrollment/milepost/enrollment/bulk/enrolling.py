"""A page of rows, decided side by side, each as its single command would be.

Rows of one learner in one offering keep the file's order; where seats are counted, all rows of the
offering do, as long as nobody else writes it at that moment.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias
from uuid import uuid5

import structlog

from milepost.enrollment.bulk.jobs import Job, Result, RowInvalid
from milepost.enrollment.bulk.rows import Asked, Fault, Row
from milepost.enrollment.domain import ENROLLMENT, OFFERING, Offering, Wish, enrollment_id
from milepost.enrollment.gathering import asks_for_more, enroll_learner
from milepost.events.event import Refused
from milepost.events.faults import Overloaded, is_away
from milepost.events.transact import Outcome, Transactor
from milepost.process.problems import members, problem_of
from milepost.process.requests import occurred
from milepost.process.settings import Settings

STARTED_TOGETHER = 25

Runs: TypeAlias = Mapping[str, Offering]

_log = structlog.get_logger()


async def enroll_rows(
    transactor: Transactor, settings: Settings, job: Job, rows: Sequence[Row]
) -> list[Result]:
    """A result per row, in their order. Raises what says that a server is away."""
    runs = await _runs(transactor, job, rows)
    await _know_enrollments(transactor, job, rows, runs)
    tasks = []
    for number, lane in enumerate(_lanes(rows, runs), 1):
        tasks.append(asyncio.create_task(_one_by_one(transactor, settings, job, lane)))
        if number % STARTED_TOGETHER == 0:
            await asyncio.sleep(0)  # others are served by this process too
    done = await asyncio.gather(*tasks, return_exceptions=True)
    results: list[Result] = []
    for answer in done:
        if isinstance(answer, BaseException):
            raise answer
        results += answer
    return sorted(results, key=lambda result: result.row)


async def _runs(transactor: Transactor, job: Job, rows: Iterable[Row]) -> Runs:
    named = {row.asked.offering or "" for row in rows if isinstance(row.asked, Asked)}
    loads = (transactor.load(job.tenant, OFFERING.of(offering)) for offering in named)
    found = await asyncio.gather(*loads)
    return {offering: run for offering, (_, run) in zip(named, found, strict=True)}


async def _know_enrollments(
    transactor: Transactor, job: Job, rows: Iterable[Row], runs: Runs
) -> None:
    """A surprise would send back all that is decided behind it, and they would lose their order."""
    named = {
        enrollment_id(row.asked.offering or "", row.asked.learner)
        for row in rows
        if isinstance(row.asked, Asked) and _counts_seats(runs[row.asked.offering or ""])
    }
    await asyncio.gather(*(transactor.load(job.tenant, ENROLLMENT.of(one)) for one in named))


def _lanes(rows: Iterable[Row], runs: Runs) -> Iterable[list[Row]]:
    """What has to be done one by one, in the order of the first of each."""
    lanes: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        lanes.setdefault(_lane(row, runs), []).append(row)
    return lanes.values()


def _lane(row: Row, runs: Runs) -> tuple[object, ...]:
    if isinstance(row.asked, Fault):
        return (row.number,)
    offering = row.asked.offering or ""
    run = runs[offering]
    # Facts from elsewhere arrive in any order.
    alone = _counts_seats(run) and run.opened is not None and asks_for_more(run.opened)
    return (offering,) if alone else (offering, row.asked.learner)


def _counts_seats(run: Offering) -> bool:
    return run.opened is not None and run.opened.seats is not None


async def _one_by_one(
    transactor: Transactor, settings: Settings, job: Job, rows: Iterable[Row]
) -> list[Result]:
    return [await _result(transactor, settings, job, row) for row in rows]


async def _result(transactor: Transactor, settings: Settings, job: Job, row: Row) -> Result:
    match row.asked:
        case Fault() as fault:
            return _refused(row, RowInvalid(fault.path, fault.reason))
        case Asked() as asked:
            return await _enroll(transactor, settings, job, row, asked)


async def _enroll(
    transactor: Transactor, settings: Settings, job: Job, row: Row, asked: Asked
) -> Result:
    """Repeated, after a crash, it answers with what it did."""
    offering = asked.offering or ""
    enrollment = enrollment_id(offering, asked.learner)
    try:
        wish = Wish(
            offering=offering,
            learner=asked.learner,
            mode=asked.mode,
            occurred_at=occurred(asked.occurred_at, settings, job.created_at),
            vouched=True,
        )
        outcome = await enroll_learner(
            transactor,
            job.tenant,
            wish,
            command_id=uuid5(job.job, str(row.number)),
            metadata=job.metadata,
        )
    except Refused as refusal:
        return _refused(row, refusal, enrollment)
    except Exception as error:
        if is_away(error) or isinstance(error, Overloaded):
            raise
        # One row that nobody foresaw must not hold up the others.
        _log.exception("row_failed", tenant=job.tenant, job=str(job.job), row=row.number)
        return _refused(row, error, enrollment)
    return _came_to(row, outcome, enrollment, dry_run=job.dry_run)


def _came_to(row: Row, outcome: Outcome, enrollment: str, *, dry_run: bool) -> Result:
    """By what the command wrote, not by how things are since."""
    stream = ENROLLMENT.of(enrollment).name
    state = ENROLLMENT.fold(one for one in outcome.events if one.stream == stream).state
    if state is None:
        return Result(row=row.number, outcome="unchanged", enrollment=enrollment)
    assert state in ("enrolled", "waitlisted", "requested", "pending_approval")
    position = None if dry_run else outcome.position
    return Result(row=row.number, outcome=state, enrollment=enrollment, position=position)


def _refused(row: Row, error: Exception, enrollment: str | None = None) -> Result:
    problem = members(problem_of(error))
    return Result(row=row.number, outcome="refused", enrollment=enrollment, problem=problem)
