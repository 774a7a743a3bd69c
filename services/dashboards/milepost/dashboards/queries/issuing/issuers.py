"""An issuer's credentials: what was awarded, what became of it, what ends soon, week by week.

Every figure is read from counts: none of these reads grows with the number of credentials.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.catalog_achievements import DEFAULT_ISSUER
from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.lists.titles import tags_of, title_of
from milepost.events.event import Unknown

MODELS: Final = (CATALOG, CREDENTIAL_REGISTRY)
# Who has more is shown those with the most awards; the sums are of all.
MOST_ACHIEVEMENTS: Final = 500
MOST_ISSUERS: Final = 500
SOON_DAYS, LATER_DAYS = 30, 90


@dataclass
class UnknownIssuer(Unknown):
    """Neither defined nor named by an achievement or an award."""

    issuer: str


class IssuedCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Credentials. `awarded` is of all times, and each stands in one of `active`, `withheld`,
    `suspended`, `expired`, `declined`, `superseded`, `revoked` now. `accepted` and `shared`, of
    `awarded`, ever. `ends_in_30_days`, of those that are active, withheld or suspended: their
    validity ends today or on one of the next 29 days (UTC); `ends_in_90_days` holds these too.
    """

    awarded: int
    accepted: int
    shared: int
    active: int
    withheld: int
    suspended: int
    expired: int
    declined: int
    superseded: int
    revoked: int
    ends_in_30_days: int
    ends_in_90_days: int


class IssuedAchievement(IssuedCounts, frozen=True, kw_only=True):
    """`title` is null where the achievement was never defined here."""

    achievement: str
    title: str | None
    retired_at: datetime | None


class IssuedWeek(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in the week that began on Monday `week` (UTC). `shared`: for the first time."""

    week: date
    awarded: int
    accepted: int
    shared: int
    declined: int
    suspended: int
    reinstated: int
    renewed: int
    expired: int
    superseded: int
    revoked: int


class EndingDay(msgspec.Struct, frozen=True, kw_only=True):
    """So many end on this day (UTC), if nothing ends them before."""

    day: date
    ending: int


class IssuerFigures(Snapshot, frozen=True, kw_only=True):
    """`achievements`: those with the most awards first. `weeks`: the last ones, without gaps, this
    one last. `ending`: days of the next 90 on which something ends.
    """

    issuer: str
    name: str | None
    total: IssuedCounts
    achievements: list[IssuedAchievement]
    weeks: list[IssuedWeek]
    ending: list[EndingDay]


class IssuerListed(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is null while it was never defined."""

    issuer: str
    name: str | None
    awarded: int


class Issuers(Snapshot, frozen=True, kw_only=True):
    issuers: list[IssuerListed]


class _Named(msgspec.Struct, frozen=True):
    name: str | None


_COUNTS: Final = """awarded, accepted, shared, active, withheld, suspended, expired, declined,
    superseded, revoked"""
_SUMS: Final = ", ".join(
    f"coalesce(sum({name.strip()}), 0)::bigint as {name.strip()}" for name in _COUNTS.split(",")
)
_ENDING: Final = "from dashboards.issuer_ending e where e.tenant = :tenant and e.issuer = :issuer"


def _ends(until: str, where: str = "") -> str:
    return f"""(select coalesce(sum(e.ending), 0)::bigint {_ENDING} {where}
        and e.day >= :today and e.day < :{until})"""


_OF_IT: Final = "and e.achievement = i.achievement"
_TOTAL: Final = Select(
    Decoder(list[IssuedCounts]),
    f"""select {_SUMS}, {_ends("soon")} as ends_in_30_days, {_ends("later")} as ends_in_90_days
    from dashboards.issuer_achievement i where i.tenant = :tenant and i.issuer = :issuer""",
)
_ACHIEVEMENTS: Final = Select(
    Decoder(list[IssuedAchievement]),
    f"""select i.achievement, {title_of("c")} as title, c.retired_at, {_COUNTS},
        {_ends("soon", _OF_IT)} as ends_in_30_days, {_ends("later", _OF_IT)} as ends_in_90_days
    from dashboards.issuer_achievement i
    left join dashboards.catalog_achievement c using (tenant, achievement)
    where i.tenant = :tenant and i.issuer = :issuer
    order by i.awarded desc, i.achievement limit {MOST_ACHIEVEMENTS}""",
)
_WEEK_COUNTS: Final = (
    "awarded, accepted, shared, declined, suspended, reinstated, renewed, expired, superseded, "
    "revoked"
)
_WEEKS: Final = Select(
    Decoder(list[IssuedWeek]),
    "select week, "
    + ", ".join(f"sum({name})::bigint as {name}" for name in _WEEK_COUNTS.split(", "))
    + """ from dashboards.issuer_week
    where tenant = :tenant and issuer = :issuer and week >= :since group by week order by week""",
)
_ENDING_DAYS: Final = Select(
    Decoder(list[EndingDay]),
    f"""select e.day, sum(e.ending)::bigint as ending {_ENDING}
        and e.day >= :today and e.day < :later
    group by e.day having sum(e.ending) <> 0 order by e.day""",
)
_THIS: Final = Select(
    Decoder(list[_Named]),
    """select (select c.name from dashboards.catalog_issuer c
        where c.tenant = :tenant and c.issuer = :issuer) as name
    where :issuer = :default_issuer
        or exists (select from dashboards.catalog_issuer c
            where c.tenant = :tenant and c.issuer = :issuer)
        or exists (select from dashboards.catalog_achievement a
            where a.tenant = :tenant and a.issuer = :issuer)
        or exists (select from dashboards.issuer_achievement i
            where i.tenant = :tenant and i.issuer = :issuer)""",
)
_ALL: Final = Select(
    Decoder(list[IssuerListed]),
    f"""select named.issuer, c.name, coalesce((select sum(i.awarded)
            from dashboards.issuer_achievement i
            where i.tenant = :tenant and i.issuer = named.issuer), 0)::bigint as awarded
    from (select issuer from dashboards.catalog_issuer where tenant = :tenant
        union select issuer from dashboards.issuer_achievement where tenant = :tenant
        union select :default_issuer::text) named(issuer)
    left join dashboards.catalog_issuer c on c.tenant = :tenant and c.issuer = named.issuer
    order by named.issuer limit {MOST_ISSUERS}""",
)


async def read_issuers(pool: asyncpg.Pool, tenant: str, *, awaited: int | None = None) -> Issuers:
    """Those that are defined or have awarded, and `default`, by code."""
    arguments = {"default_issuer": DEFAULT_ISSUER}
    found = await read(pool, tenant, MODELS, (_ALL,), arguments, awaited=awaited)
    return Issuers(
        position=found.position, as_of=found.as_of, etag=found.etag, issuers=found.rows[0]
    )


async def read_issuer(
    pool: asyncpg.Pool,
    tenant: str,
    issuer: str,
    *,
    weeks: int = 26,
    language: str | None = None,
    now: datetime | None = None,
    awaited: int | None = None,
) -> IssuerFigures:
    """`weeks`, 1 to 260. Raises `UnknownIssuer`, `NotVisibleYet`, `BeyondTheLog`."""
    today = (now or datetime.now(UTC)).astimezone(UTC).date()
    first = today - timedelta(days=today.weekday(), weeks=weeks - 1)
    arguments = {
        "issuer": issuer,
        "default_issuer": DEFAULT_ISSUER,
        "languages": tags_of(language),
        "since": first.isoformat(),
        "today": today.isoformat(),
        "soon": (today + timedelta(days=SOON_DAYS)).isoformat(),
        "later": (today + timedelta(days=LATER_DAYS)).isoformat(),
    }
    selects = (_THIS, _TOTAL, _ACHIEVEMENTS, _WEEKS, _ENDING_DAYS)
    found = await read(pool, tenant, MODELS, selects, arguments, awaited=awaited)
    this, [total], achievements, weekly, ending = found.rows
    if not this:
        raise UnknownIssuer(issuer)
    return IssuerFigures(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        issuer=issuer,
        name=this[0].name,
        total=total,
        achievements=achievements,
        weeks=_without_gaps(weekly, first, weeks),
        ending=ending,
    )


def _without_gaps(found: list[IssuedWeek], first: date, weeks: int) -> list[IssuedWeek]:
    by_week = {one.week: one for one in found}
    mondays = (first + timedelta(weeks=number) for number in range(weeks))
    return [by_week.get(monday) or _quiet(monday) for monday in mondays]


def _quiet(week: date) -> IssuedWeek:
    return IssuedWeek(week=week, **dict.fromkeys(_WEEK_COUNTS.split(", "), 0))
