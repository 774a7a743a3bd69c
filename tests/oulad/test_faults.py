"""Any one process, NATS or Postgres dies in the middle; the import runs again; nothing differs."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.clients import Running, is_ready
from tests.eventually import eventually
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
from tests.processes import milepost, wait_until_ready

from milepost.operations.local.embedded import free_port

pytestmark = pytest.mark.faults

VICTIMS = ("serve", "relay", "project", "nats-server", "postgres")
# Some of it is done, most is not.
MIDDLE = 0.3
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def expected(slice_of_oulad: Path) -> dict[str, Any]:
    return compute(slice_of_oulad)


def children_of_up(school: Running) -> Iterator[psutil.Process]:
    yield from psutil.Process(int((school.data_dir / "lock").read_text())).children()


def kill(school: Running, name: str) -> None:
    (victim,) = [
        child for child in children_of_up(school) if child.name() == name or name in child.cmdline()
    ]
    victim.kill()


async def in_the_middle(
    school: Running, tenant: str, importing: "subprocess.Popen[str]", rows: int
) -> None:
    async def reached() -> bool:
        assert importing.poll() is None, "it ended before its middle"
        return (await log_of(school, tenant))[0] >= rows * MIDDLE

    await eventually(reached, within=120)


async def is_up(school: Running) -> None:
    await eventually(lambda: asyncio.to_thread(is_ready, school.http), PATIENCE_SECONDS)


async def require_the_same(
    school: Running, folder: Path, tenant: str, expected: dict[str, Any]
) -> None:
    """After the import has run again: the same final numbers, nothing twice, nothing lost."""
    await is_up(school)
    again = answer_of(start_import(school, folder, tenant))
    numbers = {k: v for k, v in expected.items() if k != "offerings"}
    assert numbers_of(again) == numbers | {"refused_courses": {}}
    assert report(school, tenant) == expected["offerings"]
    head, count, last = await log_of(school, tenant)
    assert head == count == last == again["events"]
    heard = await awards_heard(school, tenant, expected["credentials"])
    require_each_once_in_order(heard, expected["credentials"])


@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_process_is_killed_in_the_middle(
    school: Running, slice_of_oulad: Path, expected: dict[str, Any], victim: str
) -> None:
    tenant = f"without-{victim}"
    with start_import(school, slice_of_oulad, tenant) as importing:
        await in_the_middle(school, tenant, importing, expected["attempts"])
        kill(school, victim)
        importing.communicate(timeout=120)
    await require_the_same(school, slice_of_oulad, tenant, expected)


async def test_the_import_itself_is_killed_in_the_middle(
    school: Running, slice_of_oulad: Path, expected: dict[str, Any]
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
    school = Running(f"http://127.0.0.1:{port}", data_dir)
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
