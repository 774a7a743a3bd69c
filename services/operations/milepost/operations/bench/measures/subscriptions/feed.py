"""`feed`: the log to one HTTP subscriber; then a thousand event streams of which nothing is asked.

The yardstick is COPY of the same events. Streams are counted twice, one and a thousand: what they
cost beside each other is their memory in the service, and the queries that Postgres answers.
"""

import asyncio
import time
from typing import NamedTuple

from milepost.contracts.published import PUBLISHED
from milepost.events.store.postgres import PostgresLog, connect_pool, owner_connection
from milepost.operations.bench.figures import Measured
from milepost.operations.bench.history import History
from milepost.operations.bench.http_calls import TENANT
from milepost.operations.bench.load import get
from milepost.operations.bench.measures.rebuild import vacuumed
from milepost.operations.bench.milepost_process import Running, milepost_process
from milepost.operations.bench.open_streams import (
    allow_files,
    open_streams,
    queries_per_second,
    read_headers,
)
from milepost.operations.bench.scratch_installation import ground
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.settings import Settings

TARGET_PER_SECOND, TARGET_KB = 50_000, 60
# What a thousand may add to the queries that one makes.
TARGET_MORE_QUERIES = 10
PER_CALLER = 50
PAGE = 10_000
SETTLE_SECONDS = 2.0
PATIENCE_SECONDS = 60.0
COPY = "COPY (SELECT …) TO STDOUT of the same events, in order"
EVENTS = """select tenant, position, stream, version, type, data, metadata, occurred_at,
    recorded_at, event_id from log.events where type = any($1) order by position"""


class Read(NamedTuple):
    """`copying_seconds`: what the yardstick took for them; `cpu_seconds`: what the service used."""

    events: int
    seconds: float
    copying_seconds: float
    cpu_seconds: float


class School(NamedTuple):
    """What is measured, and what happens there."""

    service: Running
    issuer: DevelopmentIssuer
    log: PostgresLog
    history: History


class Idle(NamedTuple):
    """What so many streams cost. `reach_ms`: from an event's commit until all have it."""

    rss_kb: float
    queries_per_second: float
    reach_ms: float


async def measure(
    settings: Settings, events: int = 300_000, streams: int = 1_000, seconds: float = 5
) -> Measured:
    """A log of `events`, of which the published are read; then `streams` for `seconds`."""
    allow_files(streams)
    async with ground(settings) as place:
        pool = await connect_pool(place.postgres, name="bench")
        log = PostgresLog(pool)
        history = History(log)
        await history.open()
        await history.grow(events)
        await vacuumed(place.postgres)
        before = await _copy_seconds(place.postgres)
        issuer = DevelopmentIssuer(place.data_dir)
        issuer.ensure_keys()
        async with milepost_process(place, "serve", "subscriptions") as service:
            school = School(service, issuer, log, history)
            used = service.cpu_seconds()
            count, reading = await _read_all(service.port, _token(issuer, 0))
            used = service.cpu_seconds() - used
            few = await _idle(school, 1, seconds)
            many = await _idle(school, streams, seconds)
        copying = (before + await _copy_seconds(place.postgres)) / 2
        await pool.close()
    return _measured(Read(count, reading, copying, used), few, many, streams)


def _measured(read: Read, few: Idle, many: Idle, streams: int) -> Measured:
    rate = read.events / read.seconds
    each_kb = (many.rss_kb - few.rss_kb) / max(1, streams - 1)
    more = many.queries_per_second - few.queries_per_second
    return Measured(
        name="feed",
        figures={
            "events": read.events,
            "events_per_second": round(rate),
            "cpu_us_per_event": round(read.cpu_seconds / read.events * 1e6, 1),
            "streams": streams,
            "kb_per_stream": round(each_kb, 1),
            "queries_per_second_of_one": round(few.queries_per_second, 1),
            "queries_per_second_of_all": round(many.queries_per_second, 1),
            "reach_all_ms": round(many.reach_ms),
        },
        yardstick=COPY,
        yardstick_per_second=round(read.events / read.copying_seconds),
        ratio=round(read.copying_seconds / read.seconds, 3),
        target=f">= {TARGET_PER_SECOND:,} events/s; <= {TARGET_KB} kB a stream; "
        f"<= {TARGET_MORE_QUERIES} queries/s more than one stream",
        met=rate >= TARGET_PER_SECOND and each_kb <= TARGET_KB and more <= TARGET_MORE_QUERIES,
    )


async def _copy_seconds(dsn: str) -> float:
    async with owner_connection(dsn) as connection:
        begin = time.perf_counter()
        await connection.copy_from_query(EVENTS, [*PUBLISHED], output=_drop)
        return time.perf_counter() - begin


async def _drop(data: bytes) -> None:
    """Where the copied rows go."""


def _token(issuer: DevelopmentIssuer, number: int) -> str:
    return issuer.issue(f"bench-{number}", TENANT, ["auditor"], 3600)


async def _read_all(port: int, token: str) -> tuple[int, float]:
    """How many events were read, page after page over one connection, and in what time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    position, head, count = 0, 1, 0
    begin = time.perf_counter()
    while position < head:
        request = get(f"/events?limit={PAGE}&after={position}", token)
        writer.write(request[:-2] + b"accept: application/x-ndjson\r\n\r\n")
        headers = await read_headers(reader)
        body = await reader.readexactly(int(headers["content-length"]))
        count += body.count(b"\n")
        position, head = int(headers["milepost-position"]), int(headers["milepost-head"])
    seconds = time.perf_counter() - begin
    writer.close()
    return count, seconds


async def _idle(school: School, count: int, seconds: float) -> Idle:
    requests = (
        get("/events/stream", _token(school.issuer, number // PER_CALLER))
        for number in range(count)
    )
    async with open_streams(school.service.port, requests, b"id: ") as streams:
        await asyncio.sleep(SETTLE_SECONDS)
        queries = await queries_per_second(school.log.pool, seconds)
        rss_kb = school.service.process.memory_info().rss / 1024
        [command] = school.history.one_by_one(1)
        begin = time.perf_counter()
        await school.log.append(TENANT, [command])
        heard = (reader.readuntil(b"data: ") for reader in streams)
        await asyncio.wait_for(asyncio.gather(*heard), PATIENCE_SECONDS)
        reach = time.perf_counter() - begin
    return Idle(rss_kb, queries, reach * 1000)
