"""`reports`: progress reports over HTTP, one by one and in batches of a device that was offline.

A batch is an hour of one learner: lessons that are opened, gone through and done. No two of its
reports come within a minute of each other on a lesson, so none is merged with another.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from milepost.contracts.ids import enrollment_id
from milepost.operations.bench.figures import Measured, WentWrong
from milepost.operations.bench.http_calls import open_offering, publish_course, token
from milepost.operations.bench.load import get, post, run_load
from milepost.operations.bench.measures.commands import Cost, cost_of
from milepost.operations.bench.milepost_process import Running, milepost_process
from milepost.operations.bench.pgbench import YARDSTICK, insert_rows_per_second
from milepost.operations.bench.scratch_installation import ground
from milepost.web.settings import Settings

BATCH = 100
LESSONS = 20
SINGLE_CONNECTIONS, BATCH_CONNECTIONS = 64, 16
TARGET_BATCHED, TARGET_P99_MS = 25_000, 150
PGBENCH_SECONDS = 3


async def measure(settings: Settings, singles: int = 10_000, batches: int = 600) -> Measured:
    """Each answer is durable. Every batch is another learner's."""
    async with ground(settings) as place:
        before = await insert_rows_per_second(place.postgres, PGBENCH_SECONDS)
        single, batched = await _report(place, singles, batches)
        after = await insert_rows_per_second(place.postgres, PGBENCH_SECONDS)
    yardstick = (before + after) / 2
    per_second, p99_ms = batched.load.per_second * BATCH, batched.load.percentile_ms(99)
    return Measured(
        name="reports",
        figures={
            "batched_per_second": round(per_second),
            "p99_ms": p99_ms,
            "cpu_us_per_report": round(batched.cpu_us / BATCH, 1),
            "commands_per_second": round(single.load.per_second),
            "cpu_us_per_command": round(single.cpu_us, 1),
            "single_p99_ms": single.load.percentile_ms(99),
        },
        yardstick=YARDSTICK,
        yardstick_per_second=round(yardstick),
        ratio=round(per_second / yardstick, 2),
        target=f"batches of {BATCH}: >= {TARGET_BATCHED:,} reports/s, p99 <= {TARGET_P99_MS} ms",
        met=per_second >= TARGET_BATCHED and p99_ms <= TARGET_P99_MS,
    )


async def _report(place: Settings, singles: int, batches: int) -> tuple[Cost, Cost]:
    bearer, began = token(place), datetime.now(UTC) - timedelta(hours=2)
    alone = [f"s-{number}" for number in range(-(-singles // LESSONS))]
    offline = [f"b-{number}" for number in range(batches + batches // 10)]
    async with milepost_process(place, "serve", "all") as serving:
        async with milepost_process(place, "relay"):
            await _prepare(serving, bearer, [*alone, *offline], began)
        one_by_one = [
            post(_path(learner), bearer, _body([_said("progressed", n, began, progress=0.5)]))
            for n in range(LESSONS)
            for learner in alone
        ]
        hours = [post(_path(one), bearer, _body(list(_hour(began)))) for one in offline]
        warm = hours[batches:]
        await cost_of(serving, warm, BATCH_CONNECTIONS, 200)
        single = await cost_of(serving, one_by_one[:singles], SINGLE_CONNECTIONS, 200)
        return single, await cost_of(serving, hours[:batches], BATCH_CONNECTIONS, 200)


async def _prepare(serving: Running, bearer: str, learners: Sequence[str], began: datetime) -> None:
    """All were enrolled when it began, and their progress is open."""
    await asyncio.to_thread(publish_course, serving.port, bearer, LESSONS)
    await asyncio.to_thread(open_offering, serving.port, bearer, "bench-1")
    entering = "/enrollment/offerings/bench-1/enrollments"
    bodies = [{"learner": one, "occurred_at": began} for one in learners]
    enroll = [post(entering, bearer, msgspec.json.encode(body)) for body in bodies]
    await run_load(serving.port, enroll, SINGLE_CONNECTIONS)
    paths = [f"/progress/enrollments/{enrollment_id('bench-1', one)}" for one in learners]
    ask = [get(path, bearer) for path in paths]
    opened = await run_load(serving.port, ask, SINGLE_CONNECTIONS)
    if opened.statuses != {200: len(learners)}:
        raise WentWrong(f"expected progress to be open everywhere, got {opened.statuses}")


def _path(learner: str) -> str:
    return f"/progress/enrollments/{enrollment_id('bench-1', learner)}/reports"


def _hour(began: datetime) -> Iterator[dict[str, Any]]:
    for number in range(LESSONS):
        at = began + timedelta(minutes=5 * number)
        yield _said("started", number, at)
        for part in (1, 2, 3):
            then = at + timedelta(minutes=1.2 * part)
            facts = {"progress": part / 4, "seconds_spent": 70.5, "resume_at": f"#p{part}"}
            yield _said("progressed", number, then, part=part, **facts)
        yield _said("completed", number, at + timedelta(minutes=4.5))


def _said(
    kind: str, number: int, at: datetime, *, part: int = 0, **facts: object
) -> dict[str, Any]:
    name = f"{kind}-{number}-{part}"
    return {"type": kind, "id": name, "lesson": f"l-{number}", "occurred_at": at, **facts}


def _body(reports: list[dict[str, Any]]) -> bytes:
    return msgspec.json.encode({"client": "bench", "reports": reports})
