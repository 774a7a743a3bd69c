"""The first page of the console: what needs attention, then positions, lags and rates."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import msgspec

from milepost.events.integrity.results import Integrity, read_integrity
from milepost.events.log import position_at
from milepost.events.projections.positions import ModelStatus, model_status
from milepost.events.store.postgres import PostgresLog
from milepost.operations.console.scope import is_alone
from milepost.operations.doctor.kept import Kept, kept

# What may be said where other schools are: it names none of them.
OF_SERVERS: Final = frozenset(
    {"postgres", "nats", "versions", "clock", "disk", "sizes", "roles", "tls", "backup"}
)
CONSUMERS: Final = """select p.consumer as name, p.position, h.head, p.updated_at
    from consumer.positions p join log.heads h using (tenant)
    where p.tenant = $1 order by h.head - p.position desc, p.consumer limit 100"""
PARKED: Final = """select consumer, count(*) filter (where status = 'parked') as failed,
        count(*) as events
    from consumer.parked where tenant = $1 and status not in ('done', 'skipped')
    group by consumer order by 3 desc, 1 limit 50"""
NOW: Final = "select clock_timestamp()"
LAST: Final = "select recorded_at from log.events where tenant = $1 and position = $2"


class Rate(msgspec.Struct, frozen=True):
    """`events` were recorded in the last `seconds`."""

    seconds: int
    events: int

    @property
    def per_second(self) -> float:
        return self.events / self.seconds


class Follower(msgspec.Struct, frozen=True):
    name: str
    position: int
    head: int
    updated_at: datetime

    @property
    def lag(self) -> int:
        return max(self.head - self.position, 0)


class ParkedIn(msgspec.Struct, frozen=True):
    consumer: str
    failed: int
    events: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """`findings`: those that may be told, the worst first; `alone`: no other school is here."""

    head: int
    now: datetime
    last_at: datetime | None
    rates: tuple[Rate, ...]
    models: Sequence[ModelStatus]
    consumers: Sequence[Follower]
    parked: Sequence[ParkedIn]
    findings: Sequence[Kept]
    looked_at: datetime | None
    alone: bool
    integrity: Integrity

    @property
    def wrong(self) -> Sequence[Kept]:
        return [one for one in self.findings if one.verdict != "ok"]

    @property
    def lag(self) -> int:
        live = [one.lag for one in self.models if one.status == "live"]
        return max([*live, *(one.lag for one in self.consumers)], default=0)


async def read_overview(pool: asyncpg.Pool, tenant: str) -> Overview:
    log, now = PostgresLog(pool), await pool.fetchval(NOW)
    head = (await log.heads([tenant])).get(tenant, 0)
    alone, said = await is_alone(pool, tenant), await kept(pool)
    return Overview(
        head=head,
        now=now,
        last_at=await pool.fetchval(LAST, tenant, head),
        rates=tuple([await _rate(log, tenant, head, now, seconds) for seconds in (60, 3600)]),
        models=[one for one in await model_status(pool, tenant) if _shown(one, tenant)],
        consumers=[Follower(*row) for row in await pool.fetch(CONSUMERS, tenant)],
        parked=[ParkedIn(*row) for row in await pool.fetch(PARKED, tenant)],
        findings=sorted(
            (one for one in said if alone or one.name in OF_SERVERS),
            key=lambda one: ("wrong", "warning", "ok").index(one.verdict),
        ),
        looked_at=min((one.looked_at for one in said), default=None),
        alone=alone,
        integrity=await read_integrity(pool, tenant),
    )


def _shown(one: ModelStatus, tenant: str) -> bool:
    return one.status in {"live", "building"} and one.only_tenant in {None, tenant}


async def _rate(log: PostgresLog, tenant: str, head: int, now: datetime, seconds: int) -> Rate:
    before = await position_at(log, tenant, now - timedelta(seconds=seconds), head)
    return Rate(seconds, head - before)
