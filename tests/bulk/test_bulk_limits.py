"""How many jobs of a school may wait, and which uploads count."""

import asyncio

from tests.bulk.office import Office, rows
from tests.bulk.test_bulk_crashes import pool_of
from tests.bulk.test_bulk_http import counts
from tests.enrollment.test_http import problem

from milepost.events.ids import new_id
from milepost.jobs.jobs import RECEIVING, TooManyJobs
from milepost.jobs.store import Upload


async def test_a_school_has_only_so_many_jobs_waiting(office: Office):
    for _ in range(20):
        await office.upload(rows(["ann"], offering="spring"))
    refused = await office.send(rows(["ann"], offering="spring"))
    assert problem(refused, 409, "too_many_jobs")["limit"] == 20


async def test_the_same_upload_again_is_its_job_however_many_wait(office: Office):
    content = rows(["ann"], offering="spring")
    jobs = [await office.upload(content, key=str(number)) for number in range(20)]
    assert await office.upload(content, key="7") == jobs[7]
    assert await counts(office) == (20, 20)
    problem(await office.send(content, key="20"), 409, "too_many_jobs")


def an_upload(office: Office) -> Upload:
    return Upload(
        tenant=office.tenant,
        job=new_id(),
        kind="enrollment",
        dry_run=False,
        offering=None,
        actor="office",
        metadata=b"{}",
        own_only=False,
    )


async def test_of_uploads_that_begin_at_once_only_so_many_may(office: Office):
    store = office.store
    began = await asyncio.gather(
        *(store.begin(an_upload(office), new_id()) for _ in range(40)), return_exceptions=True
    )
    assert [type(one) for one in began if one is not None] == [TooManyJobs] * 20
    assert await counts(office) == (20, 0)


async def test_uploads_whose_process_died_do_not_count_for_long(office: Office):
    for _ in range(20):
        await office.store.begin(an_upload(office), new_id())
    problem(await office.send(rows(["ann"]), offering="spring"), 409, "too_many_jobs")
    later = "update bulk.jobs set created_at = now() - $2::interval where tenant = $1"
    await pool_of(office).execute(later, office.tenant, RECEIVING)
    await office.upload(rows(["ann"]), offering="spring")
    assert await counts(office) == (21, 1)
