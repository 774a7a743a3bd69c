"""Bulk jobs over several processes, one killed under way: each row once, and the seats exact."""

import asyncio
import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.clients import Client, Running
from tests.eventually import eventually
from tests.processes import milepost, wait_until_ready

from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog
from milepost.operations.local.embedded import free_port

pytestmark = pytest.mark.faults

JOBS, PATIENCE_SECONDS = "/enrollment/jobs", 120


def school_on(data_dir: Path) -> Running:
    return Running(f"http://127.0.0.1:{free_port(0)}", data_dir)


def variables(school: Running, postgres: str, nats_url: str) -> dict[str, str]:
    port = school.http.rpartition(":")[2]
    return {"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url, "MILEPOST_PORT": port}


async def upload(client: Client, offering: str, learners: list[str]) -> str:
    file = "\n".join(["learner", *learners])
    answer = await client.post(
        JOBS, content=file, headers={"Content-Type": "text/csv"}, offering=offering
    )
    assert answer.status_code == 202, answer.text
    job: str = answer.json()["job"]
    return job


async def job_when(client: Client, job: str, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any]:
        found: dict[str, Any] = (await client.get(f"{JOBS}/{job}")).json()
        return found if found["done"] and found["state"] == state else {}

    return await eventually(there, PATIENCE_SECONDS)


async def outcomes(client: Client, job: str) -> list[str]:
    """Row by row; every row has one."""
    lines = (await client.get(f"{JOBS}/{job}/results")).text.splitlines()
    results = [json.loads(line) for line in lines]
    assert [one["row"] for one in results] == list(range(2, len(results) + 2))
    return [one["outcome"] for one in results]


async def require_once(pool: asyncpg.Pool, tenant: str, learners: list[str]) -> None:
    """Everybody came in once, and the offering knows of each once."""
    events = await PostgresLog(pool).read(tenant, limit=1_000_000)
    for types in ({"learner_enrolled", "learner_waitlisted"}, {"seat_taken", "waitlist_joined"}):
        named = Counter(json.loads(one.data)["learner"] for one in events if one.type in types)
        assert named == Counter(learners)


@pytest.mark.slow
async def test_a_killed_process_is_taken_over_and_nothing_is_repeated(
    postgres: str, nats_url: str, data_dir: Path, pool: asyncpg.Pool, tenant: str
):
    seats, learners = 3_000, [f"l-{number}" for number in range(12_000)]
    first, second = school_on(data_dir), school_on(data_dir)
    with milepost(
        data_dir, "serve", "enrollment", **variables(first, postgres, nats_url)
    ) as process:
        wait_until_ready(first.http, process)
        async with first.client(tenant=tenant) as client:
            await client.open("spring", seats=seats)
            job = await upload(client, "spring", learners)
            under_way = await job_when(client, job, "running")
            process.send_signal(signal.SIGKILL)
    assert under_way["done"] < len(learners)
    with milepost(
        data_dir, "serve", "enrollment", **variables(second, postgres, nats_url)
    ) as process:
        wait_until_ready(second.http, process)
        async with second.client(tenant=tenant) as client:
            ended = await job_when(client, job, "done")
            came = await outcomes(client, job)
    assert came == ["enrolled"] * seats + ["waitlisted"] * (len(learners) - seats)
    assert (ended["enrolled"], ended["waitlisted"]) == (seats, len(learners) - seats)
    await require_once(pool, tenant, learners)


@pytest.mark.slow
async def test_processes_share_the_jobs_and_sell_no_seat_twice(
    postgres: str, nats_url: str, data_dir: Path, enrollment_pool: asyncpg.Pool, tenant: str
):
    seats, files = 700, [[f"l-{file}-{number}" for number in range(1_500)] for file in range(4)]
    schools = [school_on(data_dir), school_on(data_dir)]
    with (
        milepost(
            data_dir, "serve", "enrollment", **variables(schools[0], postgres, nats_url)
        ) as one,
        milepost(
            data_dir, "serve", "enrollment", **variables(schools[1], postgres, nats_url)
        ) as two,
    ):
        for school, process in zip(schools, (one, two), strict=True):
            wait_until_ready(school.http, process)
        async with schools[0].client(tenant=tenant) as a, schools[1].client(tenant=tenant) as b:
            await a.open("spring", seats=seats)
            jobs = [
                await upload(client, "spring", file)
                for client, file in zip((a, b, a, b), files, strict=True)
            ]
            for job in jobs:
                await job_when(a, job, "done")
            came = Counter([one for job in jobs for one in await outcomes(b, job)])
    workers = await enrollment_pool.fetchval(
        "select count(*) from bulk.jobs where tenant = $1 and deaths = 0", tenant
    )
    assert workers == 4
    everybody = [learner for file in files for learner in file]
    assert came == {"enrolled": seats, "waitlisted": len(everybody) - seats}
    await require_once(enrollment_pool, tenant, everybody)
    transactor = Transactor(PostgresLog(enrollment_pool))
    _, run = await transactor.load(tenant, OFFERING.of("spring"))
    assert (len(run.seated), len(run.waiting)) == (seats, len(everybody) - seats)
    await transactor.close()


async def test_an_upload_that_is_cut_off_leaves_nothing(
    postgres: str, nats_url: str, data_dir: Path, enrollment_pool: asyncpg.Pool, tenant: str
):
    school = school_on(data_dir)
    with milepost(
        data_dir, "serve", "enrollment", **variables(school, postgres, nats_url)
    ) as process:
        wait_until_ready(school.http, process)
        reader, writer = await asyncio.open_connection("127.0.0.1", school.http.rpartition(":")[2])
        token = school.headers(tenant=tenant)["Authorization"]
        head = (
            f"POST {JOBS} HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n"
            "content-type: text/csv\r\ncontent-length: 1000000\r\n\r\nlearner,offering\r\n"
        )
        writer.write(head.encode() + b"ann,spring\r\n" * 20_000)
        await writer.drain()
        await eventually(
            lambda: enrollment_pool.fetchval(
                "select count(*) from bulk.rows where tenant = $1", tenant
            )
        )
        writer.close()
        await eventually(lambda: gone(enrollment_pool, tenant))
        async with school.client(tenant=tenant) as client:
            assert (await client.get(JOBS)).json()["jobs"] == []
    assert reader.at_eof()


async def test_a_refusal_reaches_whoever_is_still_sending(
    postgres: str, nats_url: str, data_dir: Path, tenant: str
):
    school = school_on(data_dir)
    csv = {"Content-Type": "text/csv"}
    with milepost(
        data_dir, "serve", "enrollment", **variables(school, postgres, nats_url)
    ) as process:
        wait_until_ready(school.http, process)
        file = b"learner,email\n" + b"ann,spring\n" * 2_000_000
        async with school.client("learner", tenant=tenant) as client:
            assert (await client.post(JOBS, content=file, headers=csv)).status_code == 403
        async with school.client(tenant=tenant) as client:
            assert (await client.post(JOBS, content=file, headers=csv)).status_code == 422
            assert (await client.post(JOBS, content=file)).status_code == 415
            assert (await client.post(JOBS, content=file * 2, headers=csv)).status_code == 413


async def gone(pool: asyncpg.Pool, tenant: str) -> bool:
    kept = await pool.fetchval("select count(*) from bulk.rows where tenant = $1", tenant)
    jobs = await pool.fetchval("select count(*) from bulk.jobs where tenant = $1", tenant)
    return (kept, jobs) == (0, 0)
