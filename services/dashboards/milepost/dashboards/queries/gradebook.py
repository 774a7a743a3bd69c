"""The gradebook of an offering: a page of learners, a column for each graded lesson."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.contracts.courses import Lesson
from milepost.contracts.rules.learning.grades import average
from milepost.contracts.rules.learning.percent import percent
from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.scores import counting_score
from milepost.dashboards.projections.funnel.lesson_work import WAIVED, Works, read_works
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.lists.keyset import by_text
from milepost.dashboards.queries.lists.listing import (
    Listing,
    ListQuery,
    keyset_of,
    select_of,
    split,
)
from milepost.dashboards.queries.member_work import MODELS
from milepost.dashboards.queries.offering import UnknownOffering
from milepost.dashboards.queries.own_offerings import IN_OWN_OFFERINGS, models_for
from milepost.dashboards.queries.progress_view import course_in, titles_in

GRADED_KINDS: Final = frozenset({"quiz", "assignment", "exam"})


class GradedLesson(msgspec.Struct, frozen=True, kw_only=True):
    """A column. `mastery_score` (0 to 1) passes it, where that is asked."""

    lesson: str
    title: str
    kind: str
    weight: float
    mastery_score: float | None


class GradebookRow(msgspec.Struct, frozen=True, kw_only=True):
    """`scores`, 0 to 1, in the order of the columns: the one that counts, null without any.

    `waived`: the lessons of which staff excused the learner.
    """

    enrollment: str
    learner: str
    mode: str
    state: str
    percent_done: float | None
    grade_so_far: float | None
    final_grade: float | None
    last_activity: datetime | None
    scores: list[float | None]
    waived: list[str]


class Gradebook(Snapshot, frozen=True, kw_only=True):
    """Learners in the order of their ids; `next` is the cursor of the page that follows."""

    offering: str
    course: str
    lessons: list[GradedLesson]
    rows: list[GradebookRow]
    next: str | None


class GradebookQuery(ListQuery, frozen=True, kw_only=True):
    sort: str = "learner"
    offering: str


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """`plan`: only of who is judged by another version than the offering's."""

    enrollment: str
    learner: str
    mode: str
    state: str
    last_activity: datetime | None
    grade: float | None
    work: str
    lessons_done: int
    lessons: int
    starts: datetime | None
    plan: str | None


class _Offering(msgspec.Struct, frozen=True, kw_only=True):
    course: str
    plan: str | None


# Who ever had a seat.
MEMBERS: Final = Listing(
    models=MODELS,
    rows=Decoder(list[_Row]),
    sql="""select enrollment, learner, mode, state, last_activity, grade, work, lessons_done,
        lessons, starts, plan
    from (select m.tenant, m.offering, m.enrollment, m.learner, x.mode, x.state,
            x.last_activity, x.grade, m.work, m.lessons_done, m.lessons, m.starts,
            case when m.version <> o.course_version then (
                select p.plan from dashboards.course_plan p where p.tenant = m.tenant
                    and p.course = m.course and p.version = m.version::text) end as plan
        from dashboards.offering_member m
        join dashboards.learner_overview x
            on x.tenant = m.tenant and x.enrollment = m.enrollment
        left join dashboards.catalog_offering o
            on o.tenant = m.tenant and o.offering = m.offering
        where m.enrolled) listed""",
    key="enrollment",
    sorts={"learner": by_text("learner")},
    filters={"offering": "offering = :offering"},
)
_ONE: Final = """select o.course, p.plan from dashboards.catalog_offering o
    left join dashboards.course_plan p on p.tenant = o.tenant and p.course = o.course
        and p.version = o.course_version::text
    where o.tenant = :tenant and o.offering = :offering"""
_OFFERING: Final = Select(Decoder(list[_Offering]), _ONE)
_OWN_OFFERING: Final = Select(Decoder(list[_Offering]), f"{_ONE} and o.{IN_OWN_OFFERINGS}")


async def read_gradebook(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    *,
    limit: int = 50,
    cursor: str | None = None,
    instructor: str | None = None,
    language: str | None = None,
    awaited: int | None = None,
) -> Gradebook:
    """Of who has a seat, or had one. Raises `UnknownOffering`, `CursorUnknown`."""
    query = GradebookQuery(offering=offering, limit=limit, cursor=cursor)
    keyset = keyset_of(MEMBERS, query)
    select, arguments = select_of(MEMBERS, query, keyset)
    one = _OFFERING
    if instructor is not None:
        one, arguments = _OWN_OFFERING, {**arguments, "instructor": instructor}
    models = models_for(MODELS, instructor)
    found = await read(pool, tenant, models, (one, select), arguments, awaited=awaited)
    offerings, listed = found.rows
    if not offerings:
        raise UnknownOffering(offering)
    [shown] = offerings
    rows, following = split(listed, limit, keyset)
    columns = _columns(shown.plan, language)
    return Gradebook(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        offering=offering,
        course=shown.course,
        lessons=columns,
        rows=[_graded(one, columns, one.plan or shown.plan) for one in rows],
        next=following,
    )


class GradebookPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a whole gradebook is made with, beside the rows of `MEMBERS`."""

    lessons: list[GradedLesson]
    plan: str | None

    def rows(self, members: Sequence[Any]) -> list[GradebookRow]:
        return [_graded(one, self.lessons, one.plan or self.plan) for one in members]


async def read_gradebook_plan(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    *,
    instructor: str | None = None,
    language: str | None = None,
    awaited: int | None = None,
) -> GradebookPlan:
    """Raises `UnknownOffering`."""
    one, arguments = _OFFERING, {"offering": offering}
    if instructor is not None:
        one, arguments = _OWN_OFFERING, {**arguments, "instructor": instructor}
    models = models_for(MODELS, instructor)
    found = await read(pool, tenant, models, (one,), arguments, awaited=awaited)
    if not found.rows[0]:
        raise UnknownOffering(offering)
    plan = found.rows[0][0].plan
    return GradebookPlan(lessons=_columns(plan, language), plan=plan)


def _columns(plan: str | None, language: str | None) -> list[GradedLesson]:
    if not plan:
        return []
    published = course_in(plan).published
    titles = titles_in(published, language)
    return [
        GradedLesson(
            lesson=one.id,
            title=titles[one.id],
            kind=one.kind,
            weight=one.weight,
            mastery_score=one.mastery_score,
        )
        for one in published.lessons
        if _is_graded(one)
    ]


def _is_graded(lesson: Lesson) -> bool:
    return lesson.weight > 0 or lesson.mastery_score is not None or lesson.kind in GRADED_KINDS


def _graded(row: _Row, columns: Sequence[GradedLesson], text: str | None) -> GradebookRow:
    works = read_works(row.work)
    plan = course_in(text).plan if text else None
    scores = _scores(works, plan, row.starts) if plan else {}
    waived = [name for name, one in works.items() if one.bits & WAIVED]
    return GradebookRow(
        enrollment=row.enrollment,
        learner=row.learner,
        mode=row.mode,
        state=row.state,
        percent_done=percent(row.lessons_done, row.lessons) if row.lessons else None,
        grade_so_far=_so_far(plan, scores, waived) if plan else None,
        final_grade=row.grade,
        last_activity=row.last_activity,
        scores=[scores.get(one.lesson) for one in columns],
        waived=waived,
    )


def _scores(works: Works, plan: Plan, starts: datetime | None) -> Mapping[str, float]:
    return {
        name: score
        for name, one in works.items()
        if name in plan.lessons
        and (score := counting_score(one.attempts, plan.lessons[name], starts)) is not None
    }


def _so_far(plan: Plan, scores: Mapping[str, float], waived: Sequence[str]) -> float | None:
    """Of what has a weight, and was not waived."""
    weighted = {rule.id for rule in plan.weighted} - set(waived)
    return average(plan, {name: score for name, score in scores.items() if name in weighted})
