"""The stream in NATS against the log: the last message of each tenant tells how far it came.

Position and id must be those of one event of the log. A position beyond the log, or another id,
means that the log was restored from a backup that is older than the stream.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec
import nats.js.errors
from nats.js import JetStreamContext

from milepost.contracts.published import PUBLISHED
from milepost.events.nats.cloudevents import Foreign, place_of, reached_by
from milepost.events.nats.jetstream import STREAM
from milepost.events.relay.strays import strays_by_tenant
from milepost.operations.doctor.finding import Bounds, Says, worst, wrong
from milepost.operations.doctor.lag import verdict

AT_ONCE = 50
NOTHING: tuple[type[BaseException], ...] = (
    nats.js.errors.NotFoundError,
    nats.js.errors.NoStreamResponseError,
)

HEADS = "select tenant, head from log.heads where head > 0 order by tenant"
ID_AT = "select event_id from log.events where tenant = $1 and position = $2"
# What the relay has parked will never be in the stream. Counted up to a bound.
UNSENT = """select count(*) as events,
        extract(epoch from clock_timestamp() - min(recorded_at))::float8 as seconds
    from (select e.recorded_at from log.events e
           where e.tenant = $1 and e.position > $2 and e.type = any($3)
             and not exists (select from consumer.parked p
                  where p.tenant = e.tenant and p.consumer = 'relay' and p.position = e.position)
           order by e.position limit 10000) unsent"""


class LastMessage(msgspec.Struct, frozen=True):
    """What a tenant's last message tells. Without one, the position is None."""

    tenant: str
    head: int
    reached: int = 0
    position: int | None = None
    event_id: str | None = None
    foreign: bool = False


async def last_messages(
    connection: "asyncpg.Connection[asyncpg.Record]", js: JetStreamContext
) -> list[LastMessage]:
    """Of every tenant that the log knows."""
    heads = await connection.fetch(HEADS)
    found: list[LastMessage] = []
    for start in range(0, len(heads), AT_ONCE):
        some = heads[start : start + AT_ONCE]
        found += await asyncio.gather(
            *(_last_message(js, row["tenant"], row["head"]) for row in some)
        )
    return found


async def _last_message(js: JetStreamContext, tenant: str, head: int) -> LastMessage:
    try:
        message = await js.get_last_msg(STREAM, f"milepost.{tenant}.>")
    except NOTHING:
        return LastMessage(tenant, head)
    try:
        subject, headers = message.subject or "", message.headers or {}
        _, position = place_of(subject, headers)
        return LastMessage(
            tenant, head, reached_by(subject, headers), position, headers.get("ce-id")
        )
    except Foreign:
        return LastMessage(tenant, head, foreign=True)


async def agreement(
    connection: "asyncpg.Connection[asyncpg.Record]", messages: Sequence[LastMessage]
) -> Says:
    """Whether the stream holds what this log has said, and nothing else."""
    said = [await _agrees(connection, one) for one in messages]
    return worst(*said, Says("holds what the log holds"))


async def _agrees(connection: "asyncpg.Connection[asyncpg.Record]", one: LastMessage) -> Says:
    if one.foreign:
        return wrong(
            f"its last message of {one.tenant} was written by no relay",
            "find out who may publish there, then `milepost relay --reconcile`",
        )
    if one.position is None:
        return Says("")
    if max(one.position, one.reached) > one.head:
        return wrong(
            f"it is ahead of the log in {one.tenant}: position {one.position:,} of {one.head:,}",
            "was an older backup restored? `milepost stream rebuild` makes the stream anew",
        )
    known: UUID | None = await connection.fetchval(ID_AT, one.tenant, one.position)
    if str(known) != one.event_id:
        return wrong(
            f"at position {one.position:,} of {one.tenant} it holds another event than the log",
            "was an older backup restored? `milepost stream rebuild` makes the stream anew",
        )
    return Says("")


async def strays(connection: "asyncpg.Connection[asyncpg.Record]") -> Says:
    """What relays have noted since the stream was made, however far the log went on."""
    found = await strays_by_tenant(connection)
    if not found:
        return Says("")
    one = max(found, key=lambda one: one.messages)
    where = f", positions {one.first:,} to {one.last:,}" if one.first and one.last else ""
    return wrong(
        f"it holds messages that this log did not write: {one.messages:,} under"
        f" {one.tenant}{where}, seen since {one.since:%Y-%m-%d %H:%M}",
        "find out who may publish there; `milepost stream rebuild` makes the stream anew",
    )


async def unsent(
    connection: "asyncpg.Connection[asyncpg.Record]",
    messages: Sequence[LastMessage],
    bounds: Bounds,
) -> Says:
    """How far the relay is behind, in the tenant where it is worst."""
    behind: list[tuple[float, int, str]] = []
    for one in messages:
        if one.reached < one.head and not one.foreign:
            row = await connection.fetchrow(UNSENT, one.tenant, one.reached, list(PUBLISHED))
            if row and row["events"]:
                behind.append((row["seconds"], row["events"], one.tenant))
    if not behind:
        return Says("everything is sent")
    seconds, events, tenant = max(behind)
    grave = verdict(seconds, bounds)
    says = f"{events:,} events of {tenant} wait to be sent, the first for {seconds:,.0f} s"
    remedy = "look at NATS' disk and at the relay's log"
    return Says(says, grave, "" if grave == "ok" else remedy)
