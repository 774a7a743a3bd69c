"""HTTP of progress: report what was learnt, and ask how it stands."""

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from msgspec.structs import replace

from milepost.contracts.courses import SCORED_BY_STAFF
from milepost.events.commands.transact import Outcome
from milepost.events.event import Refused
from milepost.events.log import Log
from milepost.progress.api.wiring import READERS, UNREADABLE, WRITERS, Wiring, plan_for
from milepost.progress.domain.decisions import Answer, Terms, report
from milepost.progress.domain.plan import Plan
from milepost.progress.domain.reports import (
    Backdating,
    Completed,
    CompletionNotYours,
    Report,
    Scored,
    ScoreNotYours,
)
from milepost.progress.domain.state import PROGRESS, Progress
from milepost.progress.queries.overview import Overview, overview
from milepost.web.openapi.documented_answers import command, versioned_query
from milepost.web.problems import members, problem_of
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned
from milepost.web.requests.times import OccurredInFuture, occurred
from milepost.web.settings import Settings


class ReportLearning(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reason`: staff say why, where something happened longer ago than learners may report."""

    # Marks of a device, which nobody reads: one of them must not hold back the others.
    for_people: ClassVar[bool] = False

    reports: Annotated[list[Report], msgspec.Meta(min_length=1, max_length=1000)]
    reason: Backdating | None = None


class ReportResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`problem` (RFC 9457) says why a report was refused."""

    id: str
    outcome: Literal["accepted", "duplicate", "refused"]
    problem: dict[str, Any] | None = None


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
    enrollment: FromPath[str],
    data: JSONBody[ReportLearning],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[ReportResults]:
    """Merges reports of one enrollment; a refused one does not hinder the others.

    Learners report what happened within the course's offline allowance; scores of exams and
    assignments, and their completion, come from staff. A clock may be off by five minutes.
    """
    plan, now = await plan_for(wiring, enrollment, request.user, WRITERS), wiring.clock()
    learner = request.user.roles.isdisjoint(WRITERS)
    judged = [_at_once(one, plan, wiring.settings, now, learner=learner) for one in data.reports]
    allowed = [one for one in judged if not isinstance(one, Refused)]
    skew = timedelta(seconds=wiring.settings.clock_skew_seconds)
    terms = Terms(skew, now - plan.offline, None if learner else data.reason, learner)
    decide = partial(report, plan=plan, reports=allowed, terms=terms)
    outcome = await run_command(request, wiring.transactor, PROGRESS.of(enrollment), decide)
    reported = outcome.value or decide(await _state_before(wiring.transactor.log, outcome))
    answers = iter(reported.answers)
    results = [
        _result(one.id, refused if isinstance(refused, Refused) else next(answers))
        for one, refused in zip(data.reports, judged, strict=True)
    ]
    return positioned(ReportResults(results), outcome.position)


@get(
    "/enrollments/{enrollment:str}",
    summary="How an enrollment stands",
    answers=versioned_query(*UNREADABLE),
)
async def get_progress(
    request: Call,
    enrollment: FromPath[str],
    wiring: NamedDependency[Wiring],
) -> Response[Overview]:
    """What is done, next, locked and still needed."""
    plan = await plan_for(wiring, enrollment, request.user, READERS)
    # Again, since the state may have moved on while the plan was read.
    version, state = await wiring.transactor.load(request.user.tenant, PROGRESS.of(enrollment))
    return versioned(request, overview(state, plan), version)


def routes(wiring: Wiring) -> Router:
    return Router(
        "/progress",
        route_handlers=[report_learning, get_progress],
        # One dependency, not several: litestar opens a task group for those, on every request.
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["progress"],
    )


def _at_once(
    one: Report, plan: Plan, settings: Settings, now: datetime, *, learner: bool
) -> Report | Refused:
    """What is refused whatever has happened so far; else the report, in UTC."""
    rule = plan.lessons.get(one.lesson)
    if rule and learner and isinstance(one, Scored) and rule.kind in SCORED_BY_STAFF:
        return ScoreNotYours(rule.id, rule.kind)
    if rule and learner and isinstance(one, Completed) and rule.completed_by == "staff":
        return CompletionNotYours(rule.id, rule.kind)
    try:
        at = occurred(one.occurred_at, settings, now)
    except OccurredInFuture as refused:
        return refused
    return one if at is one.occurred_at else replace(one, occurred_at=at)


async def _state_before(log: Log, outcome: Outcome[Any]) -> Progress:
    """What a repeated call was decided on the first time: so it is answered the same."""
    first = outcome.events[0]
    recorded = await log.read_stream(first.tenant, first.stream)
    return PROGRESS.fold(recorded[: first.version - 1])


def _result(report_id: str, answer: Answer) -> ReportResult:
    if isinstance(answer, Refused):
        problem = members(problem_of(answer))
        return ReportResult(id=report_id, outcome="refused", problem=problem)
    return ReportResult(id=report_id, outcome=answer)
