"""Which of a real database's errors mean "try again", and which are our fault."""

import asyncpg
import pytest

from milepost.web.problems import problem_of


@pytest.fixture
async def connection(postgres):
    opened = await asyncpg.connect(postgres)
    yield opened
    await opened.close()


async def test_a_database_that_only_reads_means_try_again(connection):
    await connection.execute("set default_transaction_read_only = on")
    with pytest.raises(asyncpg.PostgresError) as refused:
        await connection.execute("create table notes ()")
    assert problem_of(refused.value).status == 503


async def test_a_value_that_the_driver_cannot_send_is_our_fault(connection):
    with pytest.raises(asyncpg.DataError) as refused:
        await connection.fetchval("select $1::integer", "five")
    assert problem_of(refused.value).status == 500


async def test_an_address_that_makes_no_sense_is_our_fault(postgres):
    with pytest.raises(asyncpg.InterfaceError) as refused:
        await asyncpg.connect(f"{postgres}?sslmode=perhaps")
    assert problem_of(refused.value).status == 500
