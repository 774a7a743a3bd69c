"""A learner's home in one read: where they are, what is next, what they hold and may earn."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.contracts.achievements import Criterion
from milepost.contracts.rules.criteria import holds, leaves
from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.queries.consistent_read import Select, Snapshot, etag_of, read
from milepost.dashboards.queries.course_progress import CourseProgress
from milepost.dashboards.queries.learner import OF_LEARNER
from milepost.dashboards.queries.lists.credentials import NEVER_OUT, OWN_CREDENTIAL, CredentialView
from milepost.dashboards.queries.lists.titles import COURSE_TITLE, tags_of, title_of
from milepost.dashboards.queries.member_work import GOES_ON, MEMBERS, MODELS, work
from milepost.dashboards.queries.progress_view import MemberWork, view_of

# Who has more is shown the latest; lists go on, page by page.
MOST: Final = 200
MOST_MILESTONES: Final = 50


class HomeEnrollment(msgspec.Struct, frozen=True, kw_only=True):
    """`progress` is null while there is no seat yet. `ends`: of the offering."""

    enrollment: str
    offering: str
    course: str
    course_title: str | None
    mode: str
    state: str
    entered_at: datetime | None
    ends: datetime | None
    last_activity: datetime | None
    completed_at: datetime | None
    progress: CourseProgress | None


class HomeCredential(CredentialView, kw_only=True):
    """`achievement_name`: of its latest version, in the language asked for where there is one."""

    achievement_name: str | None


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """An achievement that is not held, and that one of the learner's courses leads to.

    `met` of `criteria` hold. `course` is the learner's course that leads there, with its title.
    """

    achievement: str
    name: str
    met: int
    criteria: int
    course: str
    course_title: str | None


class Home(Snapshot, frozen=True, kw_only=True):
    """The latest first, of enrollments and credentials (200 each at most); milestones: what is
    nearest first (50 at most).
    """

    learner: str
    enrollments: list[HomeEnrollment]
    credentials: list[HomeCredential]
    milestones: list[Milestone]


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    enrollment: str
    offering: str
    course: str
    course_title: str | None
    mode: str
    state: str
    entered_at: datetime | None
    ends: datetime | None
    last_activity: datetime | None
    completed_at: datetime | None
    grade: float | None
    work: MemberWork | None


class _Goal(msgspec.Struct, frozen=True, kw_only=True):
    achievement: str
    name: str
    criteria: str
    course: str
    course_title: str | None


_ENROLLMENTS: Final = Select(
    Decoder(list[_Row]),
    f"""select x.enrollment, x.offering, x.course, x.mode, x.state, x.entered_at, c.ends,
        x.last_activity, x.completed_at, x.grade, {COURSE_TITLE}, {work(GOES_ON)}
    from {MEMBERS}
    left join dashboards.catalog_offering c on c.tenant = x.tenant and c.offering = x.offering
    where x.tenant = :tenant and x.learner = :learner
    order by x.entered_at desc, x.enrollment limit {MOST}""",
)
_CREDENTIALS: Final = Select(
    Decoder(list[HomeCredential]),
    f"""select registered.*, (select {title_of("a")} from dashboards.catalog_achievement a
        where a.tenant = :tenant and a.achievement = registered.achievement) as achievement_name
    from ({OWN_CREDENTIAL} where {OF_LEARNER}) registered where not {NEVER_OUT}
    order by position desc limit {MOST}""",
)
# One of a learner's courses for each achievement that asks for it and is not held.
_GOALS: Final = Select(
    Decoder(list[_Goal]),
    f"""select x.*, {COURSE_TITLE} from (
        select distinct on (a.achievement) a.tenant, a.achievement, {title_of("a")} as name,
            a.criteria, l.course
        from dashboards.learner_overview e
        join dashboards.catalog_course_achievement l on l.tenant = e.tenant and l.course = e.course
        join dashboards.catalog_achievement a on a.tenant = l.tenant
            and a.achievement = l.achievement and a.latest_version = l.version
        where e.tenant = :tenant and e.learner = :learner and a.retired_at is null
            and e.state in ('enrolled', 'active', 'suspended', 'completed')
        order by a.achievement, e.state = 'completed', e.entered_at desc) x limit {MOST}""",
)

_criterion: Final = Decoder(Criterion | None).decode


async def read_home(
    pool: asyncpg.Pool,
    tenant: str,
    learner: str,
    *,
    language: str | None = None,
    now: datetime | None = None,
    awaited: int | None = None,
) -> Home:
    """Empty for a learner of whom nothing has happened."""
    arguments = {"learner": learner, "languages": tags_of(language)}
    models, selects = (*MODELS, CREDENTIAL_REGISTRY), (_ENROLLMENTS, _CREDENTIALS, _GOALS)
    found = await read(pool, tenant, models, selects, arguments, awaited=awaited)
    rows, credentials, goals = found.rows
    enrollments = [enrollment_of(one, now or datetime.now(UTC), language) for one in rows]
    milestones = milestones_of(rows, credentials, goals)
    return Home(
        position=found.position,
        as_of=found.as_of,
        etag=etag_of((enrollments, credentials, milestones)),
        learner=learner,
        enrollments=enrollments,
        credentials=credentials,
        milestones=milestones,
    )


def enrollment_of(row: _Row, now: datetime, language: str | None) -> HomeEnrollment:
    return HomeEnrollment(
        enrollment=row.enrollment,
        offering=row.offering,
        course=row.course,
        course_title=row.course_title,
        mode=row.mode,
        state=row.state,
        entered_at=row.entered_at,
        ends=row.ends,
        last_activity=row.last_activity,
        completed_at=row.completed_at,
        progress=view_of(row.work, now, language).progress if row.work else None,
    )


def milestones_of(
    rows: Sequence[_Row], credentials: Sequence[HomeCredential], goals: Sequence[_Goal]
) -> list[Milestone]:
    """The nearest first, by the share of its criteria that hold; then by name."""
    held = {one.achievement for one in credentials if one.status == "active"}
    passed: dict[str, float | None] = {}
    for row in rows:
        if row.completed_at and (passed.get(row.course) or 0.0) <= (row.grade or 0.0):
            passed[row.course] = row.grade
    ahead = [_milestone(one, passed, held) for one in goals if one.achievement not in held]
    ahead.sort(key=lambda one: (-one.met / max(one.criteria, 1), one.name, one.achievement))
    return ahead[:MOST_MILESTONES]


def _milestone(goal: _Goal, passed: dict[str, float | None], held: set[str]) -> Milestone:
    criterion = _criterion(goal.criteria)
    asked = list(leaves(criterion)) if criterion else []
    return Milestone(
        achievement=goal.achievement,
        name=goal.name,
        met=sum(holds(one, passed, held, unknown=False) for one in asked),
        criteria=len(asked),
        course=goal.course,
        course_title=goal.course_title,
    )
