"""`relay`: log → JetStream, in bulk and one by one; against nats-py publishing the same bytes."""

import asyncio
import gc
import time
from collections.abc import Mapping
from typing import NamedTuple

from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import DeliverPolicy

from milepost.contracts.documents.addresses import dataschemas
from milepost.contracts.published import PUBLISHED
from milepost.events.log import Command, pages
from milepost.events.nats.cloudevents import headers_of, subject_of
from milepost.events.nats.jetstream import STREAM, SUBJECTS, connected, ensure_stream, last_sequence
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.bench.figures import Measured, WentWrong, percentile
from milepost.operations.bench.history import History
from milepost.operations.bench.http_calls import TENANT
from milepost.operations.bench.milepost_process import milepost_process
from milepost.operations.bench.pace import commit_evenly
from milepost.operations.bench.scratch_installation import ground
from milepost.web.settings import Settings

TARGET_RATIO, TARGET_P99_MS = 2, 15
PATIENCE_SECONDS = 120
POLL_SECONDS = 0.02
YARDSTICK = "nats-py publish_async of the same messages, pipelined, without predictions"


class Message(NamedTuple):
    subject: str
    data: bytes
    headers: dict[str, str]


async def measure(
    settings: Settings, events: int = 250_000, seconds: float = 5, per_second: int = 1_000
) -> Measured:
    """A log of `events`, of which those published are relayed; then `per_second` for latency."""
    async with ground(settings) as place, connected(place.nats_server, "bench") as client:
        pool = await connect_pool(place.postgres, name="bench")
        log, js = PostgresLog(pool), client.jetstream()
        history = History(log)
        await history.open()
        await history.grow(events)
        messages = await _published(log, dataschemas(place.public_origin))
        before = await _yardstick(js, messages, settings.nats_replicas)
        watch = asyncio.create_task(_relayed_per_second(js, len(messages)))
        async with milepost_process(place, "relay"):
            relayed = await watch
            commands = history.one_by_one(round(seconds * per_second))
            latencies = await _latencies_ms(js, log, commands, per_second)
        await js.delete_stream(STREAM)
        after = await _yardstick(js, messages, settings.nats_replicas)
        await pool.close()
    yardstick = (before + after) / 2
    p99_ms = percentile(latencies, 99)
    return Measured(
        name="relay",
        figures={
            "messages_per_second": round(relayed),
            "messages": len(messages),
            "p50_ms": round(percentile(latencies, 50), 1),
            "p99_ms": round(p99_ms, 1),
        },
        yardstick=YARDSTICK,
        yardstick_per_second=round(yardstick),
        ratio=round(relayed / yardstick, 2),
        target=f"ratio >= {TARGET_RATIO}; p99 <= {TARGET_P99_MS} ms at {per_second:,} events/s",
        met=relayed >= TARGET_RATIO * yardstick and p99_ms <= TARGET_P99_MS,
    )


async def _published(log: PostgresLog, schemas: Mapping[str, str]) -> list[Message]:
    messages: list[Message] = []
    async for page in pages(log, TENANT, types=tuple(PUBLISHED), limit=10_000):
        for event in page.events:
            service = PUBLISHED[event.type]
            headers = headers_of(event, service, schemas[event.type])
            headers["Nats-Msg-Id"] = f"{TENANT}/{event.position}"
            messages.append(Message(subject_of(event, service), event.data, headers))
    return messages


async def _yardstick(js: JetStreamContext, messages: list[Message], replicas: int) -> float:
    """Into a stream as the relay's, which is gone afterwards."""
    await ensure_stream(js, replicas)
    gc.collect()
    gc.freeze()  # the waiting messages are not what is measured
    begin = time.perf_counter()
    for message in messages:
        await js.publish_async(message.subject, message.data, headers=message.headers)
    await js.publish_async_completed()
    seconds = time.perf_counter() - begin
    gc.unfreeze()
    if await last_sequence(js) != len(messages):
        raise WentWrong("the yardstick's messages did not all arrive")
    await js.delete_stream(STREAM)
    return len(messages) / seconds


async def _relayed_per_second(js: JetStreamContext, messages: int) -> float:
    """From the last look that saw none of them in the stream to the first that saw all."""
    began = time.perf_counter()
    deadline = began + PATIENCE_SECONDS
    while (count := await last_sequence(js) or 0) < messages:
        if not count:
            began = time.perf_counter()
        if time.perf_counter() > deadline:
            raise WentWrong(f"{count} of {messages} messages were relayed")
        await asyncio.sleep(POLL_SECONDS)
    return messages / (time.perf_counter() - began)


async def _latencies_ms(
    js: JetStreamContext, log: PostgresLog, commands: list[Command], per_second: int
) -> list[float]:
    """Of the published ones, from the commit until a subscriber of the stream has the message."""
    arrived: dict[int, float] = {}

    async def take(message: Msg) -> None:
        arrived[int((message.headers or {})["Milepost-Position"])] = time.perf_counter()

    subscription = await js.subscribe(
        SUBJECTS, cb=take, ordered_consumer=True, deliver_policy=DeliverPolicy.NEW
    )
    committed = await commit_evenly(log, commands, per_second)
    expected = sum(command.events[0].type in PUBLISHED for command in commands)
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while len(arrived) < expected:
        if time.perf_counter() > deadline:
            raise WentWrong(f"{len(arrived)} of {expected} messages were delivered")
        await asyncio.sleep(0.02)
    await subscription.unsubscribe()
    return sorted(max(0.0, at - committed[one]) * 1000 for one, at in arrived.items())
