"""Appends to every tenant in turn, as a process, until SIGTERM: POSTGRES TENANT…"""

import asyncio
import signal
import sys
from itertools import count
from uuid import uuid4

from tests.events.traffic import append

from milepost.events.store.postgres import PostgresLog, connect_pool

TYPES = ("learner_enrolled", "lesson_progressed", "lesson_started")


async def main(postgres, *tenants):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    pool = await connect_pool(postgres, name="writer")
    log = PostgresLog(pool)
    for number in count():
        if stop.is_set():
            break
        for tenant in tenants:
            type_ = TYPES[number % len(TYPES)]
            await append(log, tenant, f"writer-{uuid4()}", number, number, type_=type_)
    await pool.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
