"""Holds what NATS has of a school against what its log published. Nothing is mended here."""

from typing import Final

import asyncpg

from milepost.contracts.published import PUBLISHED
from milepost.events.integrity.results import NAMED, Difference, Result
from milepost.events.nats import jetstream
from milepost.events.nats.connection import NatsServer
from milepost.events.relay.reconcile import Finding, Gaps, RelayStandsStill, compare, until_relayed
from milepost.events.relay.stream_inventory import StreamInventory
from milepost.events.relay.unpublishable import left_out
from milepost.events.store.postgres import PostgresLog

# The relay may be a moment behind.
PATIENCE_SECONDS: Final = 5.0


async def check_stream(
    pool: asyncpg.Pool,
    server: NatsServer,
    tenant: str,
    head: int,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Result:
    """Raises what NATS raises, and `StreamSetBack` if the stream was emptied meanwhile."""
    log = PostgresLog(pool)
    async with jetstream.connected(server, "integrity") as client:
        js = client.jetstream()
        inventory = StreamInventory(js, tenant)
        await inventory.read_on(lambda _what, _done, _of: None)
        out = await left_out(pool)
        tags = tuple(PUBLISHED)
        [gaps] = await compare(
            log, inventory, tags, tenant, lambda _what, _done, _of: None, left_out=out
        )
        unsent = 0
        try:
            await until_relayed(log, js, inventory, [gaps], patience_seconds=patience_seconds)
        except RelayStandsStill:
            unsent = gaps.finding.behind
    return _result(gaps, head, unsent)


def _result(gaps: Gaps, head: int, unsent: int) -> Result:
    one = gaps.finding
    wanted = one.events - one.discarded - one.skipped
    differences = [
        *_positions(gaps, one.lost, "lost"),
        *_positions(gaps, unsent, "unsent", behind=True),
        *_counted(one),
    ]
    return Result(
        part="stream",
        position=head,
        expected=wanted,
        found=wanted - one.lost - one.parked - unsent,
        differences=tuple(differences[:NAMED]),
        differing=one.lost + unsent + one.strange + one.parked,
    )


def _positions(gaps: Gaps, number: int, kind: str, *, behind: bool = False) -> list[Difference]:
    first = gaps.finding.lost if behind else 0
    shown = gaps.missing[first : first + min(number, NAMED)]
    return [Difference(kind=kind, position=position) for position in shown]


def _counted(one: Finding) -> list[Difference]:
    counted = {"strange": one.strange, "unpublishable": one.parked}
    return [Difference(kind=kind, what=f"{n:,}") for kind, n in counted.items() if n]
