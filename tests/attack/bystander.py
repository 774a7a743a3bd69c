"""Somebody at another school who goes on working, as a process: HTTP TOKEN OFFERING, until SIGTERM.

A command every 50 ms on one connection. It prints a line of JSON per command. A command during
which this process itself stood still says so: then the machine was stalled, not the server.
"""

import asyncio
import json
import signal
import sys
import time
from itertools import count

import httpx2

PAUSE_SECONDS = 0.05
TICK_SECONDS = 0.01
STALL_SECONDS = 0.05


class StallWatch:
    """How long this process has stood still in all, as far as it noticed."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def run(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK_SECONDS)
            late = time.monotonic() - before - TICK_SECONDS
            if late > STALL_SECONDS:
                self.seconds += late


async def main(http: str, token: str, offering: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    watch = StallWatch()
    watching = asyncio.create_task(watch.run())
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(
        base_url=http, headers=headers, timeout=30, trust_env=False
    ) as school:
        for number in count():
            if stop.is_set():
                break
            stalled, began = watch.seconds, time.monotonic()
            status = await enroll(school, offering, f"bystander-{number}-{time.time_ns()}")
            took = time.monotonic() - began
            await asyncio.sleep(PAUSE_SECONDS)
            line = {"status": status, "ms": took * 1000, "stalled": watch.seconds > stalled}
            print(json.dumps(line), flush=True)
    watching.cancel()


async def enroll(school: httpx2.AsyncClient, offering: str, learner: str) -> int:
    path = f"/enrollment/offerings/{offering}/enrollments"
    try:
        return (await school.post(path, json={"learner": learner})).status_code
    except httpx2.TransportError:
        return 0


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
