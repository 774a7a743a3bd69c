"""`milepost timers` as an operator has it: a process of its own."""

import asyncio
import json
import os
import sys
from uuid import uuid4

import pytest
from tests.events.diary import Diary
from tests.events.ringing import Ringing, minute

from milepost.events.postgres_log import connect_pool


@pytest.fixture
async def school(postgres):
    """Two that wait; their tenant and their timer."""
    async with await connect_pool(postgres, name="test") as pool:
        ringing = Ringing(pool, Diary(f"diary-{uuid4().hex[:8]}", f"t-{uuid4().hex[:12]}"))
        await ringing.enroll("a", 20, 10)
        await ringing.alarm().turn()
        await ringing.close()
    return ringing


async def timers(postgres, nats_url, *arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "milepost.operations", "timers", "list", *arguments),
        env={**os.environ, "MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
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


async def test_list_says_so_when_nothing_will(postgres, nats_url):
    out = await timers(postgres, nats_url, "--tenant", "nobody")
    assert out == "Nothing is due, now or later.\n"
