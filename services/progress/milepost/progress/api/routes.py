"""HTTP of progress: report what was learnt, and ask how it stands."""

from collections.abc import Sequence
from datetime import UTC, datetime
from re import match
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from msgspec.structs import replace

from milepost.contracts.ids import ENROLLMENT_KEY
from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.event import Refused
from milepost.progress.domain.decisions import Answer, report
from milepost.progress.domain.plan import Plan
from milepost.progress.domain.reports import (
    NotEnrolled,
    NotOpenYet,
    Report,
    Scored,
    ScoreNotYours,
    UnknownEnrollment,
    UnknownPlan,
)
from milepost.progress.domain.state import PROGRESS, Progress
from milepost.progress.events import ProgressEvent
from milepost.progress.plan_cache import PlanCache
from milepost.progress.queries.overview import Overview, overview
from milepost.progress.wait_for_opening import wait_until_open
from milepost.web.auth.tokens import Caller, NotYourOwn, RoleMissing
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command, versioned_query
from milepost.web.problems import members, problem_of
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned
from milepost.web.requests.times import occurred
from milepost.web.settings import Settings

WRITERS = ("instructor", "registrar", "service")
READERS = (*WRITERS, "operator")
SCORED_BY_STAFF = frozenset({"assignment", "exam"})

_ENROLLMENT = "9bd49296-3d37-554a-978b-2047720aab49"
_SEPTEMBER = datetime(2026, 9, 1, 8, tzinfo=UTC)
# An enrollment of which nobody can be told, or of which nothing can be reported.
UNREADABLE = (
    NotYourOwn("learner-4711", WRITERS),
    UnknownEnrollment(_ENROLLMENT),
    UnknownPlan("DATA-101", 3),
    NotEnrolled(enrolled_at=_SEPTEMBER),
    NotOpenYet(_ENROLLMENT),
)


class ReportLearning(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reports: Annotated[list[Report], msgspec.Meta(min_length=1, max_length=1000)]


class ReportResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`problem` (RFC 9457) says why a report was refused."""

    id: str
    outcome: Literal["accepted", "duplicate", "refused"]
    problem: dict[str, Any] | None = None


class ReportResults(msgspec.Struct, frozen=True):
    """One per report, in the order they were sent."""

    results: list[ReportResult]


class _Judgement:
    """The last decision's answers: `transact` may decide more than once."""

    def __init__(self, plan: Plan, reports: Sequence[Report], refused: dict[int, Refused]) -> None:
        self._plan = plan
        self._refused = refused
        self._allowed = [i for i in range(len(reports)) if i not in refused]
        self._reports = reports
        self.answers: list[Answer] = []

    def decide(self, state: Progress) -> list[ProgressEvent]:
        allowed = [self._reports[i] for i in self._allowed]
        events, judged = report(state, self._plan, allowed)
        answers = {**self._refused, **dict(zip(self._allowed, judged, strict=True))}
        self.answers = [answers[i] for i in range(len(self._reports))]
        return events


@post(
    "/enrollments/{enrollment:str}/reports",
    summary="Report what was learnt",
    status_code=200,
    answers=command(*UNREADABLE, RoleMissing(("learner", *WRITERS)), OCCURRED_IN_FUTURE),
)
async def report_learning(
    request: Call,
    enrollment: FromPath[str],
    data: JSONBody[ReportLearning],
    *,
    transactor: NamedDependency[Transactor],
    plans: NamedDependency[PlanCache],
    settings: NamedDependency[Settings],
) -> Response[ReportResults]:
    """Merges reports of one enrollment; a refused one does not hinder the others."""
    caller = request.user
    caller.require("learner", *WRITERS)
    reports = [_dated(one, settings) for one in data.reports]
    plan = await _plan(transactor, plans, enrollment, caller, WRITERS)
    judgement = _Judgement(plan, reports, _scores_refused(reports, plan, caller))
    outcome = await run_command(request, transactor, PROGRESS.of(enrollment), judgement.decide)
    _require_enrolled(judgement.answers)
    results = _results(reports, judgement.answers, outcome)
    return positioned(ReportResults(results), outcome.position)


@get(
    "/enrollments/{enrollment:str}",
    summary="How an enrollment stands",
    answers=versioned_query(*UNREADABLE),
)
async def get_progress(
    request: Call,
    enrollment: FromPath[str],
    transactor: NamedDependency[Transactor],
    plans: NamedDependency[PlanCache],
) -> Response[Overview]:
    """What is done, next, locked and still needed."""
    plan = await _plan(transactor, plans, enrollment, request.user, READERS)
    # Again, since the state may have moved on while the plan was read.
    version, state = await transactor.load(request.user.tenant, PROGRESS.of(enrollment))
    return versioned(request, overview(state, plan), version)


def routes(transactor: Transactor, plans: PlanCache, settings: Settings) -> Router:
    return Router(
        "/progress",
        route_handlers=[report_learning, get_progress],
        dependencies={
            "transactor": Provide(lambda: transactor, sync_to_thread=False),
            "plans": Provide(lambda: plans, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
        },
        tags=["progress"],
    )


async def _plan(
    transactor: Transactor,
    plans: PlanCache,
    enrollment: str,
    caller: Caller,
    staff: tuple[str, ...],
) -> Plan:
    """The plan of an enrollment that is the caller's own, or the staff's, business."""
    if not match(ENROLLMENT_KEY, enrollment):
        raise UnknownEnrollment(enrollment)
    state = await wait_until_open(transactor, caller.tenant, enrollment)
    assert state.opened is not None
    caller.may_act_for(state.opened.learner, *staff)
    return await plans.get(caller.tenant, state.opened.course, state.opened.version)


def _dated(one: Report, settings: Settings) -> Report:
    """Raises `OccurredInFuture`."""
    at = occurred(one.occurred_at, settings)
    return one if at is one.occurred_at else replace(one, occurred_at=at)


def _scores_refused(reports: Sequence[Report], plan: Plan, caller: Caller) -> dict[int, Refused]:
    if not caller.roles.isdisjoint(WRITERS):
        return {}
    return {
        number: ScoreNotYours(one.lesson, rule.kind)
        for number, one in enumerate(reports)
        if isinstance(one, Scored)
        and (rule := plan.lessons.get(one.lesson))
        and rule.kind in SCORED_BY_STAFF
    }


def _require_enrolled(answers: Sequence[Answer]) -> None:
    """When nothing in a call falls into the enrollment, the call itself is refused."""
    if all(isinstance(answer, NotEnrolled) for answer in answers):
        raise next(answer for answer in answers if isinstance(answer, NotEnrolled))


def _results(
    reports: Sequence[Report], answers: Sequence[Answer], outcome: Outcome
) -> list[ReportResult]:
    """A repeated call is answered as it was the first time: its own reports are no duplicates."""
    own = _report_ids(outcome) if outcome.repeated else frozenset()
    return [
        _result(one.id, "accepted" if one.id in own else answer)
        for one, answer in zip(reports, answers, strict=True)
    ]


def _result(report_id: str, answer: Answer) -> ReportResult:
    if isinstance(answer, Refused):
        problem = members(problem_of(answer))
        return ReportResult(id=report_id, outcome="refused", problem=problem)
    return ReportResult(id=report_id, outcome=answer)


def _report_ids(outcome: Outcome) -> frozenset[str]:
    decode = PROGRESS.codec.decode
    events = [decode(one.type, one.data, one.occurred_at) for one in outcome.events]
    return frozenset(event.report for event in events if hasattr(event, "report"))
