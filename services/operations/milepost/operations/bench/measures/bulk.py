"""`bulk`: a file of rows from its upload until the last has its result, through one process."""

import asyncio
import time
import urllib.request
from typing import Any

import msgspec

from milepost.events.store.postgres import owner_connection
from milepost.operations.bench.figures import Measured, WentWrong
from milepost.operations.bench.http_calls import TENANT, get, open_offering, publish_course, token
from milepost.operations.bench.milepost_process import direct, milepost_process
from milepost.operations.bench.pgbench import YARDSTICK, insert_rows_per_second
from milepost.operations.bench.scratch_installation import ground
from milepost.web.settings import Settings

TARGET_RATIO = 0.35
POLL_SECONDS = 0.1
JOBS = "/enrollment/jobs"
ENROLLED = """select count(distinct data->>'learner') from log.events
    where tenant = $1 and type = 'learner_enrolled'"""


async def measure(settings: Settings, rows: int = 100_000) -> Measured:
    """Every row enrolls somebody; a dry run of the same file goes before."""
    async with ground(settings) as place:
        before = await insert_rows_per_second(place.postgres, 3)
        dry, real = await _enroll(place, rows)
        await _require_exact(place.postgres, rows)
        after = await insert_rows_per_second(place.postgres, 3)
    yardstick = (before + after) / 2
    rate = rows / real
    ratio = rate / yardstick
    return Measured(
        name="bulk",
        figures={
            "rows_per_second": round(rate),
            "dry_run_rows_per_second": round(rows / dry),
            "seconds": round(real, 1),
        },
        yardstick=YARDSTICK,
        yardstick_per_second=round(yardstick),
        ratio=round(ratio, 2),
        target=f"ratio >= {TARGET_RATIO}",
        met=ratio >= TARGET_RATIO,
    )


async def _enroll(place: Settings, rows: int) -> tuple[float, float]:
    """Seconds for the dry run, and for the real one."""
    bearer = token(place)
    file = b"learner,offering\r\n" + b"".join(b"l-%d,bulk\r\n" % one for one in range(rows))
    async with milepost_process(place, "serve", "enrollment") as (port, _):
        await asyncio.to_thread(publish_course, port, bearer)
        await asyncio.to_thread(open_offering, port, bearer, "bulk")
        dry = await asyncio.to_thread(_until_done, port, bearer, file, "?dry_run=true")
        real = await asyncio.to_thread(_until_done, port, bearer, file, "")
    return dry, real


def _until_done(port: int, bearer: str, file: bytes, query: str) -> float:
    begin = time.perf_counter()
    job = _upload(port, bearer, file, query)
    while job["state"] in ("queued", "running"):
        time.sleep(POLL_SECONDS)
        job = msgspec.json.decode(get(port, bearer, f"{JOBS}/{job['job']}"))
    seconds = time.perf_counter() - begin
    if job["state"] != "done" or job["enrolled"] != job["rows"]:
        raise WentWrong(f"the job ended as {job}")
    return seconds


def _upload(port: int, bearer: str, file: bytes, query: str) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{JOBS}{query}",
        data=file,
        headers={"authorization": f"Bearer {bearer}", "content-type": "text/csv"},
    )
    with direct.open(request, timeout=60) as answer:
        job: dict[str, Any] = msgspec.json.decode(answer.read())
        return job


async def _require_exact(dsn: str, rows: int) -> None:
    async with owner_connection(dsn) as connection:
        enrolled = await connection.fetchval(ENROLLED, TENANT)
        events = await connection.fetchval(
            "select count(*) from log.events where tenant = $1 and type = 'learner_enrolled'",
            TENANT,
        )
    if (enrolled, events) != (rows, rows):
        raise WentWrong(f"{rows} rows enrolled {enrolled} learners in {events} events")
