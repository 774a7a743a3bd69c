"""Workers that die, are stopped, or come back too late: no row is lost, none has two results."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

import asyncpg
import pytest
from tests.bulk.office import JOBS, Office, numbered, rows
from tests.eventually import eventually

from milepost.enrollment.bulk.enrollment_kind import store_on
from milepost.enrollment.commands.enroll import enroll_learner
from milepost.enrollment.domain.enrollment.admission import AdmissionRequest
from milepost.events.commands.transact import Transactor
from milepost.events.ids import new_id
from milepost.events.store.postgres import PostgresLog
from milepost.jobs.jobs import Result, Tally
from milepost.jobs.lease import JobLease, NotLeading, claim_job
from milepost.jobs.worker import DEATHS_AT_MOST, Worker
from milepost.web.settings import Settings

SILENT = "update bulk.jobs set alive_at = now() - interval '6 seconds'"


class Died(BaseException):
    """What a kill is to the process that it hits: nothing more is done."""


def dying(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """So many pages are kept; the next is done, and dies untold."""
    keep, kept = JobLease.save, 0

    async def save_or_die(self: JobLease, tally: Tally, results: list[Result]) -> bool:
        nonlocal kept
        kept += 1
        if kept > after:
            raise Died
        return await keep(self, tally, results)

    monkeypatch.setattr(JobLease, "save", save_or_die)


async def die(office: Office, after: int) -> None:
    """The worker dies in the middle of a job, and is missed."""
    with pytest.MonkeyPatch.context() as patched:
        dying(patched, after)
        with suppress(Died):
            await office.worker.turn()
            pytest.fail("it did not die")
    await pool_of(office).execute(SILENT)


def pool_of(office: Office) -> asyncpg.Pool:
    assert isinstance(office.transactor.log, PostgresLog)
    return office.transactor.log.pool


def elsewhere(office: Office) -> Worker:
    """A worker of another process: it knows nothing of what this one has cached."""
    pool = pool_of(office)
    return Worker(Transactor(PostgresLog(pool)), store_on(pool), Settings())


async def test_another_goes_on_and_tells_what_the_dead_one_did(office: Office):
    await office.open("spring", seats=700, waitlist=True)
    learners = [f"l-{number}" for number in range(1_800)]
    job = await office.upload(rows([*learners, "l-0"], offering="spring"))
    await die(office, after=1)
    assert (await office.job(job))["done"] == 500
    assert await office.count("seat_taken") == 700
    assert await elsewhere(office).turn()
    expected = ["enrolled"] * 700 + ["waitlisted"] * 1_100 + ["unchanged"]
    assert await office.outcomes(job) == numbered(expected)
    ended = await office.job(job)
    assert (ended["state"], ended["done"], ended["enrolled"]) == ("done", 1_801, 700)
    happened = Counter(await office.happened())
    assert (happened["learner_enrolled"], happened["learner_waitlisted"]) == (700, 1_100)
    assert (happened["seat_taken"], happened["waitlist_joined"]) == (700, 1_100)


async def test_a_dry_run_begins_anew(office: Office):
    await office.open("spring", seats=700, waitlist=True)
    job = await office.upload(rows(map(str, range(1_200)), offering="spring"), dry_run=True)
    await die(office, after=1)
    head = await office.head()
    assert await elsewhere(office).turn()
    assert await office.outcomes(job) == numbered(["enrolled"] * 700 + ["waitlisted"] * 500)
    assert await office.head() == head


async def test_a_dry_run_that_is_canceled_keeps_what_it_told(office: Office):
    await office.open("spring")
    job = await office.upload(rows(map(str, range(1_200)), offering="spring"), dry_run=True)
    await die(office, after=1)
    await office.cancel(job)
    assert await elsewhere(office).turn()
    ended = await office.job(job)
    assert (ended["state"], ended["done"], ended["enrolled"]) == ("canceled", 500, 500)
    assert await office.outcomes(job) == numbered(["enrolled"] * 500)


async def test_what_the_dead_one_did_is_told_of_a_canceled_job_too(office: Office):
    await office.open("spring")
    job = await office.upload(rows(map(str, range(1_800)), offering="spring"))
    await die(office, after=1)
    assert (await office.cancel(job)).json()["canceling"]
    assert await elsewhere(office).turn()
    ended = await office.job(job)
    assert (ended["state"], ended["done"], ended["enrolled"]) == ("canceled", 1_000, 1_000)
    assert await office.count("learner_enrolled") == 1_000


@pytest.mark.parametrize(("canceled", "state"), [(False, "done"), (True, "canceled")])
async def test_a_job_whose_worker_died_before_saying_so_ends(
    office: Office, monkeypatch: pytest.MonkeyPatch, canceled: bool, state: str
):
    await office.open("spring")
    job = await office.upload(rows(["ann", "bob"], offering="spring"))

    async def die_at_the_end(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(JobLease, "end", die_at_the_end)
        with suppress(Died):
            await office.worker.turn()
            pytest.fail("it did not die")
    await pool_of(office).execute(SILENT)
    if canceled:
        await office.cancel(job)
    assert await elsewhere(office).turn()
    ended = await office.job(job)
    assert (ended["state"], ended["done"], ended["enrolled"]) == (state, 2, 2)
    assert await office.outcomes(job) == numbered(["enrolled", "enrolled"])


async def test_whoever_was_taken_for_dead_writes_nothing_any_more(office: Office):
    await office.open("spring")
    job = await office.upload(rows(["ann"], offering="spring"))
    pool = pool_of(office)
    late = await claim_job(office.store, new_id())
    assert late is not None
    await pool.execute(SILENT)
    now = await claim_job(office.store, new_id())
    assert now is not None
    result = Result(row=1, outcome="unchanged")
    for step in (late.beat(), late.save(Tally({"unchanged": 1}), [result]), late.end("done")):
        with pytest.raises(NotLeading):
            await step
    await late.release()
    assert (await office.job(job))["state"] == "running"
    assert await office.results(job) == []
    await now.save(Tally({"unchanged": 1}), [result])
    await now.end("done")
    assert await office.outcomes(job) == [(1, "unchanged")]


async def test_after_a_silence_the_database_is_asked_whose_job_it_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    await office.upload(rows(["ann"], offering="spring"))
    pool = pool_of(office)
    stalled = await claim_job(office.store, new_id())
    assert stalled is not None
    monkeypatch.setattr(stalled, "_alive", stalled._alive - 60)
    await stalled.require()
    await pool.execute(SILENT)
    assert await claim_job(office.store, new_id()) is not None
    monkeypatch.setattr(stalled, "_alive", stalled._alive - 60)
    with pytest.raises(NotLeading):
        await stalled.require()


async def test_a_job_has_one_worker(office: Office):
    await office.upload(rows(["ann"], offering="spring"))
    claimed = await asyncio.gather(*(claim_job(office.store, new_id()) for _ in range(6)))
    assert sum(one is not None for one in claimed) == 1


async def work_off(worker: Worker) -> None:
    """Do a job; a worker whose machine stood still has lost it, and claims it again."""
    for _ in range(5):
        with suppress(NotLeading):
            assert await worker.turn()
            return
    pytest.fail("it lost the job five times")


async def test_a_worker_that_is_stopped_lets_another_go_on_at_once(office: Office):
    await office.open("spring")
    job = await office.upload(rows(map(str, range(5_000)), offering="spring"))
    work = asyncio.create_task(office.worker.run())
    await eventually(lambda: office.results(job))
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert (await office.job(job))["state"] == "queued"
    await work_off(elsewhere(office))
    assert await office.outcomes(job) == numbered(["enrolled"] * 5_000)
    assert await office.count("learner_enrolled") == 5_000


async def test_no_row_goes_on_once_the_worker_is_stopped(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    job = await office.upload(rows(map(str, range(30)), offering="spring"))
    begun, ended, stopped = list[str](), list[str](), asyncio.Event()

    async def stop(_: object, __: object, wish: AdmissionRequest, **___: object) -> None:
        begun.append(wish.learner)
        work.cancel()
        await stopped.wait()
        ended.append(wish.learner)

    monkeypatch.setattr("milepost.enrollment.bulk.decide_page.enroll_learner", stop)
    work = asyncio.create_task(office.worker.turn())
    with suppress(asyncio.CancelledError):
        await work
    stopped.set()
    for _ in range(10):  # whoever is still there goes on now
        await asyncio.sleep(0)
    assert 1 <= len(begun) < 30, "it was stopped while it began with them"
    assert ended == []
    assert (await office.job(job))["state"] == "queued"


async def test_a_job_that_kills_whoever_takes_it_is_given_up(office: Office):
    await office.open("spring")
    job = await office.upload(rows(["ann"], offering="spring"))
    for _ in range(DEATHS_AT_MOST + 1):
        assert (await office.job(job))["ended_at"] is None
        await die(office, after=0)
    assert await office.worker.turn()
    ended = await office.job(job)
    assert (ended["state"], ended["done"], ended["enrolled"]) == ("failed", 1, 1)
    assert await office.outcomes(job) == [(1, "enrolled")]


async def test_a_job_that_kills_even_whoever_tells_of_it_ends(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    async def kill(*_: object) -> NoReturn:
        raise Died

    monkeypatch.setattr("milepost.jobs.lease.MARGIN", timedelta(0))
    office.decide_by(kill)
    job = await office.upload(rows(["ann"], offering="spring"))
    for _ in range(2 * DEATHS_AT_MOST + 1):
        assert (await office.job(job))["ended_at"] is None
        with pytest.raises(Died):
            await office.worker.turn()
        await pool_of(office).execute(SILENT)
    assert await office.worker.turn()
    ended = await office.job(job)
    assert (ended["state"], ended["done"]) == ("failed", 0)


async def test_a_row_that_nobody_foresaw_does_not_hold_up_the_others(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    await office.open("spring")

    async def defect(transactor, tenant, wish, **facts):
        if wish.learner == "bob":
            raise ZeroDivisionError
        return await enroll_learner(transactor, tenant, wish, **facts)

    monkeypatch.setattr("milepost.enrollment.bulk.decide_page.enroll_learner", defect)
    job = await office.do(rows(["ann", "bob", "cid"], offering="spring"))
    expected = numbered(["enrolled", "unexpected", "enrolled"])
    assert await office.outcomes(job["job"]) == expected


async def test_a_full_disk_is_no_row_s_fault(office: Office, monkeypatch: pytest.MonkeyPatch):
    await office.open("spring")
    job = await office.upload(rows(["ann", "bob"], offering="spring"))

    async def full(*_: object, **__: object) -> None:
        raise asyncpg.DiskFullError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr("milepost.enrollment.bulk.decide_page.enroll_learner", full)
        with pytest.raises(asyncpg.DiskFullError):
            await office.worker.turn()
    assert (await office.job(job))["done"] == 0
    assert await office.worker.turn()
    assert await office.outcomes(job) == numbered(["enrolled", "enrolled"])


async def test_what_ended_long_ago_is_pruned(office: Office):
    store, pool = office.store, pool_of(office)
    old, young = [await office.upload(rows(["ann"], offering="spring")) for _ in range(2)]
    for job in (old, young):
        await office.cancel(job)
    late = "update bulk.jobs set ended_at = now() - interval '31 days' where job = $1"
    await pool.execute(late, UUID(old))
    assert await store.prune() == 1
    assert (await office.get(f"{JOBS}/{old}")).status_code == 404
    assert (await office.get(f"{JOBS}/{young}")).status_code == 200
    kept = await pool.fetch("select job from bulk.rows where tenant = $1", office.tenant)
    assert [row["job"] for row in kept] == [UUID(young)]
