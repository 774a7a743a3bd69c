"""Who leads a job enrolls; who has been silent does not, however late it wakes."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.bulk.office import Office, numbered, rows
from tests.bulk.test_bulk_crashes import SILENT, elsewhere, pool_of
from tests.clocks import Clock
from tests.eventually import eventually

from milepost.enrollment.bulk.decide_page import enroll_rows
from milepost.events.log import Command, Result
from milepost.jobs import lease, worker
from milepost.jobs.lease import JobLease, NotLeading

LEARNERS = [f"l-{number}" for number in range(10)]


@pytest.fixture
def own_clock(monkeypatch: pytest.MonkeyPatch) -> Clock[float]:
    """What workers know of their own silence by; the database's clock goes on by itself."""
    clock = Clock(0.0)
    monkeypatch.setattr(lease, "time", clock)
    return clock


@pytest.fixture
def silent(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The office's worker cannot say that it is alive; others can."""
    beat = JobLease.beat

    async def cut_off(self: JobLease) -> None:
        if self._mine[2] == office.worker._id:
            raise ConnectionResetError
        await beat(self)

    monkeypatch.setattr(JobLease, "beat", cut_off)


class Gate:
    """Stands before the office's log: nothing goes in until it is opened."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        self._append = office.transactor.log.append
        monkeypatch.setattr(office.transactor.log, "append", self.append)

    async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        self.reached.set()
        await self.opened.wait()
        return await self._append(tenant, commands)


@pytest.mark.usefixtures("silent")
async def test_who_wakes_behind_the_end_of_a_job_enrolls_nobody(
    office: Office, own_clock: Clock[float]
):
    await office.open("spring")
    job = await office.upload(rows(LEARNERS, offering="spring"))
    asleep, awake = asyncio.Event(), asyncio.Event()

    async def sleepy(*facts: Any) -> Any:
        if not asleep.is_set():
            asleep.set()
            await awake.wait()
        return await enroll_rows(*facts)

    office.decide_by(sleepy)
    turn = asyncio.create_task(office.worker.turn())
    await asleep.wait()
    await office.cancel(job)
    await pool_of(office).execute(SILENT)
    assert await elsewhere(office).turn()
    assert (await office.job(job))["state"] == "canceled"
    own_clock.now += lease.SILENT.total_seconds()
    awake.set()
    with pytest.raises(NotLeading):
        await turn
    assert await office.count("learner_enrolled") == 0
    assert await office.results(job) == []


@pytest.mark.usefixtures("silent")
async def test_nothing_is_sent_again_once_the_job_may_be_lost(
    office: Office, own_clock: Clock[float], monkeypatch: pytest.MonkeyPatch
):
    await office.open("spring")
    await office.upload(rows(LEARNERS, offering="spring"))
    append, tries = office.transactor.log.append, 0

    async def cut_off(tenant: str, commands: Sequence[Command]) -> list[Result]:
        nonlocal tries
        tries += 1
        own_clock.now += (lease.SILENT - lease.MARGIN).total_seconds() * 0.6
        if tries < 3:
            raise ConnectionResetError
        return await append(tenant, commands)

    monkeypatch.setattr(office.transactor.log, "append", cut_off)
    with pytest.raises(NotLeading):
        await office.worker.turn()
    assert tries == 2
    assert await office.count("learner_enrolled") == 0


@pytest.mark.usefixtures("own_clock", "silent")
async def test_a_canceled_job_ends_behind_what_was_sent_in_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    await office.open("spring")
    job = await office.upload(rows(LEARNERS, offering="spring"))
    gate = Gate(office, monkeypatch)
    late = asyncio.create_task(office.worker.turn())
    await gate.reached.wait()
    await office.cancel(job)
    await pool_of(office).execute(SILENT)
    other = asyncio.create_task(elsewhere(office).turn())
    deaths = "select deaths from bulk.jobs where job = $1"
    await eventually(lambda: pool_of(office).fetchval(deaths, UUID(job)))
    gate.opened.set()
    assert await other
    with pytest.raises(NotLeading):
        await late
    ended = await office.job(job)
    assert (ended["state"], ended["done"], ended["enrolled"]) == ("canceled", 10, 10)
    assert await office.outcomes(job) == numbered(["enrolled"] * 10)


async def test_a_heart_beats_on_while_a_page_takes_long(
    office: Office, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
):
    await office.open("spring")
    job = await office.upload(rows(LEARNERS, offering="spring"))
    gate, beat, beats = Gate(office, monkeypatch), JobLease.beat, 0

    async def once_cut_off(self: JobLease) -> None:
        nonlocal beats
        beats += 1
        if beats == 1:
            raise ConnectionResetError
        await beat(self)

    monkeypatch.setattr(JobLease, "beat", once_cut_off)
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.05)
    turn = asyncio.create_task(office.worker.turn())
    await gate.reached.wait()
    await pool.execute(SILENT)
    alive = "select alive_at > now() - interval '1 second' from bulk.jobs where job = $1"
    await eventually(lambda: beats > 2)
    await eventually(lambda: pool.fetchval(alive, UUID(job)))
    assert not await elsewhere(office).turn()
    gate.opened.set()
    assert await turn
    assert await office.outcomes(job) == numbered(["enrolled"] * 10)
