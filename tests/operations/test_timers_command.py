"""Timers as an operator has them: what `milepost serve` lets go off, and what will."""

import asyncio
import json
import os
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from tests.commands.forked import forked
from tests.events.diary import Diary
from tests.events.ringing import Ringing, minute
from tests.eventually import eventually
from tests.tenants import new_tenant

from milepost.contracts.offerings import OfferingOpened, SeatOffered
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.enrollment.events import OfferingEvent
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.local.embedded import free_port

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def school(postgres):
    """Two that wait."""
    async with await connect_pool(postgres, name="test") as pool:
        ringing = Ringing(pool, Diary(f"diary-{uuid4().hex[:8]}", new_tenant()))
        await ringing.enroll("a", 20, 10)
        await ringing.alarm().turn()
        await ringing.close()
    return ringing


async def timers(postgres, nats_url, *arguments, code=0):
    process = await asyncio.create_subprocess_exec(
        *(*forked(), "timers", "list", *arguments),
        env={**os.environ, "MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == code
    return out.decode()


async def test_list_says_what_goes_off_next(postgres, nats_url, school):
    out = await timers(postgres, nats_url, "--tenant", school.tenant, "--json")
    assert [(one["due_at"], one["position"]) for one in json.loads(out)] == [
        (minute(10).isoformat().replace("+00:00", "Z"), 2),
        (minute(20).isoformat().replace("+00:00", "Z"), 1),
    ]
    out = await timers(postgres, nats_url, "--tenant", school.tenant, "--limit", "1")
    when = f"{minute(10):%Y-%m-%d %H:%M:%S}"
    where = f"{school.tenant}/2  enrollment-a  learner_enrolled"
    assert out == f"{when}  {school.diary.name}  {where}\n"


async def test_a_school_that_nobody_knows_is_refused(postgres, nats_url):
    out = await timers(postgres, nats_url, "--tenant", "nobody", code=1)
    assert out == ""


@pytest.fixture
async def served(postgres, nats_url, data_dir):
    """`milepost serve enrollment`, until the test is over."""
    servers = {"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url}
    own = {"MILEPOST_PORT": str(free_port(0)), "MILEPOST_DATA_DIR": str(data_dir)}
    process = await asyncio.create_subprocess_exec(
        *(*forked(), "serve", "enrollment"),
        env={**os.environ, **servers, **own},
        stdout=asyncio.subprocess.DEVNULL,
    )
    yield
    process.terminate()
    assert await process.wait() == 0


@pytest.mark.usefixtures("served")
async def test_a_served_service_lets_its_timers_go_off(postgres):
    offered: list[OfferingEvent] = [
        OfferingOpened(offering="o", course="c", version=1, seats=1, occurred_at=LONG_AGO),
        SeatOffered(enrollment="e", learner="l", expires=LONG_AGO, occurred_at=LONG_AGO),
    ]
    async with await connect_pool(postgres, name="test") as pool:
        log = PostgresLog(pool)
        transactor = Transactor(log)
        await transactor.transact("served", OFFERING.of("o"), lambda _: offered)
        await eventually(lambda: log.read("served", types=["seat_released"]), within=60)
        await transactor.close()
