"""Looks at one school and one part after the other, in the background, wherever this process leads.

    process            looks at              lease
    ─────────────────  ────────────────────  ────────────────
    milepost project   log, models, awards   integrity/log
    milepost relay     stream                integrity/stream

Who is asked for comes first. By itself it looks at a school each hour, at its read models twice a
day, and no sooner than five minutes after the process began. After each look it rests for as long.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final, NoReturn, TypeAlias

import asyncpg
import structlog

from milepost.events.integrity.results import Due, Part, Result, keep, next_due
from milepost.events.projections.read_model import ReadModel
from milepost.events.runtime.leaders import lead
from milepost.events.runtime.outages import TRANSIENT
from milepost.operations.console.integrity.checks import check_awards, check_log, check_models
from milepost.operations.console.integrity.stream_check import check_stream
from milepost.web.settings import Settings

POLL_SECONDS: Final = 2.0
FIRST_SECONDS: Final = 300.0
LONGEST_REST_SECONDS: Final = 600.0
EVERY: Final[Mapping[Part, timedelta]] = {
    "log": timedelta(hours=1),
    "models": timedelta(hours=12),
    "awards": timedelta(hours=1),
    "stream": timedelta(hours=1),
}
DAILY: Final = timedelta(days=1)

# A school, and where its log ended when the look began.
Check: TypeAlias = Callable[[str, int], Awaitable[Result]]

_log = structlog.get_logger()


def checks_of_log(pool: asyncpg.Pool, models: Sequence[ReadModel]) -> Mapping[Part, Check]:
    """`pool` gives up no statement."""
    return {
        "log": lambda tenant, head: check_log(pool, tenant, head),
        "models": lambda tenant, head: check_models(pool, models, tenant, head),
        "awards": lambda tenant, head: check_awards(pool, tenant, head),
    }


def checks_of_stream(pool: asyncpg.Pool, settings: Settings) -> Mapping[Part, Check]:
    return {"stream": lambda tenant, head: check_stream(pool, settings.nats_server, tenant, head)}


def lease_of(part: Part) -> str:
    """Of whoever looks at this part first, and at others after it."""
    return f"integrity/{part}"


async def look_again_and_again(
    pool: asyncpg.Pool,
    checks: Mapping[Part, Check],
    *,
    first_seconds: float = FIRST_SECONDS,
    poll_seconds: float = POLL_SECONDS,
) -> NoReturn:
    """Until canceled."""
    begins = time.monotonic() + first_seconds

    async def work() -> NoReturn:
        while True:
            for part in checks:
                await look(pool, part, checks[part], by_itself=time.monotonic() >= begins)
            await asyncio.sleep(poll_seconds)

    await lead(pool, lease_of(next(iter(checks))), work, TRANSIENT)


async def look(pool: asyncpg.Pool, part: Part, check: Check, *, by_itself: bool) -> bool:
    """At the school that is next, and rest; False if none is. For who leads alone."""
    due = await next_due(pool, part, every=EVERY[part], at_least=DAILY, by_itself=by_itself)
    if due is None:
        return False
    began, began_at = time.monotonic(), await pool.fetchval("select clock_timestamp()")
    result = await _looked(part, check, due)
    await keep(pool, due.tenant, result, began_at)
    if not due.asked:
        await asyncio.sleep(min(time.monotonic() - began, LONGEST_REST_SECONDS))
    return True


async def _looked(part: Part, check: Check, due: Due) -> Result:
    try:
        return await check(due.tenant, due.head)
    except Exception as error:  # noqa: BLE001 - it is told on the page; other parts are looked at
        _log.warning("integrity_not_checked", part=part, tenant=due.tenant, error=repr(error))
        return Result(part=part, position=due.head, failure=type(error).__name__)
