"""Events that a consumer could not take: list them, try them again, leave them out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from milepost.events.event import Conflicting, Invalid
from milepost.events.parking import operator_actions
from milepost.events.parking.operator_actions import NotParked, Settled, WaitsBehind
from milepost.events.parking.parked import Either, Parked
from milepost.events.projections.tables import Connection
from milepost.operations.console.api.wiring import (
    OPERATORS,
    READERS,
    DecisionView,
    ParkedDetailView,
    ParkedListView,
    ParkedPath,
    ParkedView,
    Retry,
    Skip,
    Wiring,
    command,
)
from milepost.operations.console.commands import run_once
from milepost.web.openapi.documented_answers import query
from milepost.web.problems import Malformed
from milepost.web.requests.commands import Call

UNKNOWN: Final = NotParked(12)
Consumer = Annotated[
    str | None, QueryParameter(max_length=200, description="Of this consumer, `projection/catalog`")
]
Everything = Annotated[bool, QueryParameter(description="Also what is settled")]
Limit = Annotated[int, QueryParameter(ge=1, le=500, description="So many at most")]


@dataclass
class ParkedSettled(Conflicting):
    """It has been retried or skipped before, and is settled."""

    parked: int
    state: str


@dataclass
class PositionNotConfirmed(Invalid):
    """Say the event's position in `confirm`: what is skipped never comes again."""

    expected: int


SETTLED: Final = ParkedSettled(12, "done")


@get(
    "/parked",
    summary="List parked events",
    description="What failed in a policy, a read model, a timer or the relay, and what waits "
    "behind it; of this school. Roles: operator, auditor.",
    answers=query(),
    roles=READERS,
)
async def list_parked(
    request: Call,
    wiring: NamedDependency[Wiring],
    *,
    consumer: Consumer = None,
    settled: Everything = False,
    limit: Limit = 100,
) -> ParkedListView:
    if consumer is not None and "\x00" in consumer:  # which Postgres takes for no text
        raise Malformed("A consumer's name holds no NUL.", query="consumer")
    found = await operator_actions.list_parked(
        wiring.pool, tenant=request.user.tenant, consumer=consumer, settled=settled, limit=limit + 1
    )
    return ParkedListView(
        parked=[ParkedView(**_members(one)) for one in found[:limit]], more=len(found) > limit
    )


@get(
    "/parked/{parked:int}",
    summary="Read a parked event",
    description="Its error, and what was decided about it. Roles: operator, auditor.",
    answers=query(UNKNOWN),
    roles=READERS,
)
async def get_parked(
    request: Call, parked: ParkedPath, wiring: NamedDependency[Wiring]
) -> ParkedDetailView:
    return await _detail(wiring.pool, await own(wiring.pool, request.user.tenant, parked))


@post(
    "/parked/{parked:int}/retry",
    status_code=202,
    summary="Try a parked event again",
    description="And if it succeeds, what waits behind it. Its consumer hears this within a "
    "second. Roles: operator.",
    answers=command(UNKNOWN, SETTLED, WaitsBehind(13, 12)),
    roles=OPERATORS,
)
async def retry_parked(
    request: Call, parked: ParkedPath, data: JSONBody[Retry], wiring: NamedDependency[Wiring]
) -> ParkedDetailView:
    async def work(connection: Connection) -> ParkedDetailView:
        await own(connection, request.user.tenant, parked)
        actor = request.user.subject
        with _as_refusal():
            await operator_actions.retry(connection, parked, actor=actor, reason=data.reason)
        return await _detail(connection, await operator_actions.find(connection, parked))

    return await run_once(request, wiring.pool, ParkedDetailView, work)


@post(
    "/parked/{parked:int}/skip",
    status_code=202,
    summary="Leave a parked event out for good",
    description="What waits behind it goes on, and whatever is built anew leaves it out, too. "
    "Mend the cause and retry, where that can be. Roles: operator.",
    answers=command(UNKNOWN, SETTLED, PositionNotConfirmed(1_200)),
    roles=OPERATORS,
)
async def skip_parked(
    request: Call, parked: ParkedPath, data: JSONBody[Skip], wiring: NamedDependency[Wiring]
) -> ParkedDetailView:
    async def work(connection: Connection) -> ParkedDetailView:
        found = await own(connection, request.user.tenant, parked)
        if data.confirm != found.position:
            raise PositionNotConfirmed(found.position)
        actor = request.user.subject
        with _as_refusal():
            await operator_actions.skip(connection, parked, actor=actor, reason=data.reason)
        return await _detail(connection, await operator_actions.find(connection, parked))

    return await run_once(request, wiring.pool, ParkedDetailView, work)


@contextmanager
def _as_refusal() -> Iterator[None]:
    """A problem document has a `status` of its own. Raises `ParkedSettled`."""
    try:
        yield
    except Settled as settled:
        raise ParkedSettled(settled.id, settled.status) from settled


async def own(connection: Either, tenant: str, parked: int) -> Parked:
    """Another school's is not there. Raises `NotParked`."""
    found = await operator_actions.find(connection, parked)
    if found.tenant != tenant:
        raise NotParked(parked)
    return found


async def _detail(connection: Either, parked: Parked) -> ParkedDetailView:
    decided = await operator_actions.decisions(connection, parked)
    return ParkedDetailView(
        **_members(parked),
        decisions=[
            DecisionView(
                decided_at=one.decided_at, decision=one.decision, by=one.actor, reason=one.reason
            )
            for one in decided
        ],
    )


def _members(one: Parked) -> dict[str, Any]:
    kept = msgspec.structs.asdict(one)
    names = ("consumer", "position", "stream", "type", "error", "attempts", "parked_at")
    return {
        "parked": one.id,
        "state": one.status,
        "changed_at": one.changed_at,
        **{name: kept[name] for name in names},
    }
