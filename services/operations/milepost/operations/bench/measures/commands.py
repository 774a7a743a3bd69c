"""`commands`: durable commands a second over HTTP, through one service process."""

import asyncio

from milepost.operations.bench.figures import Measured, WentWrong
from milepost.operations.bench.http_calls import open_offering, publish_course, token
from milepost.operations.bench.load import Load, post, run_load
from milepost.operations.bench.milepost_process import milepost_process
from milepost.operations.bench.pgbench import YARDSTICK, insert_rows_per_second
from milepost.operations.bench.scratch_installation import ground
from milepost.web.settings import Settings

TARGET_RATIO, TARGET_P99_MS = 0.6, 30


async def measure(settings: Settings, commands: int = 20_000, connections: int = 64) -> Measured:
    """`commands` learners enroll over `connections` connections; each answer is durable."""
    async with ground(settings) as place:
        before = await insert_rows_per_second(place.postgres, 3)
        load = await _enroll(place, commands, connections)
        after = await insert_rows_per_second(place.postgres, 3)
    yardstick = (before + after) / 2
    p99_ms = load.percentile_ms(99)
    ratio = load.per_second / yardstick
    return Measured(
        name="commands",
        figures={
            "commands_per_second": round(load.per_second),
            "p50_ms": load.percentile_ms(50),
            "p99_ms": p99_ms,
        },
        yardstick=YARDSTICK,
        yardstick_per_second=round(yardstick),
        ratio=round(ratio, 2),
        target=f"ratio >= {TARGET_RATIO}, p99 <= {TARGET_P99_MS} ms",
        met=ratio >= TARGET_RATIO and p99_ms <= TARGET_P99_MS,
    )


async def _enroll(place: Settings, commands: int, connections: int) -> Load:
    bearer = token(place)
    async with milepost_process(place, "serve", "enrollment") as port:
        await asyncio.to_thread(publish_course, port, bearer)
        await asyncio.to_thread(open_offering, port, bearer, "bench-1")
        await run_load(port, enrollments("bench-1", bearer, "w", commands // 10), connections)
        load = await run_load(port, enrollments("bench-1", bearer, "l", commands), connections)
    if load.statuses != {201: commands}:
        raise WentWrong(f"expected {commands} answers with 201, got {load.statuses}")
    return load


def enrollments(offering: str, bearer: str, prefix: str, count: int) -> list[bytes]:
    path = f"/enrollment/offerings/{offering}/enrollments"
    return [post(path, bearer, f'{{"learner":"{prefix}-{n}"}}'.encode()) for n in range(count)]
