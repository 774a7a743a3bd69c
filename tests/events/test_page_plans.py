"""A page of a long log is found by its position: nothing is sorted for it, however many wait.

Also of a log that has just been filled, of which Postgres has no statistics yet.
"""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from milepost.events.store.postgres import READ, READ_TYPES, owner_connection

EVENTS = 250_000
LONG = f"""create temporary table events (like log.events including indexes);
    insert into events
    select 'default', n, 'record-' || n, 1, 'type_' || n % 40, '{{}}', '{{}}', now(), now(),
           gen_random_uuid()
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
