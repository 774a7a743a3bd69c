"""What must never go wrong with the log itself, each forced to the point where it could.

A scenario ends quietly on a sound log; on one that lacks a guard it raises, in the words that the
table of guards quotes.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import asyncpg
from tests.events.given import command
from tests.events.hindered import blocked, holding
from tests.events.soundness import unsound

from milepost.events.log import AlreadyDone, Appended, Command, Conflict, Log
from milepost.events.store.postgres import PostgresLog


class Ground(NamedTuple):
    """Where a scenario is played: a database, a tenant, and the Transactor to play with."""

    dsn: str
    pool: asyncpg.Pool
    tenant: str
    transactor: Callable[[Log], Any]

    @property
    def log(self) -> PostgresLog:
        return PostgresLog(self.pool)

    async def append(self, *commands: Command) -> list[Any]:
        return list(await self.log.append(self.tenant, commands))

    async def expect_sound(self) -> None:
        complaints = await unsound(self.pool, self.tenant)
        assert not complaints, "; ".join(complaints)


async def a_writer_waits_for_the_one_before(ground: Ground) -> None:
    await ground.append(command(("a-1", 0)))
    async with holding(ground.dsn, ground.tenant, command(("a-2", 0))) as held:
        later = asyncio.create_task(ground.append(command(("a-3", 0))))
        await blocked(ground.pool, 1, later)
        await held.commit()
        [answer] = await later
    assert answer.first == 3, "a position was given out twice"
    await ground.expect_sound()


async def a_stale_decision_is_not_appended(ground: Ground) -> None:
    await ground.append(command(("a-1", 0)))
    [answer] = await ground.append(command(("a-1", 0)))
    assert answer == Conflict("a-1", 1), "a stale decision was appended"


async def a_decision_falls_with_its_foundation(ground: Ground) -> None:
    await ground.append(command(("a-1", 0)))
    lost = command(("a-1", 0))
    [_, answer] = await ground.append(lost, command(("a-1", 1), after=(lost.command_id,)))
    assert isinstance(answer, Conflict), "it stands on an append that was in conflict"


async def a_decision_falls_with_a_repeated_foundation(ground: Ground) -> None:
    done = command(("a-1", 0))
    await ground.append(done)
    [_, answer] = await ground.append(done, command(("a-1", 1), after=(done.command_id,)))
    assert isinstance(answer, Conflict), "it stands on an append of another call"


async def a_repeated_command_is_not_done_again(ground: Ground) -> None:
    """The repeat was decided on the present state, so that its versions fit."""
    first = command(("a-1", 0))
    await ground.append(first)
    [answer] = await ground.append(command(("a-1", 1), named=first.command_id))
    assert answer == AlreadyDone(1, 1), "a command was done twice"


async def a_twin_in_one_call_is_not_done_again(ground: Ground) -> None:
    first = command(("a-1", 0))
    [_, answer] = await ground.append(first, command(("a-1", 1), named=first.command_id))
    assert answer == AlreadyDone(1, 1), "a command was done twice"


async def a_command_on_two_streams_is_never_half_done(ground: Ground) -> None:
    await ground.append(command(("b-1", 0)))
    await ground.append(command(("a-1", 0), ("b-1", 0)))
    half = await ground.log.read_stream(ground.tenant, "a-1")
    assert not half, "half of a command was done"


async def a_command_in_conflict_writes_nothing(ground: Ground) -> None:
    await ground.append(command(("a-1", 0)))
    await ground.append(command(("a-1", 5)))
    recorded = await ground.log.read(ground.tenant)
    assert len(recorded) == 1, "a conflict was appended"


async def tenants_have_streams_of_their_own(ground: Ground) -> None:
    await ground.log.append(f"{ground.tenant}-other", [command(("a-1", 0))])
    [answer] = await ground.append(command(("a-1", 0)))
    assert isinstance(answer, Appended), "another tenant's stream counts"


async def tenants_have_commands_of_their_own(ground: Ground) -> None:
    same = command(("a-1", 0))
    await ground.log.append(f"{ground.tenant}-other", [same])
    [answer] = await ground.append(same)
    assert isinstance(answer, Appended), "another tenant's command counts"


async def time_does_not_run_backwards(ground: Ground) -> None:
    """A transaction began before the append that comes before its own."""
    async with holding(ground.dsn, ground.tenant) as held:
        await held.connection.fetchval("select now()")
        await ground.append(command(("a-1", 0)))
        await held.log.append(ground.tenant, [command(("a-2", 0))])
        await held.commit()
    await ground.expect_sound()


async def nobody_writes_a_position_twice(ground: Ground) -> None:
    said = await _as_superuser(ground, COPY.format("position", "stream || '-other'", "version"))
    assert said == "UniqueViolationError", "a position was written twice"


async def nobody_writes_a_version_twice(ground: Ground) -> None:
    said = await _as_superuser(ground, COPY.format("position + 1", "stream", "version"))
    assert said == "UniqueViolationError", "a version was written twice"


async def nobody_changes_the_past(ground: Ground, table: str) -> None:
    said = await _as_superuser(ground, f"delete from {table}")
    assert said == "InsufficientPrivilegeError", f"{table} was emptied"


async def services_only_append(ground: Ground) -> None:
    copy = COPY.format("position + 1", "stream", "version + 1")
    said = await _as_superuser(ground, f"set role milepost_service; {copy}")
    assert said == "InsufficientPrivilegeError", "a service wrote beside the function"


async def readers_do_not_append(ground: Ground) -> None:
    call = f"select log.append({', '.join(['$1'] + [EMPTY] * 14)})"
    said = await _as_superuser(ground, f"set role pg_read_all_data; {call}")
    assert said == "InsufficientPrivilegeError", "a mere reader may append"


COPY = """insert into log.events (tenant, position, stream, version, type, data, metadata,
        occurred_at, recorded_at, event_id)
    select tenant, {}, {}, {}, type, data, metadata, occurred_at, recorded_at, gen_random_uuid()
    from log.events where tenant = $1"""
EMPTY = "'{}'"


async def _as_superuser(ground: Ground, statements: str) -> str:
    """What Postgres says to it, after one event was appended."""
    await ground.append(command(("a-1", 0)))
    connection = await asyncpg.connect(ground.dsn)
    try:
        await connection.execute(statements.replace("$1", f"'{ground.tenant}'"))
    except asyncpg.PostgresError as error:
        return type(error).__name__
    finally:
        await connection.close()
    return "done"
