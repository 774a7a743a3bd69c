"""Who leads what, and whether it still breathes: asked of Postgres alone.

A lease is an advisory lock, and its holder asks something on that connection every five seconds.
A process that is stopped or hangs keeps its locks and says nothing.
"""

from collections.abc import Sequence

import asyncpg
import msgspec

from milepost.operations.doctor.finding import Bounds, Says, wrong

HOLDERS = """select n.name, l.pid, a.application_name as process,
        extract(epoch from clock_timestamp() - a.state_change)::float8 as silent_seconds
    from unnest($1::text[]) as n(name)
    left join pg_locks l on l.locktype = 'advisory' and l.granted and l.objsubid = 1
         and l.database = (select oid from pg_database where datname = current_database())
         and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended(n.name, 0)
    left join pg_stat_activity a on a.pid = l.pid"""


class Holder(msgspec.Struct, frozen=True):
    """`pid` is of the session in Postgres, None when nobody leads.

    `silent_seconds` is None where this login may not see it.
    """

    name: str
    pid: int | None
    process: str | None
    silent_seconds: float | None


async def holders(
    connection: "asyncpg.Connection[asyncpg.Record]", names: Sequence[str]
) -> list[Holder]:
    return [Holder(*row) for row in await connection.fetch(HOLDERS, list(names))]


def leadership(found: Sequence[Holder], bounds: Bounds, command: str) -> Says:
    """Whether all of them are led by somebody who breathes; `command` starts one who does."""
    if nobody := [one.name for one in found if one.pid is None]:
        return wrong(f"nobody runs {some(nobody)}", f"start `{command}`")
    silent = [one for one in found if (one.silent_seconds or 0) > bounds.silent_seconds]
    if silent:
        longest = max(one.silent_seconds or 0 for one in silent)
        return wrong(
            f"{some([one.name for one in silent])}: its process says nothing for {longest:.0f} s",
            f"it is stopped or hangs: end it, and start `{command}`",
        )
    return Says("runs")


def some(names: Sequence[str], most: int = 3) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
