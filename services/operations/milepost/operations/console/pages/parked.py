"""Parked events: the list, and one with its event, its error and what was decided."""

from collections.abc import Sequence

import asyncpg
import msgspec

from milepost.events.log import Recorded, event_at
from milepost.events.parking import operator_actions
from milepost.events.parking.operator_actions import Decision
from milepost.events.parking.parked import Parked
from milepost.events.store.postgres import PostgresLog
from milepost.operations.console.api.parked import own

MOST = 200


class ParkedPage(msgspec.Struct, frozen=True, kw_only=True):
    parked: Sequence[Parked]
    more: bool
    settled: bool


class OneParked(msgspec.Struct, frozen=True, kw_only=True):
    """`retryable`, `skippable`: what may be decided now."""

    parked: Parked
    event: Recorded
    decisions: Sequence[Decision]

    @property
    def retryable(self) -> bool:
        return self.parked.status in {"parked", "retry"}

    @property
    def skippable(self) -> bool:
        return self.parked.status not in {"done", "skipped"}


async def read_parked(pool: asyncpg.Pool, tenant: str, *, settled: bool) -> ParkedPage:
    found = await operator_actions.list_parked(pool, tenant=tenant, settled=settled, limit=MOST + 1)
    return ParkedPage(parked=found[:MOST], more=len(found) > MOST, settled=settled)


async def read_one_parked(pool: asyncpg.Pool, tenant: str, number: int) -> OneParked:
    """Raises `NotParked`."""
    found = await own(pool, tenant, number)
    return OneParked(
        parked=found,
        event=await event_at(PostgresLog(pool), tenant, found.position),
        decisions=await operator_actions.decisions(pool, found),
    )
