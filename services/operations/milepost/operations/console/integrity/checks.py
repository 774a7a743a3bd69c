"""Holds a school's log against its own chain, its read models, and what was awarded."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import asyncpg

from milepost.credentials.domain.audit.differences import Difference as AwardDifference
from milepost.credentials.queries.audit import audit
from milepost.events.integrity.results import NAMED, Difference, Result
from milepost.events.policies.timers import utc_now
from milepost.events.projections.catch_up import Pace
from milepost.events.projections.compare import Comparison, LiveStands
from milepost.events.projections.positions import ModelStatus, model_status
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.rebuild import prove
from milepost.events.store.postgres import PostgresLog
from milepost.events.store.verify import Fault, verify

# So many times as long as it works it rests, and it works in small parts: the same process serves
# pages, and what people do comes first.
REST: Final = 2.0
PACE: Final = Pace(2_000, REST)
# What policies had not answered when the log was read may be answered by then.
AGAIN_SECONDS: Final = 5.0


async def check_log(pool: asyncpg.Pool, tenant: str, head: int) -> Result:
    """`pool` gives up no statement: the whole log is read."""
    faults = await verify(pool, tenant, parallel=1)
    touched = sum(_positions(one, head) for one in faults)
    return Result(
        part="log",
        position=head,
        expected=head,
        found=max(head - touched, 0),
        differences=tuple(
            Difference(kind=one.fault, what=one.stream or "", position=one.first, last=one.last)
            for one in faults[:NAMED]
        ),
        differing=len(faults),
    )


def _positions(fault: Fault, head: int) -> int:
    return max(min(fault.last, head) - max(fault.first, 1) + 1, 1)


async def check_models(
    pool: asyncpg.Pool, models: Sequence[ReadModel], tenant: str, head: int
) -> Result:
    """Builds each anew for this school, beside what is shown, and compares."""
    stands = ""
    try:
        compared = await prove(pool, models, tenant, pace=PACE)
    except LiveStands as behind:
        compared, stands = {}, str(behind)
    status = {one.name: one for one in await model_status(pool, tenant) if one.status == "live"}
    found = [
        _model(one.name, compared.get(one.name), status.get(one.name), stands) for one in models
    ]
    different = [one for some in found for one in some]
    unlooked = [one.name for one in models if one.name not in compared]
    return Result(
        part="models",
        position=head,
        expected=len(models),
        found=sum(not some for some in found) if not unlooked else None,
        differences=tuple(different[:NAMED]),
        differing=len(different),
        failure=f"being built: {', '.join(unlooked)}" if unlooked and not different else None,
    )


def _model(
    name: str, compared: Comparison | None, live: ModelStatus | None, stands: str
) -> list[Difference]:
    if live is None:
        return [Difference(kind="not_live", what=name)]
    found = [Difference(kind="behind", what=name, position=live.position)] * (stands == name)
    if live.parked:
        found.append(Difference(kind="parked", what=f"{name}: {live.parked}"))
    if compared is None:
        return found
    return found + _rows(compared)


def _rows(compared: Comparison) -> list[Difference]:
    """By their keys: what stands in a row is told by nobody here."""
    told = {(one.table, tuple(one.key.items())): one for one in compared.differences}
    rows = [
        Difference(kind="row", what=f"{compared.name}: {table} {_words(dict(key))}")
        for table, key in told
    ]
    named = {table for table, _ in told}
    tables = [one for one in compared.tables if not one.identical and one.table not in named]
    return rows + [Difference(kind="table", what=f"{compared.name}: {one.table}") for one in tables]


def _words(key: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in key.items() if name != "tenant")


async def check_awards(
    pool: asyncpg.Pool, tenant: str, head: int, *, again_seconds: float = AGAIN_SECONDS
) -> Result:
    """What is so a moment later, too: policies may not have answered the last events yet."""
    held, found = await _audited(pool, tenant, head)
    if found:
        await asyncio.sleep(again_seconds)
        held, later = await _audited(pool, tenant, head)
        before = {_name(one) for one in found}
        found = [one for one in later if _name(one) in before]
    missing = sum(one.kind == "missing" for one in found)
    unearned = sum(one.kind == "unearned" for one in found)
    return Result(
        part="awards",
        position=head,
        expected=held - unearned + missing,
        found=held - unearned,
        differences=tuple(_award(one) for one in found[:NAMED]),
        differing=len(found),
    )


async def _audited(pool: asyncpg.Pool, tenant: str, head: int) -> tuple[int, list[AwardDifference]]:
    held, found = 0, list[AwardDifference]()
    began = time.monotonic()
    async for part in audit(PostgresLog(pool), tenant, at=utc_now(), upto=head):
        held += part.held
        found += part.differences
        await asyncio.sleep((time.monotonic() - began) * REST)
        began = time.monotonic()
    return held, found


def _name(one: AwardDifference) -> tuple[str, str, str]:
    return one.kind, one.learner, one.achievement


def _award(one: AwardDifference) -> Difference:
    position = one.position or (one.decided_by[0] if one.decided_by else None)
    return Difference(kind=one.kind, what=f"{one.learner}: {one.achievement}", position=position)
