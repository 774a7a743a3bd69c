"""Enrollments: who is where, and how far they have come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import asyncpg
from msgspec.json import Decoder

from milepost.contracts.enrollments import EnrollmentState
from milepost.contracts.offerings import Mode
from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.funnel.lesson_work import DONE, STARTED
from milepost.dashboards.projections.funnel.stages import Departure
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW, EnrollmentRow
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries.course_progress import Stage
from milepost.dashboards.queries.lists.keyset import Order, by_text, by_time
from milepost.dashboards.queries.lists.listing import Listing, Page, TitledQuery, equal, read_page
from milepost.dashboards.queries.lists.titles import COURSE_TITLE
from milepost.events.event import Invalid

LessonCounted: TypeAlias = Literal["started", "done", "dropped", "scored"]
StageReached: TypeAlias = Literal[
    "outside", "enrolled", "started", "reached_25", "reached_50", "reached_75", "completed"
]
EnrollmentSort: TypeAlias = Literal["entered_at", "waitlisted_at", "learner", "last_activity"]


class EnrollmentListed(EnrollmentRow, kw_only=True):
    """`course_title`: of the course's latest version. `stage`: the last that was come to, `outside`
    for who never had a seat, or was moved. `departure`: how they left, while they are gone.
    `lessons_done` of `lessons_planned` is `percent_done`, null while the plan is not known.
    """

    course_title: str | None
    stage: StageReached
    departure: Departure | None
    lessons_done: int
    lessons_planned: int
    percent_done: float | None


class EnrollmentsQuery(TitledQuery, frozen=True, kw_only=True):
    """`since`: entered then or later; `states`, `among`, `scored`: of these only.
    `sort="last_activity"` and `"waitlisted_at"`, which is the order of a waitlist, are for an
    offering or a learner.

    stage      has come so far, or further: those whom an offering's funnel counts in it
    departure  is gone that way, and had a seat
    current    had a seat, and is not gone
    active     did anything in the last 7 days
    began      did anything, in this run or one before it
    lesson     with `lesson_state`, of an offering: those whom a lesson's figures count
    """

    sort: EnrollmentSort = "entered_at"
    order: Order = "desc"
    offering: str | None = None
    learner: str | None = None
    course: str | None = None
    state: EnrollmentState | None = None
    states: list[EnrollmentState] | None = None
    mode: Mode | None = None
    since: datetime | None = None
    among: list[str] | None = None
    scored: list[str] | None = None
    stage: Stage | None = None
    departure: Departure | None = None
    current: bool | None = None
    active: bool | None = None
    began: bool | None = None
    lesson: str | None = None
    lesson_state: LessonCounted | None = None


@dataclass
class SortTooBroad(Invalid):
    """No index has a whole school in this order: name an offering or a learner."""

    sort: str


@dataclass
class FilterTooBroad(Invalid):
    """It is looked up in what each learner has done: name an offering, and its lesson."""

    filter: str


# Beside each enrollment, what its offering counts it for.
_FIELDS = ", ".join(EnrollmentRow.__struct_fields__)
_STAGES = (
    "array['outside', 'enrolled', 'started', 'reached_25', 'reached_50', 'reached_75', 'completed']"
)
_COUNTED = """select o.*, m.departure, m.work, coalesce(m.lessons_done, 0) as lessons_done,
        coalesce(m.lessons, 0) as lessons_planned, coalesce(m.stage, 0) as stage_number,
        coalesce(m.enrolled and m.departure is null, false) as current,
        o.last_activity > now() - interval '7 days' as active,
        coalesce(a.credentials, 0) > 0 as awarded
    from dashboards.learner_overview o
    left join dashboards.offering_member m
        on m.tenant = o.tenant and m.enrollment = o.enrollment
    left join dashboards.enrollment_award a
        on a.tenant = o.tenant and a.enrollment = o.enrollment"""
# As `milepost.contracts.rules.learning.percent` has it.
_PERCENT = """case when lessons_planned > 0 then case
        when lessons_done >= lessons_planned then 100 when lessons_done = 0 then 0
        else least(99.9, greatest(0.1, round(1000::float8 * lessons_done / lessons_planned) / 10))
    end end::float8 as percent_done"""
_BITS = "coalesce((work::jsonb -> :lesson::text ->> 0)::int, 0)"
_LESSON_STATES = f"""stage_number > 0 and case :lesson_state::text
        when 'started' then {_BITS} & {STARTED} > 0
        when 'done' then {_BITS} & {DONE} > 0
        when 'dropped' then {_BITS} & {STARTED | DONE} = {STARTED}
        else jsonb_array_length(coalesce(work::jsonb -> :lesson::text -> 1, '[]')) > 0 end"""

ENROLLMENTS = Listing(
    models=(CATALOG, LEARNER_OVERVIEW, OFFERING_SUMMARY),
    rows=Decoder(list[EnrollmentListed]),
    sql=f"""select {_FIELDS}, departure, lessons_done, lessons_planned, {_PERCENT},
        ({_STAGES})[stage_number + 1] as stage, {COURSE_TITLE} from ({_COUNTED}) x""",
    key="enrollment",
    sorts={
        "entered_at": by_time("entered_at", None),  # always there, and the column of the indexes
        "waitlisted_at": by_time("waitlisted_at"),
        "learner": by_text("learner"),
        "last_activity": by_time("last_activity"),
    },
    filters={
        **equal("offering", "learner", "course", "state", "mode", "departure", "current"),
        "since": "entered_at >= :since",
        "states": "state = any(:states::text[])",
        "among": "enrollment = any(:among::text[])",
        "scored": "enrollment = any(:scored::text[])",
        "stage": f"""stage_number > 0 and case when :stage::text = 'awarded' then awarded
            else stage_number + 1 >= array_position({_STAGES}, :stage::text) end""",
        "active": "coalesce(active, false) = :active",
        "began": "(started_at is not null) = :began",
        "lesson": "work::jsonb ? :lesson",
        "lesson_state": _LESSON_STATES,
    },
)


async def read_enrollments(
    pool: asyncpg.Pool, tenant: str, query: EnrollmentsQuery, *, awaited: int | None = None
) -> Page[EnrollmentListed]:
    """Raises `SortTooBroad`."""
    check_sort(query)
    return await read_page(pool, tenant, ENROLLMENTS, query, awaited=awaited)


def check_sort(query: EnrollmentsQuery) -> None:
    """Raises `SortTooBroad`, `FilterTooBroad`."""
    if query.lesson is not None and query.offering is None:
        raise FilterTooBroad("lesson")
    if query.lesson_state is not None and query.lesson is None:
        raise FilterTooBroad("lesson_state")
    broad = query.offering is None and query.learner is None
    if broad and query.sort in ("last_activity", "waitlisted_at"):
        raise SortTooBroad(query.sort)
