"""`reads`: dashboard queries a second over HTTP; against the same SELECT by pgbench."""

import asyncio
import random

import msgspec

from milepost.dashboards.api.views import LearnerPage
from milepost.dashboards.queries.consistent_read import names_of, statement
from milepost.dashboards.queries.learner import MODELS, SELECTS
from milepost.dashboards.queries.placeholders import replace
from milepost.events.projections.rebuild import rebuild
from milepost.events.store.postgres import PostgresLog, connect_pool, owner_connection
from milepost.operations.bench import http_calls
from milepost.operations.bench.figures import Measured, WentWrong
from milepost.operations.bench.history import History
from milepost.operations.bench.http_calls import TENANT
from milepost.operations.bench.load import Load, get, run_load
from milepost.operations.bench.milepost_process import milepost_process
from milepost.operations.bench.pgbench import transactions_per_second
from milepost.operations.bench.scratch_installation import ground
from milepost.operations.rooms import read_models
from milepost.web.settings import Settings

TARGET_RATIO, TARGET_P99_MS = 0.55, 15
# What `GET /dashboards/learners/{learner}` asks, of a learner that pgbench draws.
SELECT = replace(
    statement(SELECTS),
    {
        "tenant": f"'{TENANT}'",
        "models": f"'{{{','.join(names_of(MODELS))}}}'",
        "learner": "'learner-' || :learner",
    },
)


async def measure(
    settings: Settings, events: int = 1_000_000, queries: int = 20_000, connections: int = 64
) -> Measured:
    """Pages of learners drawn at random, from read models of `events` events."""
    async with ground(settings) as place:
        learners = await learners_in(place, events)
        draw = f"\\set learner random(0, {learners - 1})"
        before = await transactions_per_second(place.postgres, SELECT, 3, connections, draw)
        load = await _read(place, learners, queries, connections)
        after = await transactions_per_second(place.postgres, SELECT, 3, connections, draw)
    yardstick = (before + after) / 2
    ratio, p99_ms = load.per_second / yardstick, load.percentile_ms(99)
    return Measured(
        name="reads",
        figures={
            "queries_per_second": round(load.per_second),
            "p50_ms": load.percentile_ms(50),
            "p99_ms": p99_ms,
            "learners": learners,
        },
        yardstick=f"pgbench: the same SELECT, prepared, {connections} clients",
        yardstick_per_second=round(yardstick),
        ratio=round(ratio, 2),
        target=f"ratio >= {TARGET_RATIO}, p99 <= {TARGET_P99_MS} ms",
        met=ratio >= TARGET_RATIO and p99_ms <= TARGET_P99_MS,
    )


async def learners_in(place: Settings, events: int) -> int:
    """Make the history and its read models. How many learners there are."""
    pool = await connect_pool(place.postgres, name="bench")
    history = History(PostgresLog(pool))
    await history.open()
    await history.grow(events)
    await rebuild(pool, read_models())
    await pool.close()
    async with owner_connection(place.postgres) as connection:
        await connection.execute("vacuum analyze")
        learners: int = await connection.fetchval(
            "select count(*) from dashboards.learner_overview"
        )
    return learners


async def _read(place: Settings, learners: int, queries: int, connections: int) -> Load:
    bearer = http_calls.token(place)
    async with milepost_process(place, "serve", "dashboards") as (port, _):
        await asyncio.to_thread(_require_page, port, bearer)
        draw = random.Random(1)  # noqa: S311 - of no secret
        requests = [
            get(f"/dashboards/learners/learner-{draw.randrange(learners)}", bearer)
            for _ in range(queries + queries // 10)
        ]
        await run_load(port, requests[queries:], connections)
        load = await run_load(port, requests[:queries], connections)
    if load.statuses != {200: queries}:
        raise WentWrong(f"expected {queries} answers with 200, got {load.statuses}")
    return load


def _require_page(port: int, bearer: str) -> None:
    answer = http_calls.get(port, bearer, "/dashboards/learners/learner-1")
    page = msgspec.json.decode(answer, type=LearnerPage)
    if (len(page.enrollments), len(page.credentials)) != (1, 1):
        raise WentWrong(f"learner-1 should have an enrollment and a credential: {answer!r}")
