"""The dashboards' SQL. $1 is the tenant, first in every WHERE; $2 belongs to `reading`."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec.json import Decoder

from milepost.dashboards.api.views import (
    CourseView,
    CredentialView,
    Head,
    ModelStanding,
    OfferingView,
    ProgramView,
    RunView,
)
from milepost.dashboards.projections.learner_overview import EnrollmentRow
from milepost.dashboards.queries.consistent_read import HEAD as HEAD_OF_LOG
from milepost.dashboards.queries.consistent_read import Query
from milepost.dashboards.queries.keyset import Paging, Sort, by_number, by_text, by_time

CourseSort: TypeAlias = Literal["course", "title", "published_at"]
ProgramSort: TypeAlias = Literal["program", "title", "defined_at"]
RunSort: TypeAlias = Literal["offering", "opened_at", "starts", "ends"]
EnrollmentSort: TypeAlias = Literal["entered_at", "learner", "last_activity"]
OfferingSort: TypeAlias = Literal["offering", "enrolled", "started", "completed", "withdrawn"]

COURSE_SORTS: Mapping[CourseSort, Sort] = {
    "course": by_text("course"),
    "title": by_text("title"),
    "published_at": by_time("published_at"),
}
PROGRAM_SORTS: Mapping[ProgramSort, Sort] = {
    "program": by_text("program"),
    "title": by_text("title"),
    "defined_at": by_time("defined_at"),
}
RUN_SORTS: Mapping[RunSort, Sort] = {
    "offering": by_text("offering"),
    "opened_at": by_time("opened_at"),
    "starts": by_time("starts"),
    "ends": by_time("ends"),
}
ENROLLMENT_SORTS: Mapping[EnrollmentSort, Sort] = {
    "entered_at": by_time("entered_at", None),  # always there, and the column of the indexes
    "learner": by_text("learner"),
    "last_activity": by_time("last_activity"),
}
OFFERING_SORTS: Mapping[OfferingSort, Sort] = {
    "offering": by_text("offering"),
    "enrolled": by_number("enrolled"),
    "started": by_number("started"),
    "completed": by_number("completed"),
    "withdrawn": by_number("withdrawn"),
}
BY_POSITION = by_number("position")

COURSES = Decoder(list[CourseView])
PROGRAMS = Decoder(list[ProgramView])
RUNS = Decoder(list[RunView])
ENROLLMENTS = Decoder(list[EnrollmentRow])
OFFERINGS = Decoder(list[OfferingView])
CREDENTIALS = Decoder(list[CredentialView])

COURSE = """select *, case when retired_at is not null then 'retired'
        when latest_version > 0 then 'published' else 'draft' end as state
    from dashboards.catalog_course"""
PROGRAM = """select p.*,
        case when p.retired_at is not null then 'retired' else 'defined' end as status,
        array(select a.achievement from dashboards.catalog_program_achievement a
            where a.tenant = p.tenant and a.program = p.program and a.version = p.latest_version
            order by a.place) as achievements
    from dashboards.catalog_program p"""
# In its latest version: an earlier one may have had more.
CONTAINS = """exists (select from dashboards.catalog_program_achievement a
    where a.tenant = listed.tenant and a.program = listed.program and a.achievement = $
        and a.version = listed.latest_version)"""
# The first that holds; who asks for free seats is told of those without a cap too.
RUN = """select c.*, case when c.canceled_at is not null then 'canceled'
        when c.closed_at is not null then 'closed'
        when c.ends <= now() then 'ended'
        when c.window_opens > now() then 'announced'
        when c.window_closes <= now() then 'running' else 'open' end as state,
        coalesce(s.seated, 0) as seated, coalesce(s.waiting, 0) as waiting,
        case when c.seats > 0 then greatest(c.seats - coalesce(s.seated, 0), 0) end as free_seats,
        coalesce(c.seats > coalesce(s.seated, 0), true) as has_free_seats
    from dashboards.catalog_offering c
    left join dashboards.offering_summary s on s.tenant = c.tenant and s.offering = c.offering"""
LEARNERS_ENROLLMENTS = Query(
    ENROLLMENTS,
    """select * from dashboards.learner_overview where tenant = $1 and learner = $3
    order by coalesce(enrolled_at, waitlisted_at) desc, enrollment""",
)
CREDENTIAL = """select *, case when revoked_at is not null then 'revoked'
        when valid_until <= now() then 'expired' else 'active' end as status
    from dashboards.credential_registry"""
LEARNERS_CREDENTIALS = Query(
    CREDENTIALS, f"{CREDENTIAL} where tenant = $1 and learner = $3 order by position"
)
OFFERING_COLUMNS = """offering, course, course_version, pace, seats, opened_at, starts, ends,
    closed_at, waitlisted, waiting, seated, enrolled, verified, started, completed, withdrawn,
    credentials, lessons_completed, attempts, visits, clicks,
    started::float8 / nullif(enrolled, 0) as started_of_enrolled,
    completed::float8 / nullif(enrolled, 0) as completed_of_enrolled,
    completed::float8 / nullif(started, 0) as completed_of_started,
    withdrawn::float8 / nullif(enrolled, 0) as withdrawn_of_enrolled,
    grade_units / (1e9::float8 * nullif(completed, 0)) as mean_grade_of_completed"""
FUNNEL = f"""select {OFFERING_COLUMNS} from (
        select s.*, c.course, c.course_version, c.pace, c.seats, c.opened_at, c.starts, c.ends,
            coalesce(c.closed_at, c.canceled_at) as closed_at
        from dashboards.offering_summary s
        left join dashboards.catalog_offering c using (tenant, offering)) funnel"""
OFFERING = Query(OFFERINGS, f"{FUNNEL} where tenant = $1 and offering = $3")
MODELS = Query(
    Decoder(list[ModelStanding]),
    """select g.name, g.generation, g.version, g.status, coalesce(p.position, 0) as position,
        coalesce(h.head, 0) - coalesce(p.position, 0) as lag, p.recorded_at as as_of,
        (select count(*) from consumer.parked k
          where k.consumer = 'projection/' || g.name and k.generation = g.generation
            and k.tenant = $1 and k.status not in ('done', 'skipped')) as parked
    from dashboards.generations g
    left join dashboards.positions p
      on p.name = g.name and p.generation = g.generation and p.tenant = $1
    left join log.heads h on h.tenant = $1
    where g.status in ('building', 'live') and (g.only_tenant is null or g.only_tenant = $1)
    order by g.name, g.generation""",
)
HEAD = Query(Decoder(list[Head]), HEAD_OF_LOG)


def courses(paged: Paging, where: Mapping[str, object]) -> tuple[Query, list[object]]:
    page, arguments = paged.sql(where)
    return Query(COURSES, f"select * from ({COURSE}) listed {page}"), arguments


def programs(paged: Paging, where: Mapping[str, object]) -> tuple[Query, list[object]]:
    page, arguments = paged.sql(where)
    return Query(PROGRAMS, f"select * from ({PROGRAM}) listed {page}"), arguments


def runs(paged: Paging, where: Mapping[str, object]) -> tuple[Query, list[object]]:
    page, arguments = paged.sql(where)
    return Query(RUNS, f"select * from ({RUN}) listed {page}"), arguments


def enrollments(paged: Paging, where: Mapping[str, object]) -> tuple[Query, list[object]]:
    page, arguments = paged.sql(where)
    return Query(ENROLLMENTS, f"select * from dashboards.learner_overview {page}"), arguments


def offerings(paged: Paging, where: Mapping[str, object]) -> tuple[Query, list[object]]:
    page, arguments = paged.sql(where)
    return Query(OFFERINGS, f"{FUNNEL} {page}"), arguments


def credentials(paged: Paging, where: Mapping[str, object]) -> tuple[Query, list[object]]:
    page, arguments = paged.sql(where)
    return Query(CREDENTIALS, f"select * from ({CREDENTIAL}) registered {page}"), arguments
