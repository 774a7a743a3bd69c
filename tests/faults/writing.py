"""A process that writes visits until it is done or killed: `writing.py DSN TENANT WRITER COUNT`.

What it does follows from its name, so that, started again, it sends the same commands with the same
ids. For each command that is acknowledged it prints the id and the positions that it was told.
"""

import asyncio
import random
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, UUID, uuid5

from tests.events.visits import VISITS, visit, visit_both

from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.runtime.outages import UNAVAILABLE, Overloaded
from milepost.events.store.postgres import PostgresLog, connect_pool

CLIENTS = 12
LATER: tuple[type[BaseException], ...] = (*UNAVAILABLE, Overloaded)


class Planned(NamedTuple):
    name: UUID
    streams: tuple[str, ...]


def plan(writer: str, count: int) -> Iterator[Planned]:
    """Some on a stream of everybody's, some on one's own, some on both; a tenth is everybody's
    command, sent by every writer, and a tenth is sent twice by this one.
    """
    choose = random.Random(writer)
    before: list[Planned] = []
    for number in range(count):
        kind = choose.random()
        if before and kind < 0.1:
            yield choose.choice(before[-50:])
            continue
        shared = kind < 0.2
        who = f"all-{number}" if shared else f"{writer}-{number}"
        hot, hotter = f"hot-{number // 300}", f"hotter-{number // 300}"
        own = f"own-{writer}-{number % 20}"
        streams = [(hotter,), (hot,), (own,), (hot, own), (own, hotter), (hot, hotter)]
        chosen = (hot, hotter) if shared else streams[choose.randrange(len(streams))]
        before.append(Planned(uuid5(NAMESPACE_OID, who), chosen))
        yield before[-1]


async def write(dsn: str, tenant: str, writer: str, count: int) -> None:
    pool = await connect_pool(dsn, name=writer)
    transactor = Transactor(PostgresLog(pool), cache_size=30)
    planned = plan(writer, count)

    async def client() -> None:
        for one in planned:
            outcome = await send(transactor, tenant, one)
            positions = [str(event.position) for event in outcome.events]
            print(one.name, *positions, flush=True)

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())
    await transactor.close()
    await pool.close()


async def send(transactor: Transactor, tenant: str, one: Planned) -> Outcome[Any]:
    first, *second = (VISITS.of(stream) for stream in one.streams)
    metadata = b'{"command":"%s"}' % str(one.name).encode()
    while True:
        try:
            if second:
                return await transactor.transact(
                    tenant,
                    (first, second[0]),
                    visit_both(str(one.name)),
                    command_id=one.name,
                    metadata=metadata,
                )
            return await transactor.transact(
                tenant, first, visit(str(one.name)), command_id=one.name, metadata=metadata
            )
        except LATER:
            await asyncio.sleep(0.05)  # as a client does before it asks again


if __name__ == "__main__":
    dsn, tenant, writer, count = sys.argv[1:]
    asyncio.run(write(dsn, tenant, writer, int(count)))
