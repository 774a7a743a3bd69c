"""Reads of read models that a command waits for: at least as new as the log was when it began."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeAlias, TypeVar

import asyncpg
import typer

from milepost.dashboards.queries.consistent_read import NotVisibleYet
from milepost.events.projections.shared_scan import heads
from milepost.operations.terminal.errors import Trouble

T = TypeVar("T")

WAIT_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.2

Wait: TypeAlias = Annotated[
    float,
    typer.Option("--wait", help="So many seconds at most, for the read model.", min=0),
]


async def once_visible(
    pool: asyncpg.Pool, tenant: str, wait_seconds: float, read: Callable[[int], Awaitable[T]]
) -> T:
    """`read` is given the position to be shown. Raises `Trouble` if it is not in time."""
    deadline = time.monotonic() + wait_seconds
    awaited = (await heads(pool, tenant)).get(tenant, 0)
    while True:
        try:
            return await read(awaited)
        except NotVisibleYet as behind:
            if time.monotonic() > deadline:
                raise Trouble(
                    f"The read model stands at {behind.position} of {awaited}:"
                    " does `milepost project` run? `milepost projections list` says more."
                ) from behind
            await asyncio.sleep(PAUSE_SECONDS)
