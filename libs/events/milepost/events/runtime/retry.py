"""Work that is done for ever, whoever goes away and comes back meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import structlog

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
    pause_seconds = 0.0
    while True:
        began = clock()
        try:
            await work()
        except passing as error:
            if clock() - began > MAX_PAUSE_SECONDS:
                pause_seconds = 0.0
            if not pause_seconds:
                _log.warning("interrupted", name=name, error=repr(error))
        pause_seconds = min(pause_seconds * 2 or FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS)
        await asyncio.sleep(pause_seconds)
