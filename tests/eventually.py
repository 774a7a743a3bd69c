"""Waiting for a condition, never for a time: at once when it holds, and not for ever."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

import asyncpg

T = TypeVar("T")

WITHIN_SECONDS = 20
PAUSE_SECONDS = 0.01
# A role may not see in pg_stat_activity what another one's session waits for.
WAITS_FOR_LOCK = """select count(*) from pg_locks join pg_stat_activity using (pid)
    where datname = current_database() and not granted"""


@overload
async def eventually(condition: Callable[[], Awaitable[T]], within: float = ...) -> T: ...
@overload
async def eventually(condition: Callable[[], T], within: float = ...) -> T: ...
async def eventually(condition: Callable[[], Any], within: float = WITHIN_SECONDS) -> Any:
    """What the condition, plain or async, answers as soon as that is true. Fails after `within`."""
    deadline = time.monotonic() + within
    while True:
        answer = condition()
        came = await answer if inspect.isawaitable(answer) else answer
        if came:
            return came
        require_time(deadline, within, condition, came)
        await asyncio.sleep(PAUSE_SECONDS)


def wait_until(condition: Callable[[], T], within: float = WITHIN_SECONDS) -> T:
    """The same, where no event loop runs."""
    deadline = time.monotonic() + within
    while not (came := condition()):
        require_time(deadline, within, condition, came)
        time.sleep(PAUSE_SECONDS)
    return came


def require_time(deadline: float, within: float, condition: object, came: object) -> None:
    code = getattr(condition, "__code__", None)
    place = f"{code.co_filename}:{code.co_firstlineno}" if code else repr(condition)
    assert time.monotonic() < deadline, f"not within {within} s: {place}, in the end {came!r}"


async def blocked(pool: asyncpg.Pool) -> None:
    """Until somebody in the pool's database waits for a lock."""
    await eventually(lambda: pool.fetchval(WAITS_FOR_LOCK))
