"""`settled`: from the report that completes a course until its credential is seen over HTTP.

Two policies answer on the way, each rung by a message: the relay publishes the completion, the
credentials service notes and awards. One process serves all, another relays.
"""

import asyncio
import time
from collections.abc import Sequence

from milepost.contracts.ids import enrollment_id
from milepost.operations.bench.figures import Measured, WentWrong, percentile
from milepost.operations.bench.http_calls import (
    define_achievement,
    open_offering,
    publish_course,
    token,
)
from milepost.operations.bench.load import get, post, run_load
from milepost.operations.bench.measures.commands import enrollments
from milepost.operations.bench.milepost_process import milepost_process
from milepost.operations.bench.scratch_installation import ground
from milepost.web.settings import Settings

TARGET_P50_MS, TARGET_P99_MS = 40, 150
CONNECTIONS = 64
POLL_SECONDS = 0.004  # so much later it may be seen than it was there
PATIENCE_SECONDS = 30
DONE = b'{"reports":[{"type":"completed","id":"1","lesson":"one","occurred_at":"%s"}]}'


async def measure(settings: Settings, seconds: float = 10, per_second: int = 200) -> Measured:
    """The learner's record is asked for, over HTTP, until the credential is there."""
    async with ground(settings) as place:
        bearer = token(place)
        async with (
            milepost_process(place, "serve", "all") as serving,
            milepost_process(place, "relay"),
        ):
            learners = [f"l-{number}" for number in range(round(seconds * per_second))]
            await _prepare(serving.port, bearer, learners)
            seen = await _complete(serving.port, bearer, learners, per_second)
    p50_ms, p99_ms = percentile(seen, 50), percentile(seen, 99)
    return Measured(
        name="settled",
        figures={
            "p50_ms": round(p50_ms, 1),
            "p99_ms": round(p99_ms, 1),
            "max_ms": round(seen[-1], 1),
            "completions": len(seen),
        },
        target=f"p50 <= {TARGET_P50_MS} ms, p99 <= {TARGET_P99_MS} ms at {per_second}/s",
        met=p50_ms <= TARGET_P50_MS and p99_ms <= TARGET_P99_MS,
    )


async def _prepare(port: int, bearer: str, learners: Sequence[str]) -> None:
    """All are enrolled, their progress is open, and what they will earn is defined."""
    await asyncio.to_thread(publish_course, port, bearer)
    await asyncio.to_thread(define_achievement, port, bearer)
    await asyncio.to_thread(open_offering, port, bearer, "bench-1")
    await run_load(port, enrollments("bench-1", bearer, "l", len(learners)), CONNECTIONS)
    paths = [f"/progress/enrollments/{enrollment_id('bench-1', one)}" for one in learners]
    opened = await run_load(port, [get(path, bearer) for path in paths], CONNECTIONS)
    if opened.statuses != {200: len(learners)}:
        raise WentWrong(f"expected progress to be open everywhere, got {opened.statuses}")


async def _complete(
    port: int, bearer: str, learners: Sequence[str], per_second: float
) -> list[float]:
    """Milliseconds from each report until its credential was seen, sorted."""
    free: asyncio.Queue[_Client] = asyncio.Queue()
    clients = [await _Client.connect(port) for _ in range(CONNECTIONS)]
    for client in clients:
        free.put_nowait(client)
    begin, tasks = time.perf_counter(), []
    for number, learner in enumerate(learners):
        await asyncio.sleep(max(0.0, begin + number / per_second - time.perf_counter()))
        tasks.append(asyncio.create_task(_complete_one(free, bearer, learner)))
    seen = sorted(await asyncio.gather(*tasks))
    for client in clients:
        client.close()
    return seen


async def _complete_one(free: "asyncio.Queue[_Client]", bearer: str, learner: str) -> float:
    """From here on, a wait for one of the connections included."""
    begin = time.perf_counter()
    client = await free.get()
    report = f"/progress/enrollments/{enrollment_id('bench-1', learner)}/reports"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()).encode()
    answer = await client.ask(post(report, bearer, DONE % now))
    if b'"accepted"' not in answer:
        raise WentWrong(f"a report was not accepted: {answer.decode()}")
    record = get(f"/credentials/learners/{learner}/record", bearer)
    while b'"achievement":"bench"' not in await client.ask(record):
        if time.perf_counter() - begin > PATIENCE_SECONDS:
            raise WentWrong(f"{learner} has no credential after {PATIENCE_SECONDS} s")
        await asyncio.sleep(POLL_SECONDS)
    free.put_nowait(client)
    return (time.perf_counter() - begin) * 1000


class _Client:
    """One connection, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, port: int) -> "_Client":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
        return await self._reader.readexactly(int(length))

    def close(self) -> None:
        self._writer.close()
