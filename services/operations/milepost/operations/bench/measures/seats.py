"""`seats`: many learners race for few seats over two service processes; none is sold twice."""

import asyncio
from collections.abc import Sequence

import asyncpg

from milepost.events.store.postgres import owner_connection
from milepost.operations.bench.figures import Measured, WentWrong
from milepost.operations.bench.http_calls import TENANT, open_offering, publish_course, token
from milepost.operations.bench.load import Load, run_load
from milepost.operations.bench.measures.commands import enrollments
from milepost.operations.bench.milepost_process import milepost_process
from milepost.operations.bench.scratch_installation import ground
from milepost.web.settings import Settings

TARGET_PER_SECOND = 4_500
ON_OFFERING = """select type, data->>'learner' as learner from log.events
    where tenant = $1 and stream = 'offering-scarce' and type <> 'offering_opened'
    order by version"""
ON_ENROLLMENTS = """select data->>'learner' as learner from log.events
    where tenant = $1 and type = $2 and data->>'offering' = 'scarce' order by position"""


async def measure(
    settings: Settings, learners: int = 5_000, seats: int = 100, connections: int = 64
) -> Measured:
    """Half of the learners ask each process, over half of the connections."""
    async with ground(settings) as place:
        loads = await _race(place, learners, seats, connections)
        await _require_exact(place.postgres, learners, seats)
    rate = learners / max(load.seconds for load in loads)
    return Measured(
        name="seats",
        figures={
            "decisions_per_second": round(rate),
            "p99_ms": max(load.percentile_ms(99) for load in loads),
            "enrolled": seats,
            "waitlisted": learners - seats,
        },
        target=f"exact and in order, >= {TARGET_PER_SECOND:,} decisions/s",
        met=rate >= TARGET_PER_SECOND,
    )


async def _race(place: Settings, learners: int, seats: int, connections: int) -> tuple[Load, Load]:
    bearer = token(place)
    async with (
        milepost_process(place, "serve", "enrollment") as (one, _),
        milepost_process(place, "serve", "enrollment") as (two, _),
    ):
        await asyncio.to_thread(publish_course, one, bearer)
        await asyncio.to_thread(open_offering, one, bearer, "roomy")
        await asyncio.to_thread(open_offering, one, bearer, "scarce", seats)
        await asyncio.gather(
            run_load(one, enrollments("roomy", bearer, "a", 200), connections),
            run_load(two, enrollments("roomy", bearer, "b", 200), connections),
        )
        requests = enrollments("scarce", bearer, "l", learners)
        loads = await asyncio.gather(
            run_load(one, requests[::2], connections // 2),
            run_load(two, requests[1::2], connections // 2),
        )
    for load in loads:
        if load.statuses.keys() != {201}:
            raise WentWrong(f"expected answers with 201 only, got {load.statuses}")
    return loads


async def _require_exact(dsn: str, learners: int, seats: int) -> None:
    """What the log says, on the offering and on every enrollment."""
    async with owner_connection(dsn) as connection:
        decided = await connection.fetch(ON_OFFERING, TENANT)
        enrolled = await connection.fetch(ON_ENROLLMENTS, TENANT, "learner_enrolled")
        waitlisted = await connection.fetch(ON_ENROLLMENTS, TENANT, "learner_waitlisted")
    kinds = [row["type"] for row in decided]
    if kinds != ["seat_taken"] * seats + ["waitlist_joined"] * (learners - seats):
        raise WentWrong(f"the offering decided {len(kinds)} times, not as it should have")
    if len(set(_learners(decided))) != learners:
        raise WentWrong("a learner was decided upon twice")
    if _learners(decided) != [*_learners(enrolled), *_learners(waitlisted)]:
        raise WentWrong("the enrollments tell another order than their offering")


def _learners(rows: Sequence[asyncpg.Record]) -> list[str]:
    return [row["learner"] for row in rows]
