"""What operators do with read models over HTTP: alone in the installation, it is about all."""

from typing import Any

import asyncpg
import pytest
from tests.clients import School

from milepost.events.projections.generations import generations
from milepost.operations.console.jobs.actions import perform
from milepost.operations.console.jobs.store import claim
from milepost.operations.console.jobs.worker import do_one
from milepost.operations.rooms import read_models

JOBS = "/operations/jobs"
MODEL = "learner_overview"


async def ask(school: School, action: str, **more: Any) -> dict[str, Any]:
    answer = await school.post(JOBS, {"action": action, "model": MODEL, **more})
    assert answer.status_code == 202, answer.text
    asked: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{JOBS}/{asked['job']}"
    return asked


async def come_of(school: School, pool: asyncpg.Pool, action: str, **more: Any) -> dict[str, Any]:
    asked = await ask(school, action, **more)
    assert await do_one(pool, read_models())
    job: dict[str, Any] = (await school.get(f"{JOBS}/{asked['job']}", by="auditor")).json()
    assert job["state"] == "done", job
    return dict(job["outcome"])


async def live(pool: asyncpg.Pool) -> int:
    return (await generations(pool, [MODEL]))[MODEL]["live"].generation


async def a_table(pool: asyncpg.Pool) -> str:
    found = (await generations(pool, [MODEL]))[MODEL]["live"]
    return found.table(found.tables[0])


async def test_a_rebuild_takes_over_and_is_rolled_back(school: School, pool: asyncpg.Pool):
    first = await live(pool)
    assert (await come_of(school, pool, "rebuild"))["result"] == "switched"
    assert await live(pool) > first
    assert (await come_of(school, pool, "compare"))["result"] == "identical"
    assert (await come_of(school, pool, "rollback", confirm=MODEL))["result"] == "switched"
    assert await live(pool) == first


async def test_what_differs_is_told_and_does_not_take_over(school: School, pool: asyncpg.Pool):
    table, before = await a_table(pool), await live(pool)
    await pool.execute(f"delete from {table} where ctid = (select min(ctid) from {table})")
    told = await come_of(school, pool, "rebuild")
    assert told["result"] == "different"
    assert [one["column"] for one in told["differences"]] == [None]
    assert "live" not in told["differences"][0], "what stands in a row is the school's business"
    assert await live(pool) == before
    assert (await come_of(school, pool, "switch", confirm=MODEL))["result"] == "switched"
    assert await live(pool) == told["generation"]


async def test_a_dry_run_changes_nothing_shown_and_is_given_up(school: School, pool: asyncpg.Pool):
    before = await live(pool)
    assert (await come_of(school, pool, "build"))["result"] == "identical"
    assert await live(pool) == before
    assert (await come_of(school, pool, "drop", confirm=MODEL))["result"] == "dropped"
    assert "building" not in (await generations(pool, [MODEL]))[MODEL]


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"action": "rebuild", "model": "catalogue"}, 404, "unknown_read_model"),
        ({"action": "rollback", "model": MODEL}, 422, "not_confirmed"),
        ({"action": "drop", "model": MODEL, "confirm": MODEL}, 409, "generation_missing"),
        ({"action": "truncate", "model": MODEL}, 400, "malformed_request"),
    ],
)
async def test_what_could_only_fail_is_refused_at_once(school: School, body, status, problem):
    answer = await school.post(JOBS, body)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (status, problem)


async def test_who_died_in_the_middle_is_followed(school: School, pool: asyncpg.Pool):
    asked = await ask(school, "rebuild")
    job = await claim(pool)
    assert job is not None
    await perform(pool, read_models(), job)  # and then it died, before it could say so
    assert await do_one(pool, read_models())
    found = (await school.get(f"{JOBS}/{asked['job']}")).json()
    assert (found["state"], found["outcome"]["result"]) == ("done", "switched")


async def test_one_that_waits_is_canceled_and_another_school_sees_none(
    school: School, pool: asyncpg.Pool
):
    asked = await ask(school, "build")
    path = f"{JOBS}/{asked['job']}"
    assert (await school.get(path, tenant="north")).status_code == 404
    assert (await school.post(f"{path}/cancel", tenant="north")).status_code == 404
    assert (await school.post(f"{path}/cancel", by="auditor")).status_code == 403
    assert (await school.post(f"{path}/cancel")).json()["state"] == "canceled"
    assert (await school.post(f"{path}/cancel")).status_code == 409
    assert not await do_one(pool, read_models())
    listed = (await school.get(JOBS, limit=1)).json()
    assert listed["jobs"][0]["state"] == "canceled"
    assert (await school.get(JOBS, limit=1, cursor=listed["next"])).json()["jobs"]
