"""What was found when a log was held against all that follows from it, part by part.

    part     expected                            found
    ───────  ──────────────────────────────────  ─────────────────────────────────────────
    log      positions up to the head            events that are there, as they were written
    models   read models                         those that hold what the log says
    awards   credentials that were earned        those of them that are held
    stream   events that are published           those that NATS holds

Whoever looks keeps the result here; pages of any room read it. Nothing here looks.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import asyncpg
import msgspec

from milepost.events.parking.parked import Either

Part: TypeAlias = Literal["log", "models", "awards", "stream"]
Verdict: TypeAlias = Literal["unknown", "equal", "differs", "failed"]

PARTS: Final[tuple[Part, ...]] = ("log", "models", "awards", "stream")
NAMED: Final = 20  # differences that are kept one by one; the others are only counted
MAX_WORDS: Final = 500

# Whoever looks does so each day at least: after two nobody does, and nothing is known of today.
READ: Final = """select part, position, expected, found, differences, differing, failure, began_at,
        checked_at, asked_at, coalesce(checked_at < now() - interval '2 days', false) as old
    from integrity.results where tenant = $1"""
HEAD: Final = "select head from log.heads where tenant = $1"
KEEP: Final = """insert into integrity.results as r (tenant, part, position, expected, found,
        differences, differing, failure, began_at, checked_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())
    on conflict (tenant, part) do update set
        position = excluded.position, expected = excluded.expected, found = excluded.found,
        differences = excluded.differences, differing = excluded.differing,
        failure = excluded.failure, began_at = excluded.began_at,
        checked_at = excluded.checked_at
    where r.began_at is null or r.began_at <= excluded.began_at"""
ASK: Final = """insert into integrity.results as r (tenant, part, asked_at)
    select $1, part, clock_timestamp() from unnest($2::text[]) part
    on conflict (tenant, part) do update set asked_at = excluded.asked_at"""
# Who is asked for; then who was looked at longest ago, if the log went on or a day went by. Who
# asks again and again waits in line: others are to have their turn.
DUE: Final = """select h.tenant, h.head, asked
    from log.heads h
    left join integrity.results r on r.tenant = h.tenant and r.part = $1
    cross join lateral (select
        coalesce(r.asked_at > coalesce(r.began_at, '-infinity'), false) as asked) wanted
    where h.head > 0 and (asked or $2 and (r.began_at is null
        or r.began_at < now() - $3::interval
           and (r.position is distinct from h.head or r.began_at < now() - $4::interval)))
    order by asked and coalesce(r.checked_at < now() - interval '5 minutes', true) desc,
        r.began_at nulls first, h.tenant limit 1"""


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is not as it should be.

    kind      `event_changed`, `row`, `parked`, `missing`, `unearned`, `lost`, …
    what      what it is about: a read model and its table, a stream, a learner and an achievement
    position  of the log, where there is one
    """

    kind: str
    what: str = ""
    position: int | None = None
    last: int | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """As the log was at `position`. `differing`: how many; `differences`: the first of them.

    `failure`: why it could not be looked at. `pending`: somebody asked, and waits. `old`: nobody
    has looked for days.
    """

    part: Part
    position: int | None = None
    expected: int | None = None
    found: int | None = None
    differences: tuple[Difference, ...] = ()
    differing: int = 0
    failure: str | None = None
    began_at: datetime | None = None
    checked_at: datetime | None = None
    pending: bool = False
    old: bool = False

    @property
    def verdict(self) -> Verdict:
        if self.checked_at is None:
            return "unknown"
        if self.failure is not None:
            return "failed"
        if self.differing:
            return "differs"
        return "unknown" if self.old else "equal"


class Integrity(msgspec.Struct, frozen=True, kw_only=True):
    """Of one school. `head`: where its log ends now. `parts`: one for each of `PARTS`, in order."""

    tenant: str
    head: int
    parts: tuple[Result, ...]

    @property
    def verdict(self) -> Verdict:
        """`differs` if any part does; else the first of failed, unknown; else `equal`."""
        verdicts = {one.verdict for one in self.parts}
        for verdict in ("differs", "failed", "unknown"):
            if verdict in verdicts:
                return verdict
        return "equal"

    @property
    def old(self) -> bool:
        """All that makes it `unknown` is that nobody has looked for days."""
        return self.verdict == "unknown" and all(one.checked_at for one in self.parts)

    def part(self, name: str) -> Result:
        return next(one for one in self.parts if one.part == name)

    @property
    def position(self) -> int | None:
        """All parts were looked at as the log was there, or later; None: not all were."""
        positions = [one.position for one in self.parts]
        return min((one or 0 for one in positions), default=0) if None not in positions else None


class Due(msgspec.Struct, frozen=True):
    """A school that is to be looked at. `asked`: somebody wants it now."""

    tenant: str
    head: int
    asked: bool


async def read_integrity(pool: Either, tenant: str) -> Integrity:
    """What is known of a school now; parts nobody has looked at are `unknown`."""
    rows = await pool.fetch(READ, tenant)
    head = await pool.fetchval(HEAD, tenant)
    known = {one.part: one for one in map(_result, rows)}
    parts = tuple(known.get(name, Result(part=name)) for name in PARTS)
    return Integrity(tenant=tenant, head=head or 0, parts=parts)


async def ask(pool: Either, tenant: str, parts: Sequence[Part] = PARTS) -> None:
    """Whoever looks does so next. Asked again before that, it is still one look."""
    await pool.execute(ASK, tenant, list(parts))


async def keep(
    pool: "asyncpg.Pool[asyncpg.Record]", tenant: str, result: Result, began_at: datetime
) -> None:
    """In the place of the last look, unless that began later: whoever led before may still end one.

    `began_at`: by the database's clock, before it began.
    """
    await pool.execute(
        KEEP, tenant, result.part, result.position, result.expected, result.found,
        msgspec.json.encode(result.differences[:NAMED]), result.differing,
        result.failure and result.failure[:MAX_WORDS], began_at,
    )  # fmt: skip


async def next_due(
    pool: "asyncpg.Pool[asyncpg.Record]",
    part: Part,
    *,
    every: timedelta,
    at_least: timedelta,
    by_itself: bool = True,
) -> Due | None:
    """Who is asked for; else, `by_itself`, who was looked at longest ago and before `every`.

    Where the log stands still, `at_least` as often as that: what follows from it may change.
    """
    row = await pool.fetchrow(DUE, part, by_itself, every, at_least)
    return Due(*row) if row else None


def _result(row: asyncpg.Record) -> Result:
    asked, began = row["asked_at"], row["began_at"]
    return Result(
        part=row["part"],
        position=row["position"],
        expected=row["expected"],
        found=row["found"],
        differences=msgspec.json.decode(row["differences"], type=tuple[Difference, ...]),
        differing=row["differing"],
        failure=row["failure"],
        began_at=began,
        checked_at=row["checked_at"],
        pending=asked is not None and (began is None or asked > began),
        old=row["old"],
    )
