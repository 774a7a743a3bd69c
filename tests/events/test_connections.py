"""How processes reach Postgres: pools as the services' role, single ones as the owner."""

import asyncpg
import pytest

from milepost.events.store.postgres import ROLE, connect_pool, owner_connection

WHO = "select current_user, current_setting('application_name'), current_setting('timezone')"


async def test_a_pool_is_the_services_role_named_in_utc_and_bounded(postgres: str):
    async with await connect_pool(postgres, name="named so", size=2) as pool:
        assert [tuple(row) for row in await pool.fetch(WHO)] == [(ROLE, "named so", "UTC")]
        assert (pool.get_min_size(), pool.get_max_size()) == (0, 2)


async def test_jsonb_goes_in_and_out_as_the_bytes_of_its_text(postgres: str):
    async with await connect_pool(postgres, name="test") as pool:
        assert await pool.fetchval("select $1::jsonb", b'{"a": "\xc3\xa9"}') == b'{"a": "\xc3\xa9"}'


async def test_a_statement_that_takes_too_long_is_given_up(postgres: str):
    async with await connect_pool(postgres, name="test", command_timeout_seconds=0.05) as pool:
        with pytest.raises(TimeoutError):
            await pool.execute("select pg_sleep(5)")


async def test_the_owner_may_what_services_may_not_and_lets_go_afterwards(postgres: str):
    with pytest.raises(asyncpg.UndefinedTableError):  # noqa: PT012 - the block is what is tested
        async with owner_connection(postgres) as connection:
            assert await connection.fetchval("select current_user") != ROLE
            await connection.execute("select * from no_such_table")
    assert connection.is_closed()
