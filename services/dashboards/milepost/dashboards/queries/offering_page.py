"""One offering as its instructor sees it: funnel, lessons, scores, activity, time to complete.

Every figure is of the enrollments that `lists/enrollments` shows for the same filter.
"""

from collections.abc import Mapping, Sequence
from typing import Final, get_args

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.contracts.courses import CoursePublished, Lesson
from milepost.dashboards.projections.funnel.tables import LessonRow
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.course_progress import Stage
from milepost.dashboards.queries.lists.offerings import OFFERINGS, OfferingListed, OfferingView
from milepost.dashboards.queries.lists.titles import tags_of
from milepost.dashboards.queries.member_work import MODELS
from milepost.dashboards.queries.offering import UnknownOffering
from milepost.dashboards.queries.own_offerings import IN_OWN_OFFERINGS, models_for
from milepost.dashboards.queries.progress_view import course_in, titles_in

BUCKETS: Final = 10
UNITS: Final = 1_000_000_000
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)


class StageCount(msgspec.Struct, frozen=True, kw_only=True):
    """So many `learners` have come so far, or further. Rates are 0 to 1, null without any.

    `of_previous`: of those in the stage before.
    """

    stage: Stage
    learners: int
    of_enrolled: float | None
    of_previous: float | None


class LessonFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of the learners enrolled: who began the lesson, who has done it.

    `dropped` began and have not done it, `dropped_of_started` is their share. `scored`: have a
    score that counts; `mean_score` (0 to 1) is theirs.
    """

    lesson: str
    title: str
    kind: str
    required: bool
    weight: float
    started: int
    done: int
    dropped: int
    started_of_enrolled: float | None
    done_of_enrolled: float | None
    dropped_of_started: float | None
    scored: int
    mean_score: float | None


class LessonScores(msgspec.Struct, frozen=True, kw_only=True):
    """The scores that count, of those who have one: ten equal parts of 0 to 1, the last with 1."""

    lesson: str
    title: str
    scored: int
    mean_score: float | None
    buckets: list[int]


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """`active`: of the `current` learners, those who did anything in the last 7 days."""

    active: int
    current: int
    active_of_current: float | None


class TimeToComplete(msgspec.Struct, frozen=True, kw_only=True):
    """Days from the first activity to the completion, of those `completed` who did anything; null
    without any.
    """

    completed: int
    median_days: float | None
    p90_days: float | None


class OfferingPage(Snapshot, frozen=True, kw_only=True):
    """Lessons in the order of the course's plan."""

    offering: OfferingListed
    stages: list[StageCount]
    lessons: list[LessonFigures]
    scores: list[LessonScores]
    activity: Activity
    time_to_complete: TimeToComplete


class _Figures(msgspec.Struct, frozen=True, kw_only=True):
    active: int
    current: int
    timed: int
    median_days: float | None
    p90_days: float | None


class _Plan(msgspec.Struct, frozen=True):
    plan: str


_ONE: Final = "where tenant = :tenant and offering = :offering"
_OFFERING: Final = f"{OFFERINGS.sql} {_ONE}"
_LESSONS: Final = Select(
    Decoder(list[LessonRow]), f"select * from dashboards.offering_lesson {_ONE}"
)
# That of the offering, and the latest: whoever was migrated has lessons of a later one.
_PLANS: Final = Select(
    Decoder(list[_Plan]),
    """select p.plan from dashboards.catalog_offering o
    join dashboards.catalog_course c on c.tenant = o.tenant and c.course = o.course
    join dashboards.course_plan p on p.tenant = o.tenant and p.course = o.course
        and p.version in (o.course_version::text, c.latest_version::text)
    where o.tenant = :tenant and o.offering = :offering
    order by p.version <> o.course_version::text""",
)
_FIGURES: Final = Select(
    Decoder(list[_Figures]),
    """select count(*) filter (where days.here and days.active) as active,
        count(*) filter (where days.here) as current, count(days.needed) as timed,
        percentile_cont(0.5) within group (order by days.needed) as median_days,
        percentile_cont(0.9) within group (order by days.needed) as p90_days
    from (select m.enrolled and m.departure is null as here,
            x.last_activity > now() - interval '7 days' as active,
            case when m.stage = 6 and x.started_at is not null then extract(epoch from
                greatest(x.completed_at - x.started_at, interval '0'))::float8 / 86400
            end as needed
        from dashboards.learner_overview x
        join dashboards.offering_member m on m.tenant = x.tenant and m.enrollment = x.enrollment
        where x.tenant = :tenant and x.offering = :offering) days""",
)


async def read_offering_page(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    *,
    instructor: str | None = None,
    language: str | None = None,
    awaited: int | None = None,
) -> OfferingPage:
    """Raises `UnknownOffering`, also where it is not the `instructor`'s own."""
    arguments: dict[str, object] = {"offering": offering, "languages": tags_of(language)}
    sql = _OFFERING
    if instructor is not None:
        sql, arguments["instructor"] = f"{sql} and {IN_OWN_OFFERINGS}", instructor
    selects = (Select(OFFERINGS.rows, sql), _LESSONS, _PLANS, _FIGURES)
    models = models_for(MODELS, instructor)
    found = await read(pool, tenant, models, selects, arguments, awaited=awaited)
    rows, counts, plans, [figures] = found.rows
    if not rows:
        raise UnknownOffering(offering)
    view: OfferingListed = rows[0]
    planned = _planned([course_in(one.plan).published for one in plans], language)
    by_lesson = {one.lesson: one for one in counts}
    return OfferingPage(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        offering=view,
        stages=stages_of(view),
        lessons=[_lesson(*one, by_lesson, view.enrolled) for one in planned],
        scores=[
            _scores(lesson, title, by_lesson[lesson.id])
            for lesson, title in planned
            if lesson.id in by_lesson and by_lesson[lesson.id].scored
        ],
        activity=Activity(
            active=figures.active,
            current=figures.current,
            active_of_current=share(figures.active, figures.current),
        ),
        time_to_complete=TimeToComplete(
            completed=figures.timed, median_days=figures.median_days, p90_days=figures.p90_days
        ),
    )


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def stages_of(view: OfferingView) -> list[StageCount]:
    """Where credentials are awarded for less than the course, they have no share of `completed`."""
    counts, before = [], view.enrolled
    for stage in STAGES:
        learners: int = getattr(view, stage)
        counts.append(
            StageCount(
                stage=stage,
                learners=learners,
                of_enrolled=share(learners, view.enrolled),
                of_previous=share(learners, before) if learners <= before else None,
            )
        )
        before = learners
    return counts


def _planned(
    versions: Sequence[CoursePublished], language: str | None
) -> Sequence[tuple[Lesson, str]]:
    """In the order of the first version, each with its title; then what others have beside."""
    found: dict[str, tuple[Lesson, str]] = {}
    for published in versions:
        titles = titles_in(published, language)
        for lesson in published.lessons:
            found.setdefault(lesson.id, (lesson, titles[lesson.id]))
    return list(found.values())


def _lesson(
    lesson: Lesson, title: str, counts: Mapping[str, LessonRow], enrolled: int
) -> LessonFigures:
    row = counts.get(lesson.id) or LessonRow("", lesson.id)
    return LessonFigures(
        lesson=lesson.id,
        title=title,
        kind=lesson.kind,
        required=lesson.required,
        weight=lesson.weight,
        started=row.started,
        done=row.done,
        dropped=row.unfinished,
        started_of_enrolled=share(row.started, enrolled),
        done_of_enrolled=share(row.done, enrolled),
        dropped_of_started=share(row.unfinished, row.started),
        scored=row.scored,
        mean_score=_mean(row),
    )


def _scores(lesson: Lesson, title: str, row: LessonRow) -> LessonScores:
    return LessonScores(
        lesson=lesson.id,
        title=title,
        scored=row.scored,
        mean_score=_mean(row),
        buckets=[getattr(row, f"s{number}") for number in range(BUCKETS)],
    )


def _mean(row: LessonRow) -> float | None:
    return round(row.score_units / (UNITS * row.scored), 9) if row.scored else None
