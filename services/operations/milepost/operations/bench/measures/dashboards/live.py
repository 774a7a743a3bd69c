"""`live`: pages that stay open and follow what changes, while events keep coming.

One page is open, then many. Each follows an offering; in the end something happens in every
offering, and it is timed until all pages have been told.
"""

import asyncio
import time
from typing import NamedTuple

from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.bench.figures import Measured
from milepost.operations.bench.history import OFFERINGS, History
from milepost.operations.bench.http_calls import TENANT
from milepost.operations.bench.load import get
from milepost.operations.bench.milepost_process import Running, milepost_process
from milepost.operations.bench.open_streams import allow_files, open_streams, queries_per_second
from milepost.operations.bench.pace import commit_evenly
from milepost.operations.bench.scratch_installation import ground
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.settings import Settings

TARGET_KB, TARGET_REACH_MS = 60, 3_000
# What a thousand may add to the queries that one makes.
TARGET_MORE_QUERIES = 10
PER_CALLER = 20
PATIENCE_SECONDS = 60.0


class School(NamedTuple):
    """What happens there, and the process that tells."""

    service: Running
    issuer: DevelopmentIssuer
    log: PostgresLog
    history: History


class Cost(NamedTuple):
    """Of so many pages: queries while nothing happens, `cpu` (seconds a second) while events come.

    `reach_ms`: from commit until all were told.
    """

    rss_kb: float
    queries_per_second: float
    cpu: float
    reach_ms: float


async def measure(
    settings: Settings, pages: int = 1_000, seconds: float = 10, per_second: int = 50
) -> Measured:
    """One page, then `pages`: for `seconds` nothing happens, for as long `per_second` events."""
    allow_files(pages)
    async with ground(settings) as place, milepost_process(place, "project"):
        pool = await connect_pool(place.postgres, name="bench")
        log = PostgresLog(pool)
        history = History(log)
        await history.open()
        issuer = DevelopmentIssuer(place.data_dir)
        issuer.ensure_keys()
        async with milepost_process(place, "serve", "dashboards") as service:
            school = School(service, issuer, log, history)
            await _cost(school, 1, 1, per_second)  # all are awake
            one = await _cost(school, 1, seconds, per_second)
            many = await _cost(school, pages, seconds, per_second)
        await pool.close()
    return _measured(one, many, pages)


def _measured(one: Cost, many: Cost, pages: int) -> Measured:
    each_kb = (many.rss_kb - one.rss_kb) / max(1, pages - 1)
    more = many.queries_per_second - one.queries_per_second
    return Measured(
        name="live",
        figures={
            "pages": pages,
            "kb_per_stream": round(each_kb, 1),
            "queries_per_second_of_one": round(one.queries_per_second, 1),
            "queries_per_second_of_all": round(many.queries_per_second, 1),
            "cpu_ms_per_second_of_one": round(one.cpu * 1e3, 1),
            "cpu_ms_per_second_of_all": round(many.cpu * 1e3, 1),
            "reach_one_ms": round(one.reach_ms),
            "reach_all_ms": round(many.reach_ms),
        },
        target=f"<= {TARGET_KB} kB a page; <= {TARGET_MORE_QUERIES} queries/s more than one page; "
        f"all told in {TARGET_REACH_MS:,} ms",
        met=each_kb <= TARGET_KB
        and more <= TARGET_MORE_QUERIES
        and many.reach_ms <= TARGET_REACH_MS,
    )


async def _cost(school: School, pages: int, seconds: float, per_second: int) -> Cost:
    service, history = school.service, school.history
    requests = [_page(school.issuer, number) for number in range(pages)]
    async with open_streams(service.port, requests, b"\n\n") as streams:
        queries = await queries_per_second(school.log.pool, seconds)
        commands = history.one_by_one(round(seconds * per_second))
        used = service.cpu_seconds()
        await commit_evenly(school.log, commands, per_second)
        used = service.cpu_seconds() - used
        told = [asyncio.create_task(_read_until_changed(one, history.made + 1)) for one in streams]
        batch = [history.next() for _ in range(OFFERINGS)]
        begin = time.perf_counter()
        await school.log.append(TENANT, batch)
        await asyncio.wait_for(asyncio.gather(*told), PATIENCE_SECONDS)
        reach = time.perf_counter() - begin
        rss_kb = service.process.memory_info().rss / 1024
    return Cost(rss_kb, queries, used / seconds, reach * 1000)


def _page(issuer: DevelopmentIssuer, number: int) -> bytes:
    token = issuer.issue(f"bench-{number // PER_CALLER}", TENANT, ["auditor"], 3600)
    return get(f"/live?topic=offering/run-{number % OFFERINGS}", token)


async def _read_until_changed(stream: asyncio.StreamReader, since: int) -> None:
    """Until it says that something changed at `since` or later."""
    while True:
        told = await stream.readuntil(b"\n\n")
        if b"event: changed" in told and int(told.split(b"id: ")[1].split()[0]) >= since:
            return
