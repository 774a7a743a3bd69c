"""Work that is done for ever, whoever goes away and comes back meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import structlog

from milepost.events.runtime.backoff import Backoff

FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.1, 5.0

_log = structlog.get_logger()


async def retry_forever(
    name: str,
    work: Callable[[], Coroutine[Any, Any, object]],
    passing: tuple[type[BaseException], ...],
) -> NoReturn:
    """Do `work`; when something `passing` ends it, again after a pause that grows.

    The first of several interruptions is said. Who has worked for longer than the longest pause
    begins anew with the shortest.
    """
    clock = asyncio.get_running_loop().time
    backoff = Backoff(FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS)
    while True:
        began = clock()
        try:
            await work()
        except passing as error:
            if clock() - began > MAX_PAUSE_SECONDS:
                backoff.reset()
            if backoff.fresh:
                _log.warning("interrupted", name=name, error=repr(error))
        await backoff.pause()
