"""Bulk rows name learners: an export tells them, and an erasure takes them away."""

import asyncio
import io
import json
import zipfile
from typing import Any
from uuid import UUID

from tests.bulk.office import Office, rows
from tests.bulk.test_bulk_crashes import pool_of
from tests.eventually import blocked

from milepost.enrollment.bulk.decide_page import enroll_rows
from milepost.events.ids import new_id
from milepost.events.store.postgres import PostgresLog
from milepost.jobs.erasure import forgetting
from milepost.jobs.lease import RESULTS, SAVE, claim_job


async def exported(office: Office, learner: str) -> list[dict[str, object]]:
    path = f"/enrollment/learners/{learner}/export"
    answer = await office.get(path)
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
    erased = await office.post("/enrollment/learners/ann/erase")
    assert erased.status_code == 200
    await hear_erasures(office)
    assert [one["learner"] for one in await office.results(job["job"])] == ["bob"]
    assert await told(office) == [2]
    assert await office.worker.turn()
    assert isinstance(office.transactor.log, PostgresLog)
    named = await office.transactor.log.pool.fetch(
        "select distinct learner from bulk.rows where tenant = $1", office.tenant
    )
    assert [row["learner"] for row in named] == ["bob"]


async def test_who_is_erased_while_a_page_is_decided_has_no_result(office: Office):

    async def slow(*facts: Any) -> Any:
        decided = await enroll_rows(*facts)
        await office.store.forget(office.tenant, "ann")
        return decided

    office.decide_by(slow)
    job = await office.do(rows(["ann", "bob"], offering="winter"))
    assert (job["state"], job["done"]) == ("done", 2)
    assert await told(office) == [2]


async def test_who_is_erased_while_results_are_written_has_none(office: Office):
    job = await office.upload(rows(["ann", "bob"], offering="winter"))
    lead = await claim_job(office.store, new_id())
    assert lead is not None
    store, sql, mine = office.store, office.store.tables.sql, (office.tenant, UUID(job))
    async with pool_of(office).acquire() as connection, connection.transaction():
        facts = (*mine, lead._mine[2], b"{}")
        assert await connection.fetchval(sql(SAVE), *facts) is False
        written = [[1, 2], ["refused"] * 2, [None] * 2, [None] * 2, [None] * 2]
        await connection.execute(sql(RESULTS), *mine, *written)
        forgetting = asyncio.create_task(store.forget(office.tenant, "ann"))
        await blocked(pool_of(office))
        assert not forgetting.done()
    await forgetting
    assert await told(office) == [2]


async def told(office: Office) -> list[int]:
    """Rows that have a result, whoever may see it."""
    found = await pool_of(office).fetch(
        "select row from bulk.results where tenant = $1 order by row", office.tenant
    )
    return [one["row"] for one in found]


async def hear_erasures(office: Office) -> None:
    log = office.transactor.log
    assert isinstance(log, PostgresLog)
    handler = forgetting("bulk", office.store)
    for recorded in await log.read(office.tenant, types=["learner_erased"]):
        assert ("enrollment", recorded.type) in handler.types
        await handler.handle(recorded)
