"""Events to send around: enrollments of a made-up school, and what NATS then holds of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import nats
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError

from milepost.events.log import Command, Log, NewEvent
from milepost.events.metadata import Metadata
from milepost.events.nats.jetstream import STREAM
from milepost.events.relay.relay import Relay

DAY = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
SERVICES = {
    "learner_enrolled": "enrollment",
    "learner_erased": "enrollment",
    "lesson_started": "progress",
}


async def append(
    log: Log,
    tenant: str,
    stream: str,
    *numbers: int,
    type_: str = "learner_enrolled",
    correlation: str | None = None,
) -> None:
    """One event per number, appended to the stream in one command."""
    version = len(await log.read_stream(tenant, stream))
    events = tuple(
        NewEvent(
            stream=stream,
            type=type_,
            data=msgspec.json.encode({"number": number}),
            occurred_at=DAY,
            event_id=uuid4(),
            metadata=Metadata(correlation=correlation).encode(),
        )
        for number in numbers
    )
    command = Command(command_id=uuid4(), expects=((stream, version),), events=events)
    await log.append(tenant, [command])


@asynccontextmanager
async def relaying(log: Log, postgres: str, nats_url: str, **options: Any) -> AsyncIterator[Relay]:
    relay = Relay(log, postgres, nats_url, SERVICES, **options)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def messages(nats_url: str, subject: str = "milepost.>") -> list[Msg]:
    """Everything in the stream, in its order."""
    client = await nats.connect(nats_url)
    js = client.jetstream()
    found: list[Msg] = []
    if STREAM in [info.config.name for info in await js.streams_info()]:
        config = ConsumerConfig(filter_subject=subject, ack_policy=AckPolicy.NONE)
        info = await js.add_consumer(STREAM, config)
        pull = await js.pull_subscribe_bind(info.name, STREAM)
        pending = info.num_pending or 0
        while len(found) < pending:
            found += await pull.fetch(min(1000, pending - len(found)))
    await client.close()
    return found


async def positions(nats_url: str, tenant: str) -> list[int]:
    found = await messages(nats_url, f"milepost.{tenant}.>")
    return [int((message.headers or {})["Milepost-Position"]) for message in found]


async def lose(js: JetStreamContext, tenant: str, *lost: int) -> None:
    """Delete these positions' messages, as a broken disk would."""
    info = await js.stream_info(STREAM)
    for sequence in range(info.state.first_seq, info.state.last_seq + 1):
        with suppress(NotFoundError):
            headers = (await js.get_msg(STREAM, sequence)).headers or {}
            if headers["Milepost-Tenant"] == tenant and int(headers["Milepost-Position"]) in lost:
                await js.delete_msg(STREAM, sequence)
