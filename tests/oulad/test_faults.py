"""Any one process, NATS or Postgres dies in the middle; the import runs again; nothing differs."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from tests.journeys.school import School, milepost, wait_until_ready
from tests.oulad.arrival import (
    answer_of,
    awards_heard,
    log_of,
    numbers_of,
    report,
    require_each_once_in_order,
    start_import,
)
from tests.oulad.reference import compute

from milepost.operations.local.embedded import free_port

VICTIMS = ("serve", "relay", "project", "nats-server", "postgres")
# Some of it is done, most is not.
MIDDLE = 0.3
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def expected(slice_of_oulad: Path) -> dict[str, Any]:
    return compute(slice_of_oulad)


def children_of_up(school: School) -> Iterator[psutil.Process]:
    yield from psutil.Process(int((school.data_dir / "lock").read_text())).children()


def kill(school: School, name: str) -> None:
    (victim,) = [
        child for child in children_of_up(school) if child.name() == name or name in child.cmdline()
    ]
    victim.kill()


async def in_the_middle(
    school: School, tenant: str, importing: "subprocess.Popen[str]", rows: int
) -> None:
    while (await log_of(school, tenant))[0] < rows * MIDDLE:
        assert importing.poll() is None, "it ended before its middle"
        await asyncio.sleep(0.05)


async def is_up(school: School) -> None:
    async with school.client() as client, asyncio.timeout(PATIENCE_SECONDS):
        while not await answers(client):  # noqa: ASYNC110 - another process: nothing to wait on
            await asyncio.sleep(0.1)


async def answers(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/health/ready")).status_code == 200
    except httpx2.TransportError:
        return False


async def require_the_same(
    school: School, folder: Path, tenant: str, expected: dict[str, Any]
) -> None:
    """After the import has run again: the same final numbers, nothing twice, nothing lost."""
    await is_up(school)
    again = answer_of(start_import(school, folder, tenant))
    assert numbers_of(again) == {k: v for k, v in expected.items() if k != "offerings"}
    assert report(school, tenant) == expected["offerings"]
    head, count, last = await log_of(school, tenant)
    assert head == count == last == again["events"]
    heard = await awards_heard(school, tenant, expected["credentials"])
    require_each_once_in_order(heard, expected["credentials"])


@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_process_is_killed_in_the_middle(
    school: School, slice_of_oulad: Path, expected: dict[str, Any], victim: str
) -> None:
    tenant = f"without-{victim}"
    with start_import(school, slice_of_oulad, tenant) as importing:
        await in_the_middle(school, tenant, importing, expected["attempts"])
        kill(school, victim)
        importing.communicate(timeout=120)
    await require_the_same(school, slice_of_oulad, tenant, expected)


async def test_the_import_itself_is_killed_in_the_middle(
    school: School, slice_of_oulad: Path, expected: dict[str, Any]
) -> None:
    with start_import(school, slice_of_oulad, "halved") as importing:
        await in_the_middle(school, "halved", importing, expected["attempts"])
        importing.kill()
        importing.communicate(timeout=120)
    await require_the_same(school, slice_of_oulad, "halved", expected)


async def test_everything_is_killed_in_the_middle(
    slice_of_oulad: Path, expected: dict[str, Any], data_dir: Path
) -> None:
    port = str(free_port(0))
    school = School(f"http://127.0.0.1:{port}", data_dir)
    with milepost(data_dir, "up", "--port", port) as up:
        wait_until_ready(school.http, up)
        with start_import(school, slice_of_oulad, "dark") as importing:
            await in_the_middle(school, "dark", importing, expected["attempts"])
            up.kill()
            importing.communicate(timeout=120)
        assert importing.returncode != 0
    with milepost(data_dir, "up", "--port", port) as up:
        wait_until_ready(school.http, up)
        await require_the_same(school, slice_of_oulad, "dark", expected)
