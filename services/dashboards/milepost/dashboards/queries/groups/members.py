"""A group's members: who they are behind each figure, and one of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.contracts.enrollments import EnrollmentState
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.groups.standing import (
    COMPLETED,
    CREDENTIALS,
    ENROLLED,
    ENROLLMENTS,
    MEMBERS,
    MODELS,
    OF_THIS_GROUP,
    STARTED,
    achievement_title,
    course_title,
    in_courses,
)
from milepost.dashboards.queries.lists.credentials import CREDENTIAL
from milepost.dashboards.queries.lists.keyset import by_text, by_time
from milepost.dashboards.queries.lists.listing import Listing, ListQuery
from milepost.dashboards.queries.lists.titles import tags_of
from milepost.events.event import Unknown

MemberStage: TypeAlias = Literal[
    "enrolled", "not_enrolled", "started", "not_started", "completed", "not_completed", "holds"
]
MemberSort: TypeAlias = Literal["learner", "added_at"]


@dataclass
class UnknownMember(Unknown):
    group: str
    learner: str


class GroupMember(msgspec.Struct, kw_only=True):
    """How many courses of those that the group shows, and of `course` alone if it is asked for.

    enrolled     has a seat now, or has completed
    started      of these: began a lesson
    completed    of these
    credentials  held now
    """

    learner: str
    added_at: datetime
    enrolled: int
    started: int
    completed: int
    credentials: int


class MembersQuery(ListQuery, frozen=True, kw_only=True):
    """`stage`: the members whom that figure counts; `not_started` and `not_completed` are
    enrolled, `not_enrolled` are not.
    """

    group: str
    sort: MemberSort = "learner"
    stage: MemberStage | None = None
    course: str | None = None


STAGE = """case :stage when 'enrolled' then enrolled > 0 when 'not_enrolled' then enrolled = 0
    when 'started' then started > 0 when 'not_started' then enrolled > 0 and started = 0
    when 'completed' then completed > 0 when 'not_completed' then enrolled > 0 and completed = 0
    when 'holds' then credentials > 0 end"""


def _members(of_course: str) -> str:
    """`of_course`: a condition on `course`, of both enrollments and credentials."""
    return f"""select * from (
        select m.tenant, m.group_id, m.learner, m.added_at, stands.*, holds.credentials
        from {MEMBERS}
        cross join lateral (select
                count(distinct e.course) filter (where {ENROLLED}) as enrolled,
                count(distinct e.course) filter (where {STARTED}) as started,
                count(distinct e.course) filter (where {COMPLETED}) as completed
            from dashboards.learner_overview e where e.tenant = m.tenant and e.learner = m.learner
                and {in_courses("e.course")} and {of_course.format("e")}) stands
        cross join lateral (select count(*) filter (where c.status = 'active') as credentials
            from ({CREDENTIAL}) c where c.tenant = m.tenant and c.learner = m.learner
                and {in_courses("c.course")} and {of_course.format("c")}) holds
    ) member"""


def _listing(of_course: str, *filters: str) -> Listing[GroupMember]:
    conditions = {"group": "group_id = :group", "stage": STAGE}
    # In the lateral selects, so that the figures are that course's: always true here.
    conditions |= dict.fromkeys(filters, ":course::text is not null")
    return Listing(
        models=MODELS[1:],
        rows=Decoder(list[GroupMember]),
        sql=_members(of_course),
        key="learner",
        sorts={"learner": by_text("learner"), "added_at": by_time("added_at", None)},
        filters=conditions,
    )


IN_ALL = _listing("true")
IN_ONE = _listing("{}.course = :course", "course")


def members_of(query: MembersQuery) -> Listing[GroupMember]:
    return IN_ALL if query.course is None else IN_ONE


class MemberCourse(msgspec.Struct, kw_only=True):
    """One enrollment, as far as staff are told."""

    course: str
    course_title: str | None
    course_title_language: str | None
    offering: str
    state: EnrollmentState
    started: bool
    completed_at: datetime | None


class MemberCredential(msgspec.Struct, kw_only=True):
    credential: str
    achievement: str
    achievement_title: str | None
    course: str | None
    awarded_at: datetime
    valid_until: datetime | None


class MemberSnapshot(Snapshot, frozen=True, kw_only=True):
    """The latest first; of credentials those held now."""

    group: str
    learner: str
    added_at: datetime
    enrollments: list[MemberCourse]
    credentials: list[MemberCredential]


class _Joined(msgspec.Struct):
    added_at: datetime


THIS_ONE = f"{OF_THIS_GROUP} and m.learner = :learner"
SINCE = Select(Decoder(list[_Joined]), f"select m.added_at from {MEMBERS} where {THIS_ONE}")
COURSES = Select(
    Decoder(list[MemberCourse]),
    f"""select e.course, {course_title("e")}, e.offering, e.state,
        e.started_at is not null as started,
        case when {COMPLETED} then e.completed_at end as completed_at
    from {ENROLLMENTS} where {THIS_ONE} order by e.entered_at desc, e.enrollment""",
)
HELD = Select(
    Decoder(list[MemberCredential]),
    f"""select c.credential, c.achievement, {achievement_title("c")}, c.course,
        c.awarded_at, c.valid_until
    from {CREDENTIALS} where {THIS_ONE} order by c.position desc""",
)


async def read_member(
    pool: asyncpg.Pool,
    tenant: str,
    group: str,
    learner: str,
    *,
    language: str | None = None,
    awaited: int | None = None,
) -> MemberSnapshot:
    """Raises `UnknownMember`, also of who was one. Whether the caller may see the group, the log
    has said before.
    """
    arguments = {"group": group, "learner": learner, "languages": tags_of(language)}
    selects = (SINCE, COURSES, HELD)
    found = await read(pool, tenant, MODELS, selects, arguments, awaited=awaited)
    since, enrollments, credentials = found.rows
    if not since:
        raise UnknownMember(group, learner)
    return MemberSnapshot(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        group=group,
        learner=learner,
        added_at=since[0].added_at,
        enrollments=enrollments,
        credentials=credentials,
    )
