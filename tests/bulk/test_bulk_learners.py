"""Bulk rows name learners: an export tells them, and an erasure takes them away."""

import io
import json
import zipfile

from tests.bulk.office import Office, rows

from milepost.enrollment.bulk import app as bulk_app
from milepost.enrollment.bulk.store import Store
from milepost.events.postgres_log import PostgresLog


async def exported(office: Office, learner: str) -> list[dict[str, object]]:
    path = f"/enrollment/learners/{learner}/export"
    answer = await office.client.get(path, headers=office.headers())
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert "bulk_rows.json" in json.loads(archive.read("about.json"))["files"]
    found: list[dict[str, object]] = json.loads(archive.read("bulk_rows.json"))
    return found


async def test_an_export_tells_every_row_that_named_the_learner(office: Office):
    await office.open("spring")
    dry = await office.do(rows(["bob", "ann"], offering="spring"), dry_run=True)
    real = await office.do(rows(["ann", "bob"], offering="winter"))
    waits = await office.upload(rows(["ann"], offering="spring", mode="verified"))
    found = await exported(office, "ann")
    assert [(one["job"], one["row"], one["dry_run"]) for one in found] == [
        (dry["job"], 2, True),
        (real["job"], 1, False),
        (waits, 1, False),
    ]
    assert [one["outcome"] for one in found] == ["enrolled", "refused", None]
    assert found[1]["problem"]["type"].endswith(":unknown_offering")  # type: ignore[index]
    assert (found[2]["offering"], found[2]["mode"]) == ("spring", "verified")
    assert "bob" not in json.dumps(found)


async def test_who_is_erased_is_gone_from_the_rows(office: Office):
    job = await office.do(rows(["ann", "bob"], offering="winter"))
    await office.upload(rows(["ann", "bob"], offering="spring"))
    erased = await office.client.post("/enrollment/learners/ann/erase", headers=office.headers())
    assert erased.status_code == 200
    await hear_erasures(office)
    assert [one["learner"] for one in await office.results(job["job"])] == ["bob"]
    assert await office.worker.turn()
    assert isinstance(office.transactor.log, PostgresLog)
    named = await office.transactor.log.pool.fetch(
        "select distinct learner from bulk.rows where tenant = $1", office.tenant
    )
    assert [row["learner"] for row in named] == ["bob"]


async def hear_erasures(office: Office) -> None:
    log = office.transactor.log
    assert isinstance(log, PostgresLog)
    policy = bulk_app.policy(Store(log.pool))
    for recorded in await log.read(office.tenant, types=["learner_erased"]):
        assert ("enrollment", recorded.type) in policy.types
        assert await policy.react(recorded) == ()
