"""A difference of each kind is planted, and the proof turns red and names it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from nats.js import JetStreamContext
from tests.clients import School
from tests.dashboards.history import project, record
from tests.events.test_tamper_evidence import tamper

from milepost.contracts.records import CredentialRevoked
from milepost.events.integrity.results import (
    PARTS,
    Difference,
    Part,
    Result,
    keep,
    next_due,
    read_integrity,
)
from milepost.events.nats.jetstream import STREAM
from milepost.events.parking.parked import Failure, park
from milepost.events.projections.generations import generations
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.postgres import connect_pool
from milepost.operations.console.integrity.checks import check_awards
from milepost.operations.console.integrity.stream_check import check_stream
from milepost.operations.console.integrity.worker import DAILY, EVERY, Check, checks_of_log, look
from milepost.operations.rooms import read_models
from milepost.operations.serving.relay import relay_of
from milepost.web.settings import Settings

MODEL = "learner_overview"


@pytest.fixture
async def checks(
    postgres: str,
    nats_url: str,
    js: JetStreamContext,  # noqa: ARG001 - an empty one
) -> AsyncIterator[Mapping[Part, Check]]:
    """As the processes have them, without their pauses; a relay has published what there was."""
    settings = Settings(postgres=postgres, nats=nats_url)
    async with await connect_pool(
        postgres, name="checks", size=12, command_timeout_seconds=None
    ) as pool:
        relay = asyncio.create_task(relay_of(settings, pool).run())

        async def awards(tenant: str, head: int) -> Any:
            return await check_awards(pool, tenant, head, again_seconds=0)

        async def stream(tenant: str, head: int) -> Any:
            return await check_stream(pool, settings.nats_server, tenant, head, patience_seconds=30)

        yield {**checks_of_log(pool, read_models()), "awards": awards, "stream": stream}
        await cancel_and_wait(relay)


async def looked(school: School, pool: asyncpg.Pool, checks: Mapping[Part, Check]) -> Any:
    """What people see after somebody has asked, and all parts were looked at."""
    asked = await school.post("/operations/integrity/checks", {})
    assert {one["pending"] for one in asked.json()["parts"]} == {True}
    for part in PARTS:
        assert await look(pool, part, checks[part], by_itself=False)
    return (await school.get("/operations/integrity", by="issuer")).json()


def verdicts(found: Any) -> dict[str, str]:
    return {one["part"]: one["verdict"] for one in found["parts"]}


def kinds(found: Any, part: str) -> set[str]:
    [one] = [one for one in found["parts"] if one["part"] == part]
    return {difference["kind"] for difference in one["differences"]}


async def test_a_difference_of_each_kind_is_seen(
    school: School,
    pool: asyncpg.Pool,
    postgres: str,
    checks: Mapping[Part, Check],
    js: JetStreamContext,
):
    nobody = (await school.get("/operations/integrity")).json()
    assert (nobody["verdict"], nobody["position"]) == ("unknown", None)

    found = await looked(school, pool, checks)
    assert set(verdicts(found).values()) == {"equal"}, found
    assert found["position"] == found["head"] > 0
    assert "building" not in (await generations(pool, [MODEL]))[MODEL], "nothing is left over"

    await js.delete_msg(STREAM, 1)
    found = await looked(school, pool, checks)
    assert verdicts(found) == dict.fromkeys(PARTS, "equal") | {"stream": "differs"}
    assert kinds(found, "stream") == {"lost"}

    live = (await generations(pool, [MODEL]))[MODEL]["live"]
    table = live.table(live.tables[0])
    await pool.execute(f"delete from {table} where ctid = (select min(ctid) from {table})")
    async with pool.acquire() as connection:
        failure = Failure("default", 1, "DATA-101", "Poison(1)", 3)
        await park(connection, "projection/catalog", [failure], await catalog(pool))
    found = await looked(school, pool, checks)
    assert kinds(found, "models") == {"row", "parked"}

    revoked = CredentialRevoked(
        credential=str(uuid4()), learner="ana", achievement="badge", reason="planted"
    )
    await record(pool, "default", [("record-ana", revoked)])
    await project(pool)
    found = await looked(school, pool, checks)
    assert kinds(found, "awards") == {"unknown"}

    await tamper(postgres, "update log.events set data = '{}' where position = 2")
    found = await looked(school, pool, checks)
    assert kinds(found, "log") == {"event_changed"}
    assert found["verdict"] == "differs"
    assert set(verdicts(found).values()) == {"differs"}


async def catalog(pool: asyncpg.Pool) -> int:
    return (await generations(pool, ["catalog"]))["catalog"]["live"].generation


async def test_it_looks_by_itself_no_more_often_than_said(school: School, pool: asyncpg.Pool):
    async def fine(tenant: str, head: int) -> Any:
        raise TimeoutError(f"{tenant} at {head}")

    while await look(pool, "log", fine, by_itself=True):
        pass
    due = await next_due(pool, "log", every=EVERY["log"], at_least=DAILY)
    assert due is None, "it was looked at a moment ago"
    await pool.execute(
        "update integrity.results set asked_at = null, began_at = now() - interval '2 hours'"
    )
    assert (await school.publish("ART", by="registrar")).status_code == 201
    assert not await look(pool, "log", fine, by_itself=False)
    assert await look(pool, "log", fine, by_itself=True)
    found = (await school.get("/operations/integrity")).json()
    assert verdicts(found)["log"] == "failed"


async def test_who_asks_again_and_again_keeps_nobody_out(school: School, pool: asyncpg.Pool):
    async def fine(_: str, head: int) -> Result:
        return Result(part="log", position=head)

    async def is_next() -> bool:
        due = await next_due(pool, "log", every=EVERY["log"], at_least=DAILY)
        assert due is not None
        return due.tenant == "default"

    for tenant in ("default", "north"):
        assert (await school.publish("TURN", by="registrar", tenant=tenant)).status_code == 201
    long_ago = "asked_at = null, began_at = null, checked_at = now() - interval '1 hour'"
    await pool.execute(f"update integrity.results set {long_ago}")
    await school.post("/operations/integrity/checks", {})
    assert await is_next()
    assert await look(pool, "log", fine, by_itself=False)
    await school.post("/operations/integrity/checks", {})
    assert not await is_next(), "it was looked at a moment ago, others never"
    await pool.execute("update integrity.results set checked_at = now() - interval '1 hour'")
    assert await is_next()


async def test_what_nobody_has_looked_at_for_days_is_not_told_as_equal(
    school: School, pool: asyncpg.Pool
):
    for part in PARTS:
        await keep(pool, "default", Result(part=part, expected=4, found=4), datetime.now(UTC))
    assert (await read_integrity(pool, "default")).verdict == "equal"
    await pool.execute(
        "update integrity.results set checked_at = now() - interval '3 days' where part = 'stream'"
    )
    found = await read_integrity(pool, "default")
    assert (found.verdict, found.part("stream").verdict) == ("unknown", "unknown")
    assert found.old
    shown = (await school.get("/console")).text
    assert shown.count("Not checked for two days") == 2, "of all, and of the part"


async def test_a_look_that_began_earlier_does_not_replace_a_later_one(pool: asyncpg.Pool):
    now = datetime.now(UTC)
    differs = Result(part="log", differences=(Difference(kind="event_changed"),), differing=1)
    await keep(pool, "late", differs, now)
    await keep(pool, "late", Result(part="log"), now - timedelta(minutes=1))
    assert (await read_integrity(pool, "late")).part("log").verdict == "differs"
    await keep(pool, "late", Result(part="log"), now + timedelta(minutes=1))
    assert (await read_integrity(pool, "late")).part("log").verdict == "equal"
