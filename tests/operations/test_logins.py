"""Processes' logins own nothing and cannot become more: every way up is tried."""

from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from milepost.events.store.postgres import ROLE, connect_pool, owner_connection
from milepost.operations.installation.logins import ensure_login, excess, migrate_and_ensure
from milepost.operations.rooms import ENROLLMENT_ROLE

GROUPS = [ROLE, ENROLLMENT_ROLE]
ESCALATIONS = [
    "set role none; update log.events set type = 'x'",
    "set session authorization milepost",
    "set role milepost",
    "set role pg_execute_server_program",
    "copy (select 1) to program 'true'",
    "copy consumer.parked from '/etc/passwd'",
    "select pg_read_file('/etc/passwd')",
    "select lo_import('/etc/passwd')",
    "alter table log.events disable trigger append_only",
    "set session_replication_role = replica",
    "drop trigger append_only on log.events",
    "update log.events set type = 'x'",
    "delete from log.links",
    "insert into log.heads values ('x', 1, '')",
    "create or replace function log.append() returns void language sql as ''",
    "alter function log.refuse_change() owner to current_user",
    "create function public.more() returns int language sql as 'select 1'",
    "create schema more",
    "create role more superuser",
    "alter role current_user superuser",
    "alter system set log_statement = 'all'",
    "select * from pg_authid",
    "delete from public.milepost_migrations",
    "drop table consumer.parked",
    "update vault.master_keys set key_id = 'x'; drop table vault.learners",
]
OF_ENROLLMENT = [
    "select * from vault.learners",
    "select * from vault.master_keys",
    "select * from bulk.rows",
    "delete from bulk.jobs",
]


def login(dsn: str, user: str, password: str) -> str:
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc.rpartition('@')[2]}"))


@pytest.fixture(scope="module")
async def logins(postgres: str) -> AsyncIterator[dict[str, str]]:
    """An address of a process by its group role."""
    made = {group: login(postgres, f"{group}_{uuid4().hex[:8]}", "le't-me-in") for group in GROUPS}
    await migrate_and_ensure(postgres, made[ROLE], made[ENROLLMENT_ROLE])
    yield made
    async with owner_connection(postgres) as owner:
        for address in made.values():
            await owner.execute(f"drop role {urlsplit(address).username}")


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("begin", ["select 1", "set role none"])
async def test_no_login_becomes_more(logins: dict[str, str], group: str, begin: str) -> None:
    done = []
    for statement in ESCALATIONS:
        async with owner_connection(logins[group]) as connection:
            await connection.execute(begin)
            try:
                await connection.execute(statement)
            except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError):
                continue
        done.append(statement)
    assert done == []


@pytest.mark.parametrize("statement", OF_ENROLLMENT)
async def test_vault_and_jobs_are_read_by_enrollment_alone(
    logins: dict[str, str], statement: str
) -> None:
    async with owner_connection(logins[ENROLLMENT_ROLE]) as connection:
        await connection.execute(statement)
    async with owner_connection(logins[ROLE]) as connection:
        for become in ("select 1", f"set role {ENROLLMENT_ROLE}"):
            with suppress(asyncpg.InsufficientPrivilegeError):
                await connection.execute(become)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


async def test_the_pools_work_with_these_logins(logins: dict[str, str]) -> None:
    for group, address in logins.items():
        async with await connect_pool(address, name="test", role=group) as pool:
            assert await pool.fetchval("select current_user") == group
            assert await pool.fetchval("select count(*) from log.events") == 0
            await pool.execute("create table dashboards.tried (); drop table dashboards.tried")


async def test_what_a_login_has_too_much_is_named(postgres: str, logins: dict[str, str]) -> None:
    for address in logins.values():
        async with owner_connection(address) as connection:
            assert await excess(connection) == []
    async with owner_connection(postgres) as connection:
        assert "is a superuser" in await excess(connection)


async def test_an_owner_that_is_no_superuser_migrates_and_is_named(embedded) -> None:
    """As `docs/how-to/operator.md` has it: one login, which owns the database, goes on working."""
    name = f"owner_{uuid4().hex[:8]}"
    own = login(urlunsplit(urlsplit(embedded.postgres)._replace(path=f"/{name}")), name, "secret")
    async with owner_connection(embedded.postgres) as server:
        await server.execute(f"create role {name} login createrole password 'secret'")
        for group in GROUPS:  # made by the tests' superuser before: such an owner had made them
            if await server.fetchval("select to_regrole($1) is not null", group):
                await server.execute(f"grant {group} to {name} with admin option")
        await server.execute(f"create database {name} owner {name}")
        try:
            assert await migrate_and_ensure(own, own, "")
            async with owner_connection(own) as connection:
                said = " ".join(await excess(connection))
                assert "owns tables of" in said
                assert "log" in said
            for group in GROUPS:
                async with await connect_pool(own, name="test", role=group) as pool:
                    assert await pool.fetchval("select count(*) from log.events") == 0
            made = login(own, f"{name}_made", "secret")
            await migrate_and_ensure(own, made, "")
            async with await connect_pool(made, name="test", role=ENROLLMENT_ROLE) as pool:
                assert await pool.fetchval("select count(*) from vault.learners") == 0
            await server.execute(f"drop database {name} with (force)")
            await server.execute(f"drop role {name}_made")
        finally:
            await server.execute(f"drop database if exists {name} with (force)")
            await server.execute(f"drop owned by {name}; drop role {name}")


async def test_a_login_that_is_there_is_left_alone(postgres: str, logins: dict[str, str]) -> None:
    other = login(postgres, str(urlsplit(logins[ROLE]).username), "another")
    async with owner_connection(postgres) as owner:
        await ensure_login(owner, other, ENROLLMENT_ROLE)
    async with owner_connection(logins[ROLE]) as connection:
        assert not await connection.fetchval(f"select pg_has_role('{ENROLLMENT_ROLE}', 'member')")
