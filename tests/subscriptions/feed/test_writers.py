"""While several write to a real log, who follows it is told all of it, in its order."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from tests.clients import AsyncClient
from tests.eventually import eventually
from tests.loop_lag import loop_free
from tests.subscriptions.feed.feed_school import NDJSON, FeedSchool, positions
from tests.subscriptions.feed.test_event_stream import stream

from milepost.contracts.published import PUBLISHED
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.subscriptions.domain.filters import Filter
from milepost.subscriptions.envelope import encoding
from milepost.subscriptions.feed import tail
from milepost.subscriptions.feed.answer import Answer, collect
from milepost.subscriptions.feed.log_pages import LogPages
from milepost.subscriptions.feed.subscriber import Subscriber
from milepost.subscriptions.selection import Selection
from milepost.subscriptions.visibility import Viewer, Visibility

EACH, WRITERS = 40, 3
ALL = EACH * WRITERS


@pytest.fixture
async def school(postgres: str, tmp_path: Path) -> AsyncIterator[FeedSchool]:
    pool = await connect_pool(postgres, name="feed tests", size=8)
    yield FeedSchool(PostgresLog(pool), tmp_path, tenant=f"t-{uuid4().hex[:8]}")
    await pool.close()


async def write(school: FeedSchool, tenant: str, writer: int) -> None:
    for number in range(EACH):
        key = f"{writer}-{number}"
        about = {"enrollment": key, "learner": "ann", "offering": "spring", "course": "sql"}
        tags = ("learner_enrolled", "enrollment_activated")
        await school.happens(f"enrollment-{key}", *tags, tenant=tenant, **about)
        await school.happens(f"progress-{key}", "lesson_progressed", tenant=tenant, lesson="a")


async def poll(client: AsyncClient, school: FeedSchool) -> list[int]:
    """Long polls, one behind the other, each as another client would go on."""
    found: list[int] = []
    reached = 0
    while len(found) < 2 * ALL:
        answer = await client.get(
            f"/events?limit=50&wait=20&after={reached}", headers=school.headers() | NDJSON
        )
        found += positions(answer)
        reached = int(answer.headers["Milepost-Position"])
    return found


async def test_all_is_told_in_order_and_behind_every_cut(
    school: FeedSchool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tail, "CHUNK_EVENTS", 8)
    other = f"{school.tenant}-other"
    async with school.served() as client:
        polling = asyncio.create_task(poll(client, school))
        async with stream(client, school) as first:
            tenants = (school.tenant, other)
            works = [write(school, one, number) for one in tenants for number in range(WRITERS)]
            writing = [asyncio.create_task(work) for work in works]
            await eventually(lambda: len(first.positions) > ALL // 4)
        async with stream(client, school, Last_Event_ID=first.last_id) as second:
            await asyncio.gather(*writing)
            await eventually(lambda: len(first.positions + second.positions) >= 2 * ALL)
        polled = await polling
    log = await school.log.read(school.tenant, 0, 10_000, list(PUBLISHED))
    written = [one.position for one in log]
    assert len(written) == 2 * ALL
    assert first.positions + second.positions == written
    assert polled == written


@pytest.mark.parametrize(
    "viewer", [Viewer("lms", everything=True), Viewer("ann", learns=True, teaches=True)]
)
async def test_the_largest_answer_holds_up_nobody(school: FeedSchool, viewer: Viewer):
    for number in range(0, 10_000, 500):
        about = {"enrollment": f"e-{number}", "learner": "ann", "offering": "spring"}
        await school.happens(f"enrollment-e-{number}", "learner_enrolled", course="sql", **about)
        lessons = ["lesson_started"] * 499
        await school.happens(f"progress-e-{number}", *lessons, lesson="a" * 60)
    selection = Selection(school.log)
    visibility = Visibility(Transactor(school.log), selection)
    subscriber = Subscriber(school.tenant, viewer, Filter())
    answer = Answer(0, 10_000, encoding(school.settings))
    async with loop_free():
        await collect(LogPages(school.log, selection, visibility), subscriber, answer, 10_000)
        body = answer.written("application/x-ndjson")
    assert body.count(b"\n") == len(answer.bodies) > 1_000
