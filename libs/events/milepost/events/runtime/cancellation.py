"""Ending tasks so that they do end."""

import asyncio
from typing import Any

import structlog

ASK_AGAIN_SECONDS = 2.0
ASKED_AT_MOST = 10

_log = structlog.get_logger()


async def cancel_and_wait(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel these and wait until they have ended, whatever they end with.

    One that goes on is asked again: libraries lose a cancellation now and then, as
    `asyncio.wait_for` of Python 3.11 does when what it waits for comes in the same moment; a
    connection that is tried for ever then goes on for ever. One that never listens is left.
    """
    canceled: asyncio.CancelledError | None = None
    for _ in range(ASKED_AT_MOST):
        waiting = [task for task in tasks if not task.done()]
        if not waiting:
            break
        for task in waiting:
            task.cancel()
        try:
            await asyncio.wait(waiting, timeout=ASK_AGAIN_SECONDS)
        except asyncio.CancelledError as error:
            canceled = error  # whoever ends us wants these ended too
    for task in tasks:
        if not task.done():
            _log.error("task_does_not_end", task=repr(task))
        elif not task.cancelled():
            task.exception()  # looked at, so that nobody is told that nobody looked
    if canceled:
        raise canceled
