"""Whatever somebody with all rights changes in the tables, the check finds it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from milepost.events.log import Command, NewEvent
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.events.store.verify import Fault, NoSuchTenant, head_of, headless, verify

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALLS, EVENTS = 10, 6  # each call appends six events, to two streams of its own


@pytest.fixture
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect_pool(postgres, name="test")
    yield pool
    await pool.close()


@pytest.fixture
async def written(pool: asyncpg.Pool, tenant: str) -> str:
    """A tenant with sixty events; the name is its own."""
    log = PostgresLog(pool)
    for call in range(CALLS):
        commands = [_command(f"thing-{call}-{half}") for half in "ab"]
        await log.append(tenant, commands)
    return tenant


def _command(stream: str) -> Command:
    events = tuple(
        NewEvent(
            stream=stream,
            type="thing_happened",
            data=b'{"n": %d}' % number,
            occurred_at=WHEN,
            event_id=uuid4(),
        )
        for number in range(EVENTS // 2)
    )
    return Command(command_id=uuid4(), expects=((stream, 0),), events=events)


async def tamper(postgres: str, *statements: str) -> None:
    """As a superuser who has switched the guards off."""
    connection = await asyncpg.connect(postgres)
    await connection.execute("set session_replication_role = replica")
    for statement in statements:
        assert not (await connection.execute(statement)).endswith(" 0"), "nothing was changed"
    await connection.close()


def found(faults: list[Fault]) -> set[tuple[str, int, int]]:
    return {(fault.fault, fault.first, fault.last) for fault in faults}


async def test_an_untouched_log_is_sound(pool: asyncpg.Pool, written: str):
    done: list[int] = []
    assert await verify(pool, written, done.append) == []
    assert sum(done) == CALLS * EVENTS


async def test_a_call_that_left_some_out_is_sound(pool: asyncpg.Pool, tenant: str):
    log = PostgresLog(pool)
    first, again = _command("thing-1"), _command("thing-1")
    answers = await log.append(tenant, [first, again, first, _command("thing-2")])
    assert [type(one).__name__ for one in answers] == [
        *("Appended", "Conflict", "AlreadyDone", "Appended"),
    ]
    assert await verify(pool, tenant) == []


@pytest.mark.parametrize(
    "change",
    [
        """data = '{"n": 7}'""",
        """metadata = '{"actor": "x"}'""",
        "type = 'other'",
        "stream = stream || 'x'",
        "occurred_at = occurred_at + interval '1 microsecond'",
        "recorded_at = recorded_at - interval '1 microsecond'",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "event_id = gen_random_uuid()",
        "version = version + 10",
    ],
)
async def test_a_changed_column_is_found(
    pool: asyncpg.Pool, postgres: str, written: str, change: str
):
    where = f"tenant = '{written}' and position = 15"
    await tamper(postgres, f"update log.events set {change} where {where}")
    assert ("event_changed", 13, 18) in found(await verify(pool, written))


async def test_a_removed_row_is_found(pool: asyncpg.Pool, postgres: str, written: str):
    await tamper(postgres, f"delete from log.events where tenant = '{written}' and position = 15")
    assert ("event_missing", 13, 18) in found(await verify(pool, written))


@pytest.mark.parametrize(("one", "other"), [(13, 14), (15, 40)])
async def test_swapped_rows_are_found(
    pool: asyncpg.Pool, postgres: str, written: str, one: int, other: int
):
    swap = "update log.events set position = {} where tenant = '{}' and position = {}"
    await tamper(
        postgres,
        swap.format(1000, written, one),
        swap.format(one, written, other),
        swap.format(other, written, 1000),
    )
    faults = found(await verify(pool, written))
    assert {f for f in faults if f[0] == "event_changed"} == {
        ("event_changed", (at - 1) // EVENTS * EVENTS + 1, -(-at // EVENTS) * EVENTS)
        for at in (one, other)
    }


async def test_a_removed_link_is_found(pool: asyncpg.Pool, postgres: str, written: str):
    await tamper(postgres, f"delete from log.links where tenant = '{written}' and last = 18")
    assert found(await verify(pool, written)) == {("link_missing", 13, 24)}


async def test_an_event_put_behind_the_head_is_found(
    pool: asyncpg.Pool, postgres: str, written: str
):
    await tamper(
        postgres,
        f"""insert into log.events select tenant, 61, 'thing-x', 1, type, data, metadata,
            occurred_at, recorded_at, gen_random_uuid() from log.events
            where tenant = '{written}' and position = 1""",
    )
    assert ("head_changed", 61, 61) in found(await verify(pool, written))


async def test_an_event_put_before_the_first_is_found(
    pool: asyncpg.Pool, postgres: str, written: str
):
    await tamper(
        postgres,
        "alter table log.events drop constraint events_position_check",
        f"""insert into log.events select tenant, -7, 'thing-0-a', 4, type, data, metadata,
            occurred_at, recorded_at, gen_random_uuid() from log.events
            where tenant = '{written}' and position = 1""",
    )
    try:
        assert found(await verify(pool, written)) == {("event_added", -7, 0)}
    finally:
        await tamper(
            postgres,
            "delete from log.events where position < 1",
            "alter table log.events add check (position > 0)",
        )


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        ("delete from log.commands where tenant = '{}' and last = 18", (16, 18)),
        ("delete from log.commands where tenant = '{}' and last = 60", (58, 60)),
        ("update log.commands set first = 1, last = 3 where tenant = '{}' and last = 18", None),
        ("update log.commands set last = 24 where tenant = '{}' and last = 18", (19, 21)),
        (
            """update log.commands set command_id = gen_random_uuid()
                where tenant = '{}' and last = 18""",
            (13, 18),
        ),
    ],
)
async def test_commands_that_could_be_done_again_are_found(
    pool: asyncpg.Pool, postgres: str, written: str, tampering: str, fault: tuple[int, int] | None
):
    await tamper(postgres, tampering.format(written))
    faults = found(await verify(pool, written))
    assert {kind for kind, _, _ in faults} == {"command_changed"}
    assert fault is None or ("command_changed", *fault) in faults


@pytest.mark.parametrize("tampering", ["delete from log.heads", "update log.heads set head = 0"])
async def test_a_tenant_whose_head_is_gone_is_found(
    pool: asyncpg.Pool, postgres: str, written: str, tampering: str
):
    await tamper(postgres, f"{tampering} where tenant = '{written}'")
    [fault] = [one for one in await headless(pool) if one.tenant == written]
    assert (fault.fault, fault.first, fault.last) == ("head_changed", 1, 60)


async def test_a_cut_off_end_is_found(pool: asyncpg.Pool, postgres: str, written: str):
    await tamper(postgres, f"delete from log.events where tenant = '{written}' and position > 54")
    assert ("head_changed", 55, 60) in found(await verify(pool, written))


async def test_a_chain_that_was_forged_whole_does_not_match_a_kept_head(
    pool: asyncpg.Pool, postgres: str, written: str
):
    kept = await head_of(pool, written)
    await tamper(
        postgres,
        f"""delete from log.events where tenant = '{written}' and position > 54""",
        f"""delete from log.links where tenant = '{written}' and last > 54""",
        f"""delete from log.commands where tenant = '{written}' and last > 54""",
        f"""update log.heads h set head = 54, link = l.link from log.links l
            where h.tenant = '{written}' and l.tenant = h.tenant and l.last = 54""",
    )
    assert await verify(pool, written) == []
    assert found(await verify(pool, written, against=[kept])) == {("rewritten", 1, 60)}


async def test_a_head_that_still_stands_is_no_fault(pool: asyncpg.Pool, written: str):
    kept = await head_of(pool, written)
    await PostgresLog(pool).append(written, [_command("thing-later")])
    assert await verify(pool, written, against=[kept]) == []


async def test_one_tenants_fault_is_not_anothers(pool: asyncpg.Pool, postgres: str, written: str):
    other = f"{written}-b"
    await PostgresLog(pool).append(other, [_command("thing-1")])
    await tamper(postgres, f"update log.events set type = 'x' where tenant = '{written}'")
    assert await verify(pool, other) == []
    with pytest.raises(NoSuchTenant):
        await verify(pool, f"{written}-c")
