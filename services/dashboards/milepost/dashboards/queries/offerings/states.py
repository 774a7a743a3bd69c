"""How many of an offering's enrollments are in which state."""

from collections.abc import Mapping

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.contracts.enrollments import EnrollmentState
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.queries.consistent_read import Select, read


class _InState(msgspec.Struct, frozen=True):
    state: EnrollmentState
    enrollments: int


_STATES = Select(
    Decoder(list[_InState]),
    """select state, count(*) as enrollments from dashboards.learner_overview
    where tenant = :tenant and offering = :offering group by state""",
)


async def read_states(
    pool: asyncpg.Pool, tenant: str, offering: str
) -> Mapping[EnrollmentState, int]:
    """Without the states that nobody is in."""
    arguments = {"offering": offering}
    found = await read(pool, tenant, (LEARNER_OVERVIEW,), (_STATES,), arguments)
    return {one.state: one.enrollments for one in found.rows[0]}
