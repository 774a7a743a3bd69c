"""What cannot be published is parked by the relay, and named; everything behind it goes on.

    log      1 2 3 4        3 is larger than NATS takes
    stream   1 2   4        3 is parked, with the consumer `relay`
    retry    1 2   4 3*     published at the end, marked `Milepost-Mended: 4`, as what was lost is
    skip     1 2   4        left out for good; reconciling knows

Each is parked by itself: nothing waits behind it, neither its stream nor its tenant.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import asyncpg
import msgspec
import structlog
from prometheus_client import Counter

from milepost.events.errors import EventsError
from milepost.events.log import Log, Recorded, event_at
from milepost.events.nats.cloudevents import (
    MENDED,
    MENDED_ID,
    NO_SCHEMAS,
    data_of,
    header_lines,
    header_lines_of,
    subject_of,
)
from milepost.events.nats.pipeline import PREDICTION_BYTES, Message, Pipeline
from milepost.events.parking import parked
from milepost.events.parking.parked import PARKED, Failure, Parked
from milepost.events.runtime.outages import is_unavailable
from milepost.events.sizes import NATS_HEADERS

CONSUMER = "relay"
BATCH = 100
READ_SECONDS = 0.5

UNPUBLISHABLE = Counter("milepost_relay_unpublishable", "Events that could not be published")

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
LEFT_OUT = """select tenant, position, status from consumer.parked
    where consumer = $1 and status <> 'done'"""
DECIDED = """select tenant, key from consumer.parked
    where consumer = $1 and status in ('retry', 'skip') order by id limit $2"""

_log = structlog.get_logger()


class Unpublishable(EventsError):
    """The event is not one that NATS takes, whoever asks."""


class PublishedTypes(NamedTuple):
    """What is published: by tag the service that it belongs to, and the address of its schema."""

    services: Mapping[str, str]
    dataschemas: Mapping[str, str] = NO_SCHEMAS


def message_of(event: Recorded, types: PublishedTypes) -> Message:
    name, service = f"{event.tenant}/{event.position}", types.services[event.type]
    headers = header_lines_of(event, service, types.dataschemas.get(event.type))
    return Message(name, subject_of(event, service), headers, data_of(event))


def fitting_message(event: Recorded, types: PublishedTypes, payload: int) -> Message:
    """`payload` is what the server and the stream take, in bytes. Raises `Unpublishable`."""
    try:
        message = message_of(event, types)
        headers = len(message.headers.encode()) + PREDICTION_BYTES
    except (ValueError, TypeError, KeyError, msgspec.MsgspecError) as error:
        raise Unpublishable(f"no message can be made of it: {error!r}") from error
    if headers > NATS_HEADERS:
        raise Unpublishable(f"its headers have {headers} bytes; JetStream takes {NATS_HEADERS}")
    if headers + len(event.data) > payload:
        raise Unpublishable(
            f"it has {headers + len(event.data)} bytes with its headers; NATS takes {payload}"
        )
    return message


def messages_of(
    events: Sequence[Recorded], types: PublishedTypes, payload: int
) -> tuple[list[Message], list[tuple[Recorded, str]]]:
    """Those that can be published, in order, and those that cannot, with the reason."""
    messages: list[Message] = []
    failures: list[tuple[Recorded, str]] = []
    for event in events:
        try:
            messages.append(fitting_message(event, types, payload))
        except Unpublishable as error:
            failures.append((event, str(error)))
    return messages, failures


def marked(message: Message, reached: Recorded) -> Message:
    """As one that comes late, when the stream has `reached` this event."""
    lines = {MENDED: str(reached.position), MENDED_ID: str(reached.event_id)}
    return message._replace(headers=message.headers + header_lines(lines))


class RelayParking:
    """Without a pool, what cannot be published is only said."""

    def __init__(self, log: Log, pool: "Pool | None", types: PublishedTypes) -> None:
        self._log = log
        self._pool = pool
        self._types = types

    async def park(self, failures: Sequence[tuple[Recorded, str]]) -> None:
        """Before anything behind them is published."""
        UNPUBLISHABLE.inc(len(failures))
        first, why = failures[0]
        _log.error(
            "event_unpublishable",
            tenant=first.tenant,
            position=first.position,
            events=len(failures),
            why=why,
            remedy="milepost parked list --consumer relay",
        )
        if self._pool is None:
            return
        rows = [
            Failure(event.tenant, event.position, str(event.position), error, 1)
            for event, error in failures
        ]
        async with self._pool.acquire() as connection:
            await parked.park(connection, CONSUMER, rows)

    async def resolve(self, pipeline: Pipeline, after: Mapping[str, int], payload: int) -> None:
        """Publish, or leave out, what operators have said so of."""
        if self._pool is None:
            return
        for row in await self._pool.fetch(DECIDED, CONSUMER, BATCH):
            if row["tenant"] in after:
                found = await parked.unsettled_of_key(
                    self._pool, CONSUMER, row["tenant"], row["key"], limit=1
                )
                for one in found:
                    await self._resolve(self._pool, one, pipeline, after[one.tenant], payload)
        held = await parked.held_keys(self._pool, CONSUMER)
        PARKED.labels(CONSUMER).set(sum(one.events for one in held))

    async def _resolve(
        self, pool: Pool, one: Parked, pipeline: Pipeline, reached: int, payload: int
    ) -> None:
        if one.status == "retry":
            try:
                message = await self._mended(one, reached, payload)
            except Exception as error:
                if is_unavailable(error) and not isinstance(error, TimeoutError):
                    raise
                failure = Failure(one.tenant, one.position, one.key, str(error) or repr(error), 1)
                await parked.failed_again(pool, one, failure)
                return
            await pipeline.publish([message])
            await pipeline.flush()
        await parked.mark_resolved(pool, [one])
        _log.info(
            "unpublishable_resolved", tenant=one.tenant, position=one.position, as_=one.status
        )

    async def _mended(self, one: Parked, reached: int, payload: int) -> Message:
        """All tenants wait for it: so not for long."""
        async with asyncio.timeout(READ_SECONDS):
            event = await event_at(self._log, one.tenant, one.position)
            last = await event_at(self._log, one.tenant, reached)
        return marked(fitting_message(event, self._types, payload), last)


class LeftOut(NamedTuple):
    """Of one tenant: positions that wait for an operator, and those that one has skipped."""

    parked: frozenset[int] = frozenset()
    skipped: frozenset[int] = frozenset()


async def left_out(pool: Pool) -> dict[str, LeftOut]:
    """What the relay did not publish, by tenant."""
    waiting: dict[str, set[int]] = {}
    skipped: dict[str, set[int]] = {}
    for row in await pool.fetch(LEFT_OUT, CONSUMER):
        by_tenant = skipped if row["status"] in ("skip", "skipped") else waiting
        by_tenant.setdefault(row["tenant"], set()).add(row["position"])
    return {
        tenant: LeftOut(frozenset(waiting.get(tenant, ())), frozenset(skipped.get(tenant, ())))
        for tenant in waiting.keys() | skipped.keys()
    }
