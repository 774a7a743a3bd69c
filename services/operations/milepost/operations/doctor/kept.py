"""What the doctor said last, kept in a table: pages show it without looking themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from milepost.operations.doctor.finding import Finding, Verdict

# All of a look at once: what could not be looked at this time is not told as it was before.
KEEP: Final = """with gone as (delete from operations.findings where not name = any($1::text[]))
    insert into operations.findings as f (name, number, verdict, says, remedy)
    select * from unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[])
    on conflict (name) do update set number = excluded.number, verdict = excluded.verdict,
        says = excluded.says, remedy = excluded.remedy, looked_at = now()"""
READ: Final = """select name, verdict, says, remedy, looked_at from operations.findings
    order by number"""


class Kept(msgspec.Struct, frozen=True):
    name: str
    verdict: Verdict
    says: str
    remedy: str
    looked_at: datetime


async def keep(pool: "asyncpg.Pool[asyncpg.Record]", findings: Sequence[Finding]) -> None:
    rows = [(n, one.name, one.verdict, one.says, one.remedy) for n, one in enumerate(findings)]
    numbers, names, verdicts, says, remedies = map(list, zip(*rows, strict=True)) if rows else (
        [], [], [], [], []
    )  # fmt: skip
    await pool.execute(KEEP, names, numbers, verdicts, says, remedies)


async def kept(pool: "asyncpg.Pool[asyncpg.Record]") -> list[Kept]:
    """In the order in which they are told; none while nobody has looked."""
    return [Kept(*row) for row in await pool.fetch(READ)]
