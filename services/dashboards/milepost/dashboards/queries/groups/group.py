"""One group as its sponsor sees it: members, and how far they have come, by course."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.groups.groups import GROUP, GROUP_ROWS, GroupListed
from milepost.dashboards.queries.groups.standing import (
    COMPLETED,
    CREDENTIALS,
    ENROLLED,
    ENROLLMENTS,
    MODELS,
    OF_THIS_GROUP,
    STARTED,
    course_title,
)
from milepost.dashboards.queries.lists.titles import tags_of
from milepost.events.event import Unknown

MOST_COURSES = 200


class GroupFigures(msgspec.Struct, kw_only=True):
    """Of the members, learners, each counted once.

    enrolled     have a seat now, or have completed
    started      of those enrolled: began a lesson
    completed    of those enrolled
    holders      of the members: hold a credential now
    credentials  how many these hold
    """

    enrolled: int = 0
    started: int = 0
    completed: int = 0
    holders: int = 0
    credentials: int = 0


class GroupRates(msgspec.Struct, kw_only=True):
    """0 to 1; null where nobody is in the denominator."""

    enrolled_of_members: float | None
    started_of_enrolled: float | None
    completed_of_enrolled: float | None
    holders_of_members: float | None


class GroupCourse(GroupFigures, kw_only=True):
    """The same in one course. `course_title`: of its latest version, in the language asked for
    where there is one.
    """

    course: str
    course_title: str | None
    course_title_language: str | None


class _Course(msgspec.Struct):
    """A row of either select; without a course: over all of them."""

    course: str | None
    whole: bool
    course_title: str | None = None
    course_title_language: str | None = None
    enrolled: int = 0
    started: int = 0
    completed: int = 0
    holders: int = 0
    credentials: int = 0


@dataclass
class UnknownGroup(Unknown):
    group: str


class GroupSnapshot(Snapshot, frozen=True, kw_only=True):
    """`courses`: those that members are in, most enrolled first, at most 200."""

    group: GroupListed
    figures: GroupFigures
    rates: GroupRates
    courses: list[GroupCourse]


FACTS = Select(
    GROUP_ROWS, f"select * from ({GROUP}) listed where tenant = :tenant and group_id = :group"
)
STANDING = Select(
    Decoder(list[_Course]),
    f"""select counted.*, {course_title("counted")} from (
        select e.course, grouping(e.course) = 1 as whole,
            count(distinct e.learner) filter (where {ENROLLED}) as enrolled,
            count(distinct e.learner) filter (where {STARTED}) as started,
            count(distinct e.learner) filter (where {COMPLETED}) as completed
        from {ENROLLMENTS} where {OF_THIS_GROUP} group by grouping sets ((), (e.course))) counted
    order by whole desc, enrolled desc, course limit {MOST_COURSES + 1}""",
)
HELD = Select(
    Decoder(list[_Course]),
    f"""select c.course, grouping(c.course) = 1 as whole,
            count(distinct c.learner) as holders, count(*) as credentials
        from {CREDENTIALS} where {OF_THIS_GROUP} group by grouping sets ((), (c.course))""",
)


async def read_group(
    pool: asyncpg.Pool,
    tenant: str,
    group: str,
    *,
    language: str | None = None,
    awaited: int | None = None,
) -> GroupSnapshot:
    """Raises `UnknownGroup`. Whether the caller may see it, the log has said before."""
    arguments = {"group": group, "languages": tags_of(language)}
    selects = (FACTS, STANDING, HELD)
    found = await read(pool, tenant, MODELS, selects, arguments, awaited=awaited)
    groups, standing, held = found.rows
    if not groups:
        raise UnknownGroup(group)
    figures = _figures(standing, held)
    return GroupSnapshot(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        group=groups[0],
        figures=figures,
        rates=_rates(groups[0].members, figures),
        courses=_courses(standing, held),
    )


def _figures(standing: Sequence[_Course], held: Sequence[_Course]) -> GroupFigures:
    """A select of nobody has no row even for all of them."""
    stood = next((one for one in standing if one.whole), _Course(None, whole=True))
    holding = next((one for one in held if one.whole), _Course(None, whole=True))
    return GroupFigures(
        enrolled=stood.enrolled,
        started=stood.started,
        completed=stood.completed,
        holders=holding.holders,
        credentials=holding.credentials,
    )


def _rates(members: int, figures: GroupFigures) -> GroupRates:
    return GroupRates(
        enrolled_of_members=_rate(figures.enrolled, members),
        started_of_enrolled=_rate(figures.started, figures.enrolled),
        completed_of_enrolled=_rate(figures.completed, figures.enrolled),
        holders_of_members=_rate(figures.holders, members),
    )


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _courses(standing: Sequence[_Course], held: Sequence[_Course]) -> list[GroupCourse]:
    holding = {one.course: one for one in held if not one.whole}
    none = _Course(None, whole=False)
    return [
        GroupCourse(
            course=one.course or "",
            course_title=one.course_title,
            course_title_language=one.course_title_language,
            enrolled=one.enrolled,
            started=one.started,
            completed=one.completed,
            holders=holding.get(one.course, none).holders,
            credentials=holding.get(one.course, none).credentials,
        )
        for one in standing
        if not one.whole
    ]
