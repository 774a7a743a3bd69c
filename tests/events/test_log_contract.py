"""One contract for every log: what a writer and a reader may rely on."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from tests.events.given import WHEN, command, event, shapes

from milepost.events.log import (
    AlreadyDone,
    Appended,
    Command,
    Conflict,
    DuplicateEventId,
    Log,
    event_at,
    pages,
    position_at,
    read_page,
)
from milepost.events.store.postgres import PostgresLog, Unstorable, connect_pool


async def test_positions_run_from_one_without_gaps(log: Log, tenant: str) -> None:
    results = await log.append(tenant, [command(("a-1", 0), events=2), command(("a-2", 0))])
    assert shapes(results) == [(1, 2), (3, 3)]
    recorded = await log.read(tenant)
    assert [(e.position, e.stream, e.version) for e in recorded] == [
        (1, "a-1", 1),
        (2, "a-1", 2),
        (3, "a-2", 1),
    ]
    assert (await log.heads())[tenant] == 3
    assert await log.heads([tenant, "nobody"]) == {tenant: 3}
    assert await log.heads([]) == {}


async def test_an_event_is_read_back_as_it_was_written(log: Log, tenant: str) -> None:
    new = event("a-1", data=b'{"name":"\xc3\xa9"}')
    await log.append(tenant, [Command(command_id=uuid4(), expects=(("a-1", 0),), events=(new,))])
    [read] = await log.read_stream(tenant, "a-1")
    assert (read.tenant, read.type, read.occurred_at, read.event_id) == (
        tenant,
        new.type,
        WHEN,
        new.event_id,
    )
    assert read.data.replace(b" ", b"") == new.data
    assert read.recorded_at.tzinfo is not None


async def test_a_wrong_version_is_a_conflict_and_writes_nothing(log: Log, tenant: str) -> None:
    await log.append(tenant, [command(("a-1", 0), events=2)])
    results = await log.append(tenant, [command(("a-1", 1)), command(("b-1", 0))])
    assert shapes(results) == [Conflict("a-1", 2), (3, 3)]


async def test_a_command_sees_what_an_earlier_one_of_the_call_wrote(log: Log, tenant: str) -> None:
    results = await log.append(
        tenant, [command(("a-1", 0)), command(("a-1", 0)), command(("a-1", 1))]
    )
    assert shapes(results) == [(1, 1), Conflict("a-1", 1), (2, 2)]


async def test_several_streams_are_written_all_or_none(log: Log, tenant: str) -> None:
    await log.append(tenant, [command(("b-1", 0))])
    refused, done = await log.append(
        tenant, [command(("a-1", 0), ("b-1", 0)), command(("a-1", 0), ("b-1", 1))]
    )
    assert refused == Conflict("b-1", 1)
    assert shapes([done]) == [(2, 3)]
    assert [e.version for e in await log.read_stream(tenant, "b-1")] == [1, 2]


async def test_the_same_command_is_done_once(log: Log, tenant: str) -> None:
    one = command(("a-1", 0), events=2)
    other = command(("a-2", 0))
    assert shapes(await log.append(tenant, [one, one])) == [(1, 2), AlreadyDone(1, 2)]
    assert shapes(await log.append(tenant, [other, one])) == [(3, 3), AlreadyDone(1, 2)]
    assert await log.done(tenant, [one.command_id, uuid4()]) == {one.command_id: AlreadyDone(1, 2)}
    assert len(await log.read(tenant)) == 3


async def test_of_three_twins_in_a_call_one_is_done_though_the_first_is_in_conflict(
    log: Log, tenant: str
) -> None:
    name = uuid4()
    twins = [command(("a-1", version), named=name) for version in (3, 0, 0)]
    assert shapes(await log.append(tenant, twins)) == [
        Conflict("a-1", 0),
        (1, 1),
        AlreadyDone(1, 1),
    ]


async def test_a_command_that_was_in_conflict_may_come_again(log: Log, tenant: str) -> None:
    name = uuid4()
    await log.append(tenant, [command(("a-1", 3), named=name)])
    assert shapes(await log.append(tenant, [command(("a-1", 0), named=name)])) == [(1, 1)]


async def test_a_command_falls_with_the_one_it_was_decided_on(log: Log, tenant: str) -> None:
    """The version fits, by somebody else's event: it must not stand all the same."""
    await log.append(tenant, [command(("a-1", 0))])
    foreseen = command(("a-1", 0))
    decided_on_it = command(("a-1", 1), after=(foreseen.command_id,))
    results = await log.append(tenant, [foreseen, decided_on_it])
    assert results == [Conflict("a-1", 1), Conflict("a-1", 1)]
    assert len(await log.read(tenant)) == 1


async def test_a_chain_in_one_call_stands_together(log: Log, tenant: str) -> None:
    first = command(("a-1", 0))
    second = command(("a-1", 1), after=(first.command_id,))
    third = command(("a-1", 2), after=(second.command_id,))
    assert shapes(await log.append(tenant, [first, second, third])) == [(1, 1), (2, 2), (3, 3)]


async def test_a_command_stands_whatever_repeats_its_foundation_later(
    log: Log, tenant: str
) -> None:
    first = command(("a-1", 0))
    second = command(("a-1", 1), after=(first.command_id,))
    answers = await log.append(tenant, [first, second, first])
    assert shapes(answers) == [(1, 1), (2, 2), AlreadyDone(1, 1)]


async def test_tenants_do_not_see_each_other(log: Log, tenant: str) -> None:
    other = f"{tenant}-other"
    same = command(("a-1", 0))
    assert shapes(await log.append(tenant, [same])) == [(1, 1)]
    assert shapes(await log.append(other, [same])) == [(1, 1)]
    assert [e.tenant for e in await log.read(tenant)] == [tenant]
    assert [e.tenant for e in await log.read_stream(other, "a-1")] == [other]


async def test_reads_start_after_a_position_and_pick_types(log: Log, tenant: str) -> None:
    kinds = ["one", "two", "one", "two"]
    events = tuple(event("a-1", kind=kind) for kind in kinds)
    await log.append(tenant, [Command(command_id=uuid4(), expects=(("a-1", 0),), events=events)])
    assert [e.position for e in await log.read(tenant, after=1, limit=2)] == [2, 3]
    assert [e.position for e in await log.read(tenant, types=["two"])] == [2, 4]
    assert [e.position for e in await log.read(tenant, types=["two"], upto=3)] == [2]
    for limit in (3, 100):
        assert [e.position for e in await log.read(tenant, 1, limit, upto=3)] == [2, 3]
    assert [e.version for e in await log.read_stream(tenant, "a-1", after=2)] == [3, 4]


async def alternate(log: Log, tenant: str, count: int) -> None:
    """Events of two kinds in turn, in a stream each."""
    for number in range(count):
        kind = "one" if number % 2 == 0 else "two"
        new = event(f"a-{number}", kind=kind)
        made = Command(command_id=uuid4(), expects=((new.stream, 0),), events=(new,))
        await log.append(tenant, [made])


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 8, 100])
async def test_pages_hold_everything_once_up_to_the_end(log: Log, tenant: str, limit: int) -> None:
    await alternate(log, tenant, 7)
    found = [page async for page in pages(log, tenant, limit=limit)]
    assert [e.position for page in found for e in page.events] == [1, 2, 3, 4, 5, 6, 7]
    assert all(len(page.events) <= limit for page in found)
    assert found[-1].reached == 7
    assert all(page.events[-1].position == page.reached for page in found[:-1])


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_hold_the_kinds_asked_for_between_two_positions(
    log: Log, tenant: str, limit: int
) -> None:
    await alternate(log, tenant, 9)
    asked = pages(log, tenant, 2, upto=6, types=["one"], limit=limit)
    found = [page async for page in asked]
    assert [e.position for page in found for e in page.events] == [3, 5]
    assert found[-1].reached == 6, "what has no such kind has been read too"


async def test_a_tenant_without_events_has_no_pages(log: Log, tenant: str) -> None:
    assert [page async for page in pages(log, tenant)] == []


async def test_pages_end_where_the_log_ended_when_they_were_asked_for(
    log: Log, tenant: str
) -> None:
    """Else whoever reads them while people work might never come to an end."""
    await alternate(log, tenant, 3)
    found = []
    async for page in pages(log, tenant, limit=2):
        found += [e.position for e in page.events]
        await log.append(tenant, [command((f"b-{page.reached}", 0), events=5)])
    assert found == [1, 2, 3]


async def test_a_page_is_read_up_to_the_head_and_what_came_since(log: Log, tenant: str) -> None:
    await alternate(log, tenant, 5)
    full = await read_page(log, tenant, 0, 5, types=["one"], limit=2)
    assert ([e.position for e in full.events], full.reached) == ([1, 3], 3)
    last = await read_page(log, tenant, 3, 4, types=["one"], limit=2)
    assert ([e.position for e in last.events], last.reached) == ([5], 5)
    none = await read_page(log, tenant, 3, 4, types=["three"], limit=2)
    assert (none.events, none.reached) == ([], 4)


async def test_a_time_has_the_last_position_recorded_by_then(log: Log, tenant: str) -> None:
    await alternate(log, tenant, 6)
    times = [(await event_at(log, tenant, n)).recorded_at for n in range(1, 7)]
    first_moment = timedelta(microseconds=1)
    assert await position_at(log, tenant, times[0] - first_moment, 6) == 0
    for at in times:
        expected = sum(recorded_at <= at for recorded_at in times)
        assert await position_at(log, tenant, at, 6) == expected
        assert await position_at(log, tenant, at, 2) == min(expected, 2)


async def test_a_category_holds_its_streams_and_no_others(log: Log, tenant: str) -> None:
    streams = ["a-1", "ab-1", "a-2-x", "b-1", "a-1"]
    versions: dict[str, int] = {}
    for stream in streams:
        await log.append(tenant, [command((stream, versions.get(stream, 0)))])
        versions[stream] = versions.get(stream, 0) + 1
    assert [e.position for e in await log.read_category(tenant, "a")] == [1, 3, 5]
    assert [e.position for e in await log.read_category(tenant, "a", after=1)] == [3, 5]


async def test_writers_at_once_leave_no_gap_and_no_double(log: Log, tenant: str) -> None:
    async def write(writer: int) -> list[object]:
        answers: list[object] = []
        for number in range(20):
            answers += await log.append(
                tenant, [command((f"own-{writer}", number)), command(("all-1", number))]
            )
        return answers

    answers = [a for part in await asyncio.gather(*map(write, range(6))) for a in part]
    recorded = await log.read(tenant, limit=10_000)
    assert [e.position for e in recorded] == list(range(1, len(recorded) + 1))
    assert len(recorded) == sum(isinstance(a, Appended) for a in answers)
    shared = [e.version for e in recorded if e.stream == "all-1"]
    assert shared == list(range(1, len(shared) + 1))


async def test_an_events_id_is_given_once(log: Log, tenant: str) -> None:
    first = command(("a-1", 0))
    await log.append(tenant, [first])
    again = Command(command_id=uuid4(), expects=(("a-1", 1),), events=first.events)
    with pytest.raises(DuplicateEventId):
        await log.append(tenant, [command(("b-1", 0)), again])
    twice = event("c-1"), event("c-1")
    twins = (twice[0], msgspec.structs.replace(twice[1], event_id=twice[0].event_id))
    with pytest.raises(DuplicateEventId):
        await log.append(tenant, [Command(command_id=uuid4(), expects=(("c-1", 0),), events=twins)])
    assert [one.stream for one in await log.read(tenant)] == ["a-1"]
    assert await log.append(tenant, [first]) == [AlreadyDone(1, 1)]
    assert isinstance((await log.append(tenant, [command(("b-1", 0))]))[0], Appended)


async def test_text_that_postgres_cannot_hold_is_refused(postgres: str, tenant: str) -> None:
    pool = await connect_pool(postgres, name="test")
    bad = Command(
        command_id=uuid4(), expects=(("a-1", 0),), events=(event("a-1", b'{"n":"\\u0000"}'),)
    )
    with pytest.raises(Unstorable):
        await PostgresLog(pool).append(tenant, [bad])
    await pool.close()


async def test_the_log_takes_events_in_order_of_time_whatever_the_clock_does(
    postgres: str, tenant: str
) -> None:
    pool = await connect_pool(postgres, name="test")
    log = PostgresLog(pool)
    await log.append(tenant, [command(("a-1", 0))])
    connection = await asyncpg.connect(postgres)
    await connection.execute("set session_replication_role = replica")
    put_on = "update log.events set recorded_at = recorded_at + interval '1 hour' where tenant = $1"
    await connection.execute(put_on, tenant)
    await connection.close()
    await log.append(tenant, [command(("a-1", 1))])
    first, second = await log.read(tenant)
    assert first.recorded_at == second.recorded_at
    await pool.close()


@pytest.mark.parametrize(
    "statement",
    [
        "update log.events set type = 'other'",
        "delete from log.events",
        "truncate log.events",
        "delete from log.commands",
        "delete from log.heads",
    ],
)
@pytest.mark.parametrize("role", ["milepost_service", "none"])
async def test_the_database_refuses_to_change_the_past(
    postgres: str, statement: str, role: str
) -> None:
    connection = await asyncpg.connect(postgres, server_settings={"role": role})
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
    await connection.close()


async def test_services_cannot_write_beside_the_append_function(postgres: str) -> None:
    connection = await asyncpg.connect(postgres, server_settings={"role": "milepost_service"})
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("insert into log.heads values ('x', 1)")
    await connection.close()
