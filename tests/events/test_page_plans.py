"""A page of a long log is found by its position: nothing is sorted for it, however many wait. And a
stream is found by its name, whichever school's it is.

Also of a log that has just been filled, of which Postgres has no statistics yet.
"""

import json
import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from milepost.events.store.batched_reads import READ_RANGES, READ_STREAMS
from milepost.events.store.postgres import READ, READ_TYPES, owner_connection

EVENTS = 250_000
STREAMS = 20_000
# So long that an index of streams is deeper than one of ids, as it is of a log that has grown.
NAME = "record-" + 200 * "0"
LONG = f"""create temporary table events (like log.events including indexes);
    insert into events
    select 'default', n, '{NAME}' || n % {STREAMS}, n / {STREAMS} + 1, 'type_' || n % 40, '{{}}',
           '{{}}', now(), now(), lpad(to_hex(n), 32, '0')::uuid
      from generate_series(1, {EVENTS}) n"""
VALUES = ("'default'", "100000", "1000", "array['credential_awarded']", "200000")


@pytest.fixture(scope="module")
async def long_log(postgres: str) -> AsyncIterator[asyncpg.Connection]:
    async with owner_connection(postgres) as connection:
        await connection.execute(LONG)
        yield connection


def nodes(plan: dict[str, object]) -> list[str]:
    below = plan.get("Plans", [])
    assert isinstance(below, list)
    return [str(plan["Node Type"]), *(node for one in below for node in nodes(one))]


async def planned(connection: asyncpg.Connection, statement: str) -> list[str]:
    """As it is after some executions, when the values are no longer looked at."""
    await connection.execute("set plan_cache_mode = force_generic_plan")
    await connection.execute(f"prepare page as {statement.replace('log.events', 'events')}")
    values = ", ".join(VALUES[: statement.count("$")])
    text = await connection.fetchval(f"explain (format json) execute page({values})")
    await connection.execute("deallocate page")
    [found] = json.loads(text)
    return nodes(found["Plan"])


@pytest.mark.parametrize("statement", [READ, READ_TYPES], ids=["all", "of some types"])
async def test_a_page_is_read_in_the_order_of_the_index(
    long_log: asyncpg.Connection, statement: str
):
    assert await planned(long_log, statement) == ["Limit", "Index Scan"]


async def test_an_end_in_the_same_query_would_sort_all_before_a_page(long_log: asyncpg.Connection):
    bounded = READ_TYPES.replace("order by", "and position <= $5 order by")
    assert await planned(long_log, bounded) != ["Limit", "Index Scan"]


# What looks up a stream, or a few positions, of a school of which no statistics tell; the column by
# which each has to be found.
LOOK_UPS = [
    (READ_STREAMS, f"'late', array['{NAME}7'], array[0]", "stream"),
    (READ_RANGES, "'late', array[7::bigint], array[9::bigint]", '"position"'),
]


@pytest.mark.parametrize(("statement", "values", "column"), LOOK_UPS, ids=["stream", "range"])
async def test_a_school_that_came_after_the_statistics_is_not_read_whole(
    long_log: asyncpg.Connection, statement: str, values: str, column: str
):
    await long_log.execute("analyze events")
    await long_log.execute("set plan_cache_mode = force_custom_plan")
    await long_log.execute(f"prepare look_up as {statement.replace('log.events', 'events')}")
    text = await long_log.fetchval(f"explain (format json) execute look_up({values})")
    await long_log.execute("deallocate look_up")
    [condition] = re.findall(r'"Index Cond": "(.*)"', text)
    assert column in condition.replace(r"\"", '"')
