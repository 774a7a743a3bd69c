"""What an offering's learners had done by a moment, from its read models' rows. Pure.

Of a past day it is what had happened by then, as it is known by now: scores as they were revised
since, due dates as they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from datetime import time as time_of_day

import msgspec

from milepost.contracts.rules.learning.plan import Plan, plan_of
from milepost.dashboards.domain.at_risk import DAY, Judgement, Learning, judge
from milepost.dashboards.domain.stages import Step, stages_of
from milepost.dashboards.projections.days.tables import read_days, read_done, read_steps
from milepost.dashboards.projections.funnel.lesson_work import (
    EARNED,
    HANDED_IN,
    WAIVED,
    Work,
    Works,
    read_works,
)
from milepost.dashboards.projections.funnel.lessons import plan_in


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


class Demands(msgspec.Struct, frozen=True):
    """What counts of a plan, and on which day it is due, where it is."""

    plan: Plan
    counting: frozenset[str]
    due_days: Mapping[str, int]


def demands_of(plan: Plan) -> Demands:
    counting = [rule for rule in plan.lessons.values() if rule.required or rule.weight > 0]
    due_days = {rule.id: rule.due_day for rule in counting if rule.due_day is not None}
    return Demands(plan, frozenset(rule.id for rule in counting), due_days)


# Then nothing counts.
UNKNOWN_PLAN = demands_of(plan_of("", 0, ()))


def judged(
    run: Run, facts: Sequence[MemberFacts], texts: Sequence[PlanFacts], at: datetime, *, past: bool
) -> list[Judgement]:
    """Who is in and has not completed. `past`: by a day that is over."""
    plans = {(one.course, one.version): demands_of(plan_in(one.plan)) for one in texts}
    learners = list(_learnings(run, facts, plans, at, past=past))
    return judge(learners, at, together=run.pace == "cohort")


def _learnings(
    run: Run,
    facts: Sequence[MemberFacts],
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
