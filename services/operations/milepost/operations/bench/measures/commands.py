"""`commands`: durable commands over HTTP through one service process, and what each costs it."""

import asyncio

import msgspec

from milepost.operations.bench.figures import Measured, WentWrong
from milepost.operations.bench.http_calls import open_offering, publish_course, token
from milepost.operations.bench.load import Load, get, post, run_load
from milepost.operations.bench.milepost_process import Running, milepost_process
from milepost.operations.bench.scratch_installation import ground
from milepost.web.settings import Settings

YARDSTICK = "GET /health/live of the same process"
TARGET_CPU_US, TARGET_P99_MS, TARGET_PER_SECOND = 100, 20, 9_000


class Cost(msgspec.Struct, frozen=True):
    """A load, and the CPU time of the serving process meanwhile, of each of its answers."""

    load: Load
    cpu_us: float


async def measure(settings: Settings, commands: int = 20_000, connections: int = 64) -> Measured:
    """`commands` learners enroll over `connections` connections; each answer is durable."""
    async with ground(settings) as place:
        live, enrolled = await _enroll(place, commands, connections)
    per_second, p99_ms = round(enrolled.load.per_second), enrolled.load.percentile_ms(99)
    return Measured(
        name="commands",
        figures={
            "commands_per_second": per_second,
            "cpu_us_per_command": round(enrolled.cpu_us, 1),
            "cpu_us_per_live": round(live.cpu_us, 1),
            "p50_ms": enrolled.load.percentile_ms(50),
            "p99_ms": p99_ms,
        },
        yardstick=YARDSTICK,
        yardstick_per_second=round(live.load.per_second),
        ratio=round(per_second / live.load.per_second, 2),
        target=f"<= {TARGET_CPU_US} us of CPU, p99 <= {TARGET_P99_MS} ms, "
        f">= {TARGET_PER_SECOND:,}/s",
        met=enrolled.cpu_us <= TARGET_CPU_US
        and p99_ms <= TARGET_P99_MS
        and per_second >= TARGET_PER_SECOND,
    )


async def _enroll(place: Settings, commands: int, connections: int) -> tuple[Cost, Cost]:
    bearer = token(place)
    async with milepost_process(place, "serve", "enrollment") as serving:
        await asyncio.to_thread(publish_course, serving.port, bearer)
        await asyncio.to_thread(open_offering, serving.port, bearer, "bench-1")
        await cost_of(
            serving, enrollments("bench-1", bearer, "w", commands // 10), connections, 201
        )
        live = [get("/health/live", bearer)] * (commands // 2)
        answered = await cost_of(serving, live, connections, 200)
        new = enrollments("bench-1", bearer, "l", commands)
        return answered, await cost_of(serving, new, connections, 201)


async def cost_of(
    serving: Running, requests: list[bytes], connections: int, expected_status: int
) -> Cost:
    """Raises `WentWrong` when an answer has another status."""
    before = serving.cpu_seconds()
    load = await run_load(serving.port, requests, connections)
    cpu_seconds = serving.cpu_seconds() - before
    if load.statuses != {expected_status: len(requests)}:
        raise WentWrong(
            f"expected {len(requests)} answers with {expected_status}, got {load.statuses}"
        )
    return Cost(load, cpu_seconds * 1e6 / len(requests))


def enrollments(offering: str, bearer: str, prefix: str, count: int) -> list[bytes]:
    path = f"/enrollment/offerings/{offering}/enrollments"
    return [post(path, bearer, f'{{"learner":"{prefix}-{n}"}}'.encode()) for n in range(count)]
