"""A Milepost to attack, and the bystanders whose work must go on meanwhile."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from tests.clients import Client, Running
from tests.processes import running_up
from tests.tenants import new_tenant

ROOT = Path(__file__).parents[2]
AT_MOST_MS = 250
CALLS_AT_LEAST = 10
Undisturbed = Callable[..., AbstractAsyncContextManager[None]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")
def victim(own_processes: None) -> Iterator[Running]:  # noqa: ARG001 - it marks who asks
    yield from running_up()


@pytest.fixture
def tenant() -> str:
    return new_tenant()


@pytest.fixture
async def attacker(victim: Running, tenant: str) -> AsyncIterator[Client]:
    """The registrar of a school, with an offering `spring`."""
    async with victim.client(tenant=tenant) as client:
        await client.open()
        yield client


@pytest.fixture
async def undisturbed(victim: Running) -> Undisturbed:
    """While inside, every command of a bystander is accepted, within `at_most_ms`."""
    tenant = f"bystander-{uuid4().hex[:12]}"
    async with victim.client(tenant=tenant) as client:
        await client.open()
    token = victim.headers(tenant=tenant)["Authorization"].removeprefix("Bearer ")

    @asynccontextmanager
    async def watch(at_most_ms: float = AT_MOST_MS) -> AsyncIterator[None]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.attack.bystander", victim.http, token, "spring",
            stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=os.environ,
        )  # fmt: skip
        assert process.stdout is not None
        await process.stdout.readline()  # it works, and its connection is open
        said = asyncio.create_task(process.stdout.read())
        try:
            yield
            await asyncio.sleep(CALLS_AT_LEAST * 0.1)
        finally:
            process.terminate()
            lines = (await said).decode().splitlines()
            await process.wait()
        check([json.loads(line) for line in lines], at_most_ms)

    return watch


def check(calls: list[dict[str, float]], at_most_ms: float) -> None:
    judged = [call for call in calls if not call["stalled"]]
    assert len(judged) >= CALLS_AT_LEAST, f"only {len(judged)} of {len(calls)} commands count"
    refused = [call["status"] for call in judged if call["status"] != 201]
    assert not refused, f"{len(refused)} of {len(judged)} were not accepted: {set(refused)}"
    slowest = max(call["ms"] for call in judged)
    assert slowest < at_most_ms, f"the slowest of {len(judged)} took {slowest:.0f} ms"
