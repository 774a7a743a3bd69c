"""Who of an offering is at risk, and why; now, or as it had happened by the end of a past day.

    funnel          what was done at each lesson, and from when due days count
    offering_days   who was in by that day, when each lesson was done, when anything was

The rule stands in `domain/at_risk.py`; here its facts are gathered. Of a past day they are what had
happened by then, as it is known by now: scores as they were revised since, due dates as they are.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from typing import Literal, TypeAlias

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.contracts.rules.learning.plan import Plan, plan_of
from milepost.dashboards.domain.at_risk import DAY, Judgement, Learning, judge
from milepost.dashboards.domain.stages import Step, stages_of
from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.funnel.lesson_work import (
    EARNED,
    HANDED_IN,
    WAIVED,
    Work,
    Works,
    read_works,
)
from milepost.dashboards.projections.funnel.lessons import plan_in
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.projections.offering_days import (
    OFFERING_DAYS,
    read_days,
    read_done,
    read_steps,
)
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.offering import UnknownOffering
from milepost.dashboards.queries.own_offerings import IN_OWN_OFFERINGS, models_for

Phase: TypeAlias = Literal["not_begun", "running", "over"]
ReasonName: TypeAlias = Literal[
    "inactive", "behind_own_pace", "behind_cohort", "failed_twice", "due_soon"
]
Risk: TypeAlias = Literal["any", ReasonName]

MODELS = (CATALOG, LEARNER_OVERVIEW, OFFERING_SUMMARY, OFFERING_DAYS)


class Run(msgspec.Struct, frozen=True):
    pace: str
    starts: datetime | None
    ends: datetime | None
    canceled_at: datetime | None


class MemberFacts(msgspec.Struct, frozen=True):
    """`state` is that of now. `latest`: when anything was done last; `days`: on earlier days."""

    enrollment: str
    learner: str
    course: str
    version: int
    work: str
    starts: datetime | None
    steps: str
    done: str
    state: str
    latest: datetime | None
    days: str


class PlanFacts(msgspec.Struct, frozen=True):
    course: str
    version: str
    plan: str


_RUN = """select pace, starts, ends, canceled_at from dashboards.catalog_offering
    where tenant = :tenant and offering = :offering"""
RUN = Select(Decoder(list[Run]), _RUN)
OWN_RUN = Select(Decoder(list[Run]), f"{_RUN} and {IN_OWN_OFFERINGS}")


def _members(last_activity: str, joined: str = "") -> Select:
    return Select(
        Decoder(list[MemberFacts]),
        f"""select m.enrollment, m.learner, m.course, m.version, m.work, m.starts, d.steps, d.done,
            o.state, {last_activity}
        from dashboards.offering_member m
        join dashboards.offering_day_member d using (tenant, enrollment)
        join dashboards.learner_overview o using (tenant, enrollment) {joined}
        where m.tenant = :tenant and m.offering = :offering and m.enrolled
        order by m.learner, m.enrollment""",
    )


NOW = _members("o.last_activity as latest, '[]' as days")
BY_THEN = _members(
    "l.last_at as latest, d.days",
    "left join dashboards.enrollment_latest_day l using (tenant, enrollment)",
)
PLANS = Select(
    Decoder(list[PlanFacts]),
    """select course, version, plan from dashboards.course_plan
    where tenant = :tenant and (course, version) in (
        select distinct m.course, m.version::text from dashboards.offering_member m
        where m.tenant = :tenant and m.offering = :offering)""",
)


class Demands(msgspec.Struct, frozen=True):
    """What counts of a plan, and on which day it is due, where it is."""

    plan: Plan
    counting: frozenset[str]
    due_days: Mapping[str, int]


class AtRisk(Snapshot, frozen=True, kw_only=True):
    """`judged`: who is in and has not completed, while the offering runs; of them who is
    `at_risk`, and how many have each reason. `rows`: those with a reason, the most of them first.

    `at`: the moment that they are judged by.
    """

    offering: str
    at: datetime
    phase: Phase
    judged: int
    at_risk: int
    reasons: dict[str, int]
    rows: list[Judgement]


async def read_at_risk(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    *,
    now: datetime,
    happened_by: date | None = None,
    risk: Risk | None = None,
    instructor: str | None = None,
    awaited: int | None = None,
) -> AtRisk:
    """`risk`: rows with this reason only; `any`: of those at risk. Counts are of all of them.

    Raises `UnknownOffering`, also where it is not the `instructor`'s own.
    """
    at = now if happened_by is None else min(now, end_of(happened_by))
    arguments: dict[str, object] = {"offering": offering}
    members, run = NOW, RUN
    if happened_by is not None:
        members = BY_THEN
    if instructor is not None:
        run, arguments["instructor"] = OWN_RUN, instructor
    found = await read(
        pool,
        tenant,
        models_for(MODELS, instructor),
        (run, members, PLANS),
        arguments,
        awaited=awaited,
    )
    runs, facts, plans = found.rows
    if not runs:
        raise UnknownOffering(offering)
    phase = phase_of(runs[0], at)
    rows: list[Judgement] = []
    if phase == "running":
        # Thousands of learners take a while: others are answered meanwhile.
        past = happened_by is not None
        rows = await asyncio.to_thread(_judged, runs[0], facts, plans, at, past=past)
    return AtRisk(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        offering=offering,
        at=at,
        phase=phase,
        judged=len(rows),
        at_risk=sum(one.at_risk for one in rows),
        reasons=Counter(name_of(reason) for one in rows for reason in one.reasons),
        rows=sorted(filter(lambda one: _matches(one, risk), rows), key=_most_first),
    )


def demands_of(plan: Plan) -> Demands:
    counting = [rule for rule in plan.lessons.values() if rule.required or rule.weight > 0]
    due_days = {rule.id: rule.due_day for rule in counting if rule.due_day is not None}
    return Demands(plan, frozenset(rule.id for rule in counting), due_days)


# Then nothing counts.
UNKNOWN_PLAN = demands_of(plan_of("", 0, ()))


def end_of(day: date) -> datetime:
    return datetime.combine(day, time_of_day.max, UTC)


def phase_of(run: Run, at: datetime) -> Phase:
    if run.starts is not None and at < run.starts:
        return "not_begun"
    over = (run.ends, run.canceled_at)
    return "over" if any(end is not None and end <= at for end in over) else "running"


def name_of(reason: msgspec.Struct) -> str:
    """As its answer's field `reason` has it."""
    return str(reason.__struct_config__.tag)


def _matches(one: Judgement, risk: Risk | None) -> bool:
    if risk is None:
        return bool(one.reasons)
    return one.at_risk if risk == "any" else risk in map(name_of, one.reasons)


def _most_first(one: Judgement) -> tuple[bool, int, str, str]:
    return not one.at_risk, -len(one.reasons), one.learner, one.enrollment


def _judged(
    run: Run, facts: list[MemberFacts], texts: list[PlanFacts], at: datetime, *, past: bool
) -> list[Judgement]:
    plans = {(one.course, one.version): demands_of(plan_in(one.plan)) for one in texts}
    learners = list(_learnings(run, facts, plans, at, past=past))
    return judge(learners, at, together=run.pace == "cohort")


def _learnings(
    run: Run,
    facts: list[MemberFacts],
    plans: Mapping[tuple[str, str], Demands],
    at: datetime,
    *,
    past: bool,
) -> Iterator[Learning]:
    """Of all who are in by then, or have completed."""
    day = at.toordinal()
    for one in facts:
        steps = [step for step in read_steps(one.steps) if step.day <= day]
        stages = stages_of(steps)
        if not stages.current:
            continue
        asked = plans.get((one.course, str(one.version)), UNKNOWN_PLAN)
        works = read_works(one.work)
        entered = _entered(steps)
        yield Learning(
            enrollment=one.enrollment,
            learner=one.learner,
            entered=max(entered, run.starts or entered),
            last_activity=_last_activity(one, at) if past else one.latest,
            counting=asked.counting,
            done=_done(one, works, at),
            due=_due(asked, one.starts),
            failed=_failed(asked.plan, works, at),
            judged=not stages.completed and (past or one.state in ("enrolled", "active")),
        )


def _last_activity(one: MemberFacts, at: datetime) -> datetime | None:
    """By the end of that day."""
    if one.latest is None or one.latest.date() <= at.date():
        return one.latest
    return max((when for when in read_days(one.days) if when.date() <= at.date()), default=None)


def _entered(steps: list[Step]) -> datetime:
    """The beginning of the day on which they had a seat last."""
    day = max(step.day for step in steps if step.kind == "enrolled")
    return datetime.combine(date.fromordinal(day), time_of_day.min, UTC)


def _done(one: MemberFacts, works: Works, at: datetime) -> frozenset[str]:
    in_time = {name for name, when in read_done(one.done).items() if when <= at}
    excused = {name for name, work in works.items() if work.bits & (WAIVED | EARNED | HANDED_IN)}
    return frozenset(in_time | excused)


def _due(asked: Demands, starts: datetime | None) -> Mapping[str, datetime]:
    if starts is None:
        return {}
    return {lesson: starts + day * DAY for lesson, day in asked.due_days.items()}


def _failed(plan: Plan, works: Works, at: datetime) -> Mapping[str, int]:
    # Most lessons are pages, at which nobody is scored.
    tried = [(name, work) for name, work in works.items() if work.attempts]
    counts = {
        name: _failures(work, rule.mastery_score or plan.passing_grade, at)
        for name, work in tried
        if (rule := plan.lessons.get(name)) is not None
    }
    return {name: count for name, count in counts.items() if count}


def _failures(work: Work, needed: float, at: datetime) -> int:
    """How many attempts failed by then, at what has not been passed since."""
    scores = [attempt.score for attempt in work.attempts if attempt.at <= at]
    passed = work.bits & WAIVED or any(score >= needed for score in scores)
    return 0 if passed else len(scores)
