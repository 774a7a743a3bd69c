"""From a list of the dashboards on with the feed, while commands go on: as the how-to says."""

import asyncio
import json

import asyncpg
from tests.clients import School
from tests.dashboards.history import project
from tests.house.test_idempotency import done, key_dir, one_school, pool, school
from tests.subscriptions.feed.feed_school import NDJSON, positions

from milepost.contracts.ids import enrollment_id
from milepost.contracts.published import PUBLISHED
from milepost.events.store.postgres import PostgresLog

__all__ = ["key_dir", "one_school", "pool", "school"]  # fixtures

STATES = {"milepost.learner_enrolled": "enrolled", "milepost.enrollment_withdrawn": "withdrawn"}
LEARNERS = [f"l-{number:02}" for number in range(20)]


async def snapshot(school: School, pool: asyncpg.Pool) -> tuple[dict[str, str], int]:
    """In pages of three, the log going on in between: the first page's position holds for all."""
    states: dict[str, str] = {}
    query = {"offering": "spring", "limit": "3"}
    begins = None
    while True:
        await project(pool)
        page = await school.get("/dashboards/enrollments", at=0, **query)
        assert page.status_code == 200, page.text
        begins = begins or int(page.headers["Milepost-Position"])
        states |= {row["enrollment"]: row["state"] for row in page.json()["enrollments"]}
        if page.json()["next"] is None:
            return states, begins
        query["cursor"] = page.json()["next"]


async def follow(school: School, after: int, states: dict[str, str]) -> list[int]:
    """Apply what follows, as an effect that may be repeated. Returns what was told."""
    told: list[int] = []
    while True:
        answer = await school.ask(
            "GET", "/events", offering="spring", after=after, limit=7, headers=NDJSON
        )
        told += positions(answer)
        for event in map(json.loads, answer.text.splitlines()):
            if state := STATES.get(event["type"]):
                states[event["data"]["enrollment"]] = state
        after = int(answer.headers["Milepost-Position"])
        if after == int(answer.headers["Milepost-Head"]):
            return told


async def test_a_snapshot_and_the_feed_behind_it_make_the_whole(school: School, pool: asyncpg.Pool):
    await school.open("spring")
    await school.open("autumn")
    for learner in LEARNERS[:8]:
        await done(school.enroll(learner))

    async def write() -> None:
        for number, learner in enumerate(LEARNERS[8:]):
            await done(school.enroll(learner))
            await done(school.enroll(learner, "autumn"))
            await done(school.withdraw(enrollment_id("spring", LEARNERS[number])))

    writing = asyncio.create_task(write())
    states, begins = await snapshot(school, pool)
    first = await follow(school, begins, states)
    await writing
    then = await follow(school, max(first, default=begins), states)
    assert states == (await snapshot(school, pool))[0]
    assert set(states.values()) == {"enrolled", "withdrawn"}
    log = await PostgresLog(pool).read(school.tenant, begins, 10_000, list(PUBLISHED))
    autumn = {one.position for one in log if b"autumn" in one.data or one.stream.endswith("autumn")}
    assert first + then == [one.position for one in log if one.position not in autumn]
