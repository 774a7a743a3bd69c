"""How enrollments stand: one, or many of a front end's page."""

from time import monotonic

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

from milepost.progress.api.wiring import READERS, UNREADABLE, EnrollmentPath, Wiring, plan_for
from milepost.progress.domain.state import PROGRESS
from milepost.progress.queries.overview import Overview, overview
from milepost.web.answers.lookup import Looked, LookedUpIds, look_up_many
from milepost.web.openapi.documented_answers import versioned_query
from milepost.web.requests.commands import Call
from milepost.web.requests.etags import digested


class OverviewLooked(Looked, frozen=True, kw_only=True, omit_defaults=True):
    found: Overview | None = None


class OverviewsLooked(msgspec.Struct, frozen=True):
    """In the order they were asked for, each once."""

    results: list[OverviewLooked]


@get(
    "/enrollments/{enrollment:str}",
    summary="How an enrollment stands",
    answers=versioned_query(*UNREADABLE),
)
async def get_progress(
    request: Call,
    enrollment: EnrollmentPath,
    wiring: NamedDependency[Wiring],
) -> Response[Overview]:
    """What is done, due, next and why, locked by what, still needed, and how long it may take.

    Some of it changes with time alone, and with what others need: so does the ETag.
    """
    return digested(request, await _overview(request, wiring, enrollment))


@get("/enrollments", summary="How many enrollments stand", answers=versioned_query())
async def look_up_progress(
    request: Call, wiring: NamedDependency[Wiring], enrollment: LookedUpIds = None
) -> Response[OverviewsLooked]:
    """Each as `GET /progress/enrollments/{enrollment}` would answer it; one that is refused is a
    `problem`, and hinders no other.
    """
    since = monotonic()

    async def read(one: str) -> Overview:
        return await _overview(request, wiring, one, since=since)

    return digested(request, OverviewsLooked(await look_up_many(enrollment, read, OverviewLooked)))


async def _overview(
    request: Call, wiring: Wiring, enrollment: str, *, since: float | None = None
) -> Overview:
    plan = await plan_for(wiring, enrollment, request.user, READERS, since=since)
    times = await wiring.times.get(request.user.tenant, plan.course)
    await wiring.buffer.flush((request.user.tenant, enrollment))
    # Again, since the state may have moved on while the plan was read.
    _, state = await wiring.transactor.load(request.user.tenant, PROGRESS.of(enrollment))
    return overview(state, plan, wiring.clock(), times)


HANDLERS = (get_progress, look_up_progress)
