"""Who of an offering is at risk, and why; now, or as it had happened by the end of a past day.

    funnel          what was done at each lesson, and from when due days count
    offering_days   who was in by that day, when each lesson was done, when anything was

The rule stands in `domain/at_risk.py`; here its facts are gathered. All are judged for each page,
since others set the pace.
"""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from typing import Literal, TypeAlias

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.domain.at_risk import Judgement
from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.projections.offering_days import OFFERING_DAYS
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.offering import UnknownOffering
from milepost.dashboards.queries.offerings.learnings import MemberFacts, PlanFacts, Run, judged
from milepost.dashboards.queries.offerings.risk_pages import place_of
from milepost.dashboards.queries.own_offerings import IN_OWN_OFFERINGS, models_for

Phase: TypeAlias = Literal["not_begun", "running", "over"]
ReasonName: TypeAlias = Literal[
    "inactive", "behind_own_pace", "behind_cohort", "failed_twice", "due_soon"
]
Risk: TypeAlias = Literal["any", ReasonName]

MODELS = (CATALOG, LEARNER_OVERVIEW, OFFERING_SUMMARY, OFFERING_DAYS)

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
    members = NOW if happened_by is None else BY_THEN
    run, own = (RUN, {}) if instructor is None else (OWN_RUN, {"instructor": instructor})
    models, selects = models_for(MODELS, instructor), (run, members, PLANS)
    found = await read(
        pool, tenant, models, selects, {"offering": offering, **own}, awaited=awaited
    )
    runs, facts, plans = found.rows
    if not runs:
        raise UnknownOffering(offering)
    phase = phase_of(runs[0], at)
    rows: list[Judgement] = []
    if phase == "running":
        # Thousands of learners take a while: others are answered meanwhile.
        past = happened_by is not None
        rows = await asyncio.to_thread(judged, runs[0], facts, plans, at, past=past)
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
        rows=sorted(filter(lambda one: _matches(one, risk), rows), key=place_of),
    )


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
