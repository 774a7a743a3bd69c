"""HTTP of progress: report what was learnt, and ask how it stands."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.events.commands.transact import Outcome
from milepost.events.log import Log
from milepost.progress.api import overviews, plans, staff
from milepost.progress.api.attempts import list_lesson_attempts
from milepost.progress.api.report_body import ReportLearning
from milepost.progress.api.report_results import Judge, ReportResult, result
from milepost.progress.api.wiring import (
    UNREADABLE,
    WRITERS,
    EnrollmentPath,
    PlanMoved,
    Wiring,
    by_that_plan,
    is_staff,
    plan_for,
)
from milepost.progress.domain.decisions import Answer, Reported, Terms, report
from milepost.progress.domain.reports import LessonReport
from milepost.progress.domain.state import PROGRESS
from milepost.progress.report_buffer import Sender, Told
from milepost.web.openapi.documented_answers import command
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.idempotency import idempotency_key, metadata
from milepost.web.requests.positions import positioned


class ReportResults(msgspec.Struct, frozen=True):
    """One per report, in the order they were sent."""

    results: list[ReportResult]


@post(
    "/enrollments/{enrollment:str}/reports",
    summary="Report what was learnt",
    status_code=200,
    answers=command(*UNREADABLE),
    roles=("learner", *WRITERS),
)
async def report_learning(
    request: Call,
    enrollment: EnrollmentPath,
    data: JSONBody[ReportLearning],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[ReportResults]:
    """Merges reports of one enrollment. One that is refused, or cannot be read, does not hinder the
    others: it has a result of its own.

    Of a player that reports every few seconds they are held for a moment, and written as one:
    `buffered`.

    Learners report what happened within the course's offline allowance; scores of exams and
    assignments, and their completion, come from staff. A clock may be off by five minutes.
    """
    try:
        return await _merged(request, wiring, enrollment, data, recent=True)
    except PlanMoved:
        return await _merged(request, wiring, enrollment, data, recent=False)


async def _merged(
    request: Call, wiring: Wiring, enrollment: str, data: ReportLearning, *, recent: bool
) -> Response[ReportResults]:
    """`recent`: by the plan that was known last, so that the log is not asked for it."""
    plan = await plan_for(wiring, enrollment, request.user, WRITERS, recent=recent)
    now = wiring.clock()
    learner = not await is_staff(wiring, enrollment, request.user)
    judged = Judge(plan, wiring.settings, now, learner).judge(data)
    allowed = [one.report for one in judged if isinstance(one.report, LessonReport)]
    skew = timedelta(seconds=wiring.settings.clock_skew_seconds)
    terms = Terms(skew, now - plan.offline, None if learner else data.reason, learner)
    decide = partial(report, plan=plan, reports=allowed, terms=terms)
    once = idempotency_key(request) is not None or data.reason is not None
    key, subject = (request.user.tenant, enrollment), request.user.subject
    answers: Sequence[Told] | None = None
    position = 0
    if not once and wiring.buffer.takes(key, subject, allowed):
        sender = Sender(subject, terms, metadata(request))
        as_known, position = await _judged(request, wiring, enrollment, decide)
        answers = wiring.buffer.hold(key, sender, allowed, as_known)
    if answers is None:
        await wiring.buffer.flush(key)
        answers, position = await _written(request, wiring, enrollment, decide, plan)
    told = iter(answers)
    return positioned(ReportResults([result(one, told) for one in judged]), position)


def routes(wiring: Wiring) -> Router:
    return Router(
        "/progress",
        route_handlers=[
            report_learning,
            *overviews.HANDLERS,
            list_lesson_attempts,
            *staff.HANDLERS,
            *plans.HANDLERS,
        ],
        # One dependency, not several: litestar opens a task group for those, on every request.
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["progress"],
    )


async def _written(
    request: Call,
    wiring: Wiring,
    enrollment: str,
    decide: Callable[[Progress], Reported],
    plan: Plan,
) -> tuple[Sequence[Told], int]:
    """The answers, and the position from which their effect is seen."""
    stream = PROGRESS.of(enrollment)
    outcome = await run_command(request, wiring.transactor, stream, by_that_plan(plan, decide))
    reported = outcome.value or decide(await _state_before(wiring.transactor.log, outcome))
    return reported.answers, outcome.position


async def _judged(
    request: Call, wiring: Wiring, enrollment: str, decide: Callable[[Progress], Reported]
) -> tuple[Sequence[Answer], int]:
    """The answers by what is known now, and how far that is; nothing is written."""

    def judge(state: Progress) -> Reported:
        return Reported([], decide(state).answers)

    outcome = await run_command(request, wiring.transactor, PROGRESS.of(enrollment), judge)
    assert outcome.value is not None
    return outcome.value.answers, outcome.position


async def _state_before(log: Log, outcome: Outcome[Any]) -> Progress:
    """What a repeated call was decided on the first time: so it is answered the same."""
    first = outcome.events[0]
    recorded = await log.read_stream(first.tenant, first.stream)
    return PROGRESS.fold(recorded[: first.version - 1])
