"""The dashboards' SQL. $1 is the tenant, first in every WHERE; $2 belongs to `reading`."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec.json import Decoder

from milepost.dashboards.paging import Cursor, Order, page_sql
from milepost.dashboards.projections.learner_overview import EnrollmentRow
from milepost.dashboards.reading import HEAD as HEAD_OF_LOG
from milepost.dashboards.reading import Query
from milepost.dashboards.views import CredentialView, Head, ModelStanding, OfferingView

OfferingSort: TypeAlias = Literal["offering", "enrolled", "started", "completed", "withdrawn"]

OFFERINGS = Decoder(list[OfferingView])
CREDENTIALS = Decoder(list[CredentialView])

LEARNERS_ENROLLMENTS = Query(
    Decoder(list[EnrollmentRow]),
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
    closed_at, waitlisted, waiting, enrolled, verified, started, completed, withdrawn, credentials,
    lessons_completed, attempts, visits, clicks,
    started::float8 / nullif(enrolled, 0) as started_of_enrolled,
    completed::float8 / nullif(enrolled, 0) as completed_of_enrolled,
    completed::float8 / nullif(started, 0) as completed_of_started,
    withdrawn::float8 / nullif(enrolled, 0) as withdrawn_of_enrolled,
    grade_units / (1e9::float8 * nullif(completed, 0)) as mean_grade_of_completed"""
OFFERING = Query(
    OFFERINGS,
    f"""select {OFFERING_COLUMNS} from dashboards.offering_summary
    where tenant = $1 and offering = $3""",
)
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


def offerings(
    sort: OfferingSort, order: Order, after: Cursor | None, equal: Mapping[str, str]
) -> tuple[Query, list[object]]:
    column = "0::bigint" if sort == "offering" else sort
    page, arguments = page_sql(column, "offering", order, after, equal)
    sql = f"select {OFFERING_COLUMNS} from dashboards.offering_summary {page}"
    return Query(OFFERINGS, sql), arguments


def credentials(
    order: Order, after: Cursor | None, equal: Mapping[str, str]
) -> tuple[Query, list[object]]:
    page, arguments = page_sql("position", "credential", order, after, equal)
    return Query(CREDENTIALS, f"select * from ({CREDENTIAL}) registered {page}"), arguments
