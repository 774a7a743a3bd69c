"""One school's long, or stuck, job holds up no other school's."""

import asyncio
from typing import Any

import asyncpg
import pytest
from tests.bulk.office import Office, numbered, rows
from tests.bulk.test_bulk_crashes import elsewhere

from milepost.enrollment.bulk.app import JOBS_AT_ONCE, service
from milepost.enrollment.bulk.decide_page import enroll_rows
from milepost.events.ids import new_id
from milepost.jobs import worker
from milepost.jobs.lease import claim_job
from milepost.web.room import Context
from milepost.web.settings import Settings

LONG = [f"l-{number}" for number in range(1_200)]


@pytest.fixture
def other(office: Office) -> Office:
    """Of another school."""
    return office.of_new_school()


async def progress(office: Office, job: str) -> tuple[str, int]:
    found = await office.job(job)
    return found["state"], found["done"]


async def test_a_long_job_gives_way_and_goes_on_where_it_was(
    office: Office, other: Office, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "TURN_SECONDS", 0.0)
    for school in (office, other):
        await school.open("spring")
    long = await office.upload(rows(LONG, offering="spring"))
    short = await other.upload(rows("abc", offering="spring"))
    assert await office.worker.turn()
    assert await progress(office, long) == ("queued", 500)
    assert await office.worker.turn()
    assert await progress(other, short) == ("done", 3)
    assert await office.worker.turn()
    assert await progress(office, long) == ("done", 1_200), "nobody waits: it is done to its end"
    assert await office.outcomes(long) == numbered(["enrolled"] * 1_200)
    assert (await office.count("learner_enrolled")) == 1_200


async def test_a_dry_run_is_done_to_its_end(
    office: Office, other: Office, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "TURN_SECONDS", 0.0)
    for school in (office, other):
        await school.open("spring")
    dry = await office.upload(rows(LONG, offering="spring"), dry_run=True)
    await other.upload(rows("abc", offering="spring"))
    assert await office.worker.turn()
    assert await progress(office, dry) == ("done", 1_200)


async def test_a_job_that_stands_still_holds_up_no_other_school(office: Office, other: Office):
    for school in (office, other):
        await school.open("spring")
    stuck = await office.upload(rows("abc", offering="spring"))
    reached, mended = asyncio.Event(), asyncio.Event()

    async def slow(transactor: Any, settings: Any, job: Any, some: Any) -> Any:
        if job.tenant == office.tenant:
            reached.set()
            await mended.wait()
        return await enroll_rows(transactor, settings, job, some)

    office.decide_by(slow)
    turn = asyncio.create_task(office.worker.turn())
    await reached.wait()
    job = await other.upload(rows("abc", offering="spring"))
    assert await elsewhere(office).turn()
    assert await progress(other, job) == ("done", 3)
    mended.set()
    assert await turn
    assert await progress(office, stuck) == ("done", 3)


async def test_a_school_has_one_job_at_a_time(office: Office, other: Office):
    for school in (office, other):
        await school.open("spring")
    for learner in "abc":
        await office.upload(rows([learner], offering="spring"))
    await other.upload(rows("a", offering="spring"))
    claimed = await asyncio.gather(*(claim_job(office.store, new_id()) for _ in range(4)))
    tenants = sorted(lease.job.tenant for lease in claimed if lease)
    assert tenants == sorted([office.tenant, other.tenant])


async def test_a_process_does_several_jobs_at_once(office: Office, pool: asyncpg.Pool):
    bulk = service(Context(office.transactor, Settings(), pool))
    assert len(bulk.workers) == JOBS_AT_ONCE > 1
