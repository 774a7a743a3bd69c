"""`milepost parked` and `milepost tail` as an operator has them: processes of their own."""

import asyncio
import json
import os
from uuid import uuid4

import pytest
from tests.commands.forked import forked
from tests.events.traffic import append, relaying
from tests.tenants import new_tenant

from milepost.events.nats.jetstream import connected, ensure_stream
from milepost.events.parking.operator_actions import decisions, find
from milepost.events.parking.parked import Failure, park
from milepost.events.store.memory import MemoryLog
from milepost.events.store.postgres import PostgresLog, connect_pool


@pytest.fixture
async def pool(postgres):
    pool = await connect_pool(postgres, name="test")
    yield pool
    await pool.close()


@pytest.fixture
async def parked(pool):
    """Two parked events of one stream, the second behind the first: their numbers."""
    log, tenant, consumer = PostgresLog(pool), new_tenant(), f"c-{uuid4().hex[:8]}"
    await append(log, tenant, "enrollment-a", 1, 2)
    async with pool.acquire() as connection:
        failures = [Failure(tenant, 1, "enrollment-a", "Poison(1)", 3)]
        await park(connection, consumer, [*failures, Failure(tenant, 2, "enrollment-a")])
    rows = await pool.fetch(
        "select id from consumer.parked where consumer = $1 order by 1", consumer
    )
    return [row["id"] for row in rows]


@pytest.fixture
def milepost(postgres, nats_url):
    env = {**os.environ, "MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url}

    def start(*arguments, stderr=asyncio.subprocess.STDOUT):
        return asyncio.create_subprocess_exec(
            *forked(),
            *map(str, arguments),
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )

    return start


async def output(starting):
    process = await starting
    out, _ = await process.communicate()
    return process.returncode, out.decode()


async def test_list_names_what_is_parked_and_what_waits_behind_it(milepost, parked):
    code, out = await output(milepost("parked", "list", "--json"))
    found = [one for one in json.loads(out) if one["id"] in parked]
    assert code == 0
    assert [(one["status"], one["error"]) for one in found] == [
        ("parked", "Poison(1)"),
        ("behind", ""),
    ]
    code, out = await output(milepost("parked", "list"))
    assert code == 0
    assert "enrollment-a" in out


@pytest.mark.usefixtures("parked")
async def test_a_list_that_is_cut_says_so(milepost):
    code, out = await output(milepost("parked", "list", "--limit", "1"))
    assert code == 0
    assert "--limit" in out.splitlines()[-1]


async def test_show_has_the_event_itself(milepost, parked):
    code, out = await output(milepost("parked", "show", parked[0], "--json"))
    assert code == 0
    shown = json.loads(out)
    assert (shown["position"], shown["data"]) == (1, {"number": 1})


async def test_show_prints_no_python(milepost, parked):
    code, out = await output(milepost("parked", "show", parked[0]))
    assert code == 0
    shown = dict(line.split(None, 1) for line in out.splitlines())
    assert shown["data"] == '{"number":1}'
    assert shown["metadata"] == "{}"
    assert shown["decisions"] == "-"
    assert shown["occurred_at"] == "2026-09-01T08:30:00Z"
    code, out = await output(milepost("parked", "skip", parked[0], "--reason", "it's broken"))
    assert code == 0
    code, out = await output(milepost("parked", "show", parked[0]))
    shown = dict(line.split(None, 1) for line in out.splitlines())
    assert [one["reason"] for one in json.loads(shown["decisions"])] == ["it's broken"]


async def test_skip_wants_a_reason_and_keeps_it(milepost, pool, parked):
    code, out = await output(milepost("parked", "skip", parked[0]))
    assert code == 2
    assert "--reason" in out
    code, _ = await output(
        milepost("parked", "skip", parked[0], "--reason", "broken import", "--actor", "ada")
    )
    assert code == 0
    row = await find(pool, parked[0])
    assert row.status == "skip"
    [decision] = await decisions(pool, row)
    assert (decision.actor, decision.reason) == ("ada", "broken import")
    code, out = await output(milepost("parked", "show", parked[0], "--json"))
    assert [one["reason"] for one in json.loads(out)["decisions"]] == ["broken import"]


async def test_all_that_failed_in_a_consumer_is_retried_at_once(milepost, pool, parked):
    consumer = (await find(pool, parked[0])).consumer
    code, out = await output(milepost("parked", "retry", "--all", consumer, "--actor", "ada"))
    assert (code, out) == (0, f"{consumer} tries 1 events again.\n")
    assert [(await find(pool, one)).status for one in parked] == ["retry", "behind"]
    code, out = await output(milepost("parked", "retry"))
    assert (code, "--all" in out) == (2, True)


async def test_what_cannot_be_retried_says_what_can(milepost, parked):
    code, out = await output(milepost("parked", "retry", parked[1]))
    assert code == 1
    assert out == (
        f"milepost: {parked[1]} only waits behind {parked[0]}: retry or skip that one.\n"
    )
    code, out = await output(milepost("parked", "retry", "--all", "nobody"))
    assert (code, out.startswith("Nothing that failed is parked in nobody: ")) == (0, True)
    for wrong in ((), ("7", "--all", "c"), ("7", "--tenant", "t")):
        assert (await output(milepost("parked", "retry", *wrong)))[0] == 2
    code, out = await output(milepost("parked", "retry", 10**9))
    assert (code, out) == (1, "milepost: Nothing parked has the number 1000000000.\n")


async def test_tail_prints_what_was_published_and_what_comes(milepost, postgres, nats_url):
    log = MemoryLog()
    async with connected(nats_url, "test") as client:
        await ensure_stream(client.jetstream())
    async with relaying(log, postgres, nats_url):
        await append(log, "north", "enrollment-a", 1)
        await append(log, "south", "enrollment-b", 2)
        async with connected(nats_url, "test") as client:
            for headers in (None, {"Milepost-Tenant": "north"}):
                await client.jetstream().publish("milepost.north.a.b", b"?", headers=headers)
        tail = await milepost(
            *("tail", "--tenant", "north", "--from-start", "--json"), stderr=asyncio.subprocess.PIPE
        )
        assert tail.stdout
        assert tail.stderr
        async with asyncio.timeout(30):
            first = json.loads(await tail.stdout.readline())
            await append(log, "north", "enrollment-a", 3)
            second = json.loads(await tail.stdout.readline())
            waits = await tail.stderr.readline()
            passed_over = [await tail.stderr.readline() for _ in range(2)]
        tail.kill()
        await tail.wait()
    assert waits == b"Following milepost.north.*.*; Ctrl-C ends it.\n"
    said = "Passed over: milepost.north.a.b is no event of Milepost's (%d by now).\n"
    assert [line.decode() for line in passed_over] == [said % 1, said % 2]
    assert [first["data"], second["data"]] == [{"number": 1}, {"number": 3}]
    assert (first["tenant"], first["position"], first["type"]) == ("north", 1, "learner_enrolled")


async def test_tail_refuses_an_event_that_nobody_publishes(milepost):
    code, out = await output(milepost("tail", "--event", "credential_awardd", "--tenant", "a b"))
    assert code == 2
    assert "credential_awarded" in out
    assert "'a b' cannot be a school" in out
