"""The demo and the simulation as somebody at a terminal has them."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace
from tests.clients import Running
from tests.commands.forked import forked
from tests.eventually import eventually
from tests.oulad.arrival import command, log_of, report, runtime_of

from milepost.contracts.published import PUBLISHED
from milepost.events.nats.jetstream import STREAM, connected
from milepost.operations.simulation.command import issuing, play
from milepost.operations.simulation.plan import plan_school
from milepost.web.settings import Settings


def milepost_demo(data_dir: Path) -> "subprocess.CompletedProcess[str]":
    env = {k: v for k, v in os.environ.items() if not k.startswith("MILEPOST_")}
    return subprocess.run(
        [
            *(*forked(), "demo"),
            *("--data-dir", str(data_dir), "--learners", "30", "--seconds", "2"),
        ],
        env={**env, "DEMO_ONCE": "1", "MILEPOST_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def processes_of(folder: Path) -> list[str]:
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in listing.stdout.splitlines() if str(folder) in line]


def test_the_demo_shows_a_school_and_leaves_nothing_behind(data_dir: Path) -> None:
    ended = milepost_demo(data_dir)
    assert ended.returncode == 0, ended.stderr
    for word in ("credentials awarded", "Offerings", "data-analyst", "make demo"):
        assert word in ended.stdout
    assert processes_of(data_dir) == []


def total(lines: list[dict[str, Any]], name: str) -> int:
    return sum(line[name] for line in lines)


@pytest.mark.faults
def test_a_simulated_school_learns(school: Running) -> None:
    process = command(school, "simulate", "--learners", "60", "--tenant", "small")
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    lines = report(school, "small")
    assert len(lines) == 6
    assert total(lines, "enrolled") > total(lines, "completed") > 0
    assert total(lines, "withdrawn") > 0
    assert total(lines, "credentials") > 0


async def head_at_rest(school: Running, tenant: str) -> int:
    """When the policies have nothing to do any more."""

    async def rests() -> int:
        head = (await log_of(school, tenant))[0]
        done = await all_published(school, tenant) and await all_acknowledged(school)
        return head if done and (await log_of(school, tenant))[0] == head else 0

    return await eventually(rests, 60)


async def all_published(school: Running, tenant: str) -> bool:
    connection = await asyncpg.connect(runtime_of(school).postgres)
    last = "select max(position) from log.events where tenant = $1 and type = any($2)"
    expected = await connection.fetchval(last, tenant, list(PUBLISHED))
    await connection.close()
    async with connected(runtime_of(school).nats, "test") as client:
        message = await client.jetstream().get_last_msg(STREAM, f"milepost.{tenant}.>")
    return int((message.headers or {})["Milepost-Position"]) == int(expected)


async def all_acknowledged(school: Running) -> bool:
    async with connected(runtime_of(school).nats, "test") as client:
        consumers = await client.jetstream().consumers_info(STREAM)
    return not any(one.num_pending or one.num_ack_pending for one in consumers)


@pytest.mark.faults
async def test_the_same_school_again_changes_nothing(school: Running) -> None:
    plan = plan_school(40, 3, datetime.now(UTC))
    capped = {run.offering for run in plan.runs if run.seats}
    # Who waits for a seat reports what comes after it: that hangs on who is faster.
    certain = replace(plan, actions=[one for one in plan.actions if one.offering not in capped])
    token = issuing(Settings(data_dir=school.data_dir), "again")
    await play(school.http, token, certain, 0, lambda _: None)
    head = await head_at_rest(school, "again")
    lines = report(school, "again")

    await play(school.http, token, certain, 0, lambda _: None)
    assert await head_at_rest(school, "again") == head
    assert report(school, "again") == lines
