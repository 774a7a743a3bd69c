"""How many jobs of a school may wait, and which uploads count."""

from tests.bulk.office import Office, rows
from tests.bulk.test_bulk_crashes import pool_of
from tests.bulk.test_bulk_http import counts
from tests.enrollment.test_http import problem

from milepost.enrollment.bulk.jobs import RECEIVING
from milepost.enrollment.bulk.store import Store, Upload
from milepost.events.ids import new_id


async def test_a_school_has_only_so_many_jobs_waiting(office: Office):
    for _ in range(20):
        await office.upload(rows(["ann"], offering="spring"))
    refused = await office.post(rows(["ann"], offering="spring"))
    assert problem(refused, 409, "too_many_jobs")["limit"] == 20


async def test_the_same_upload_again_is_its_job_however_many_wait(office: Office):
    content = rows(["ann"], offering="spring")
    jobs = [await office.upload(content, key=str(number)) for number in range(20)]
    assert await office.upload(content, key="7") == jobs[7]
    assert await counts(office) == (20, 20)
    problem(await office.post(content, key="20"), 409, "too_many_jobs")


async def test_uploads_whose_process_died_do_not_count_for_long(office: Office):
    for _ in range(20):
        upload = Upload(
            tenant=office.tenant,
            job=new_id(),
            dry_run=False,
            offering=None,
            actor="office",
            metadata=b"{}",
        )
        await Store(pool_of(office)).begin(upload, new_id())
    problem(await office.post(rows(["ann"]), offering="spring"), 409, "too_many_jobs")
    later = "update bulk.jobs set created_at = now() - $2::interval where tenant = $1"
    await pool_of(office).execute(later, office.tenant, RECEIVING)
    await office.upload(rows(["ann"]), offering="spring")
    assert await counts(office) == (21, 1)
