"""One seat's way: given up, offered, let lapse, offered again, accepted, left for another run.

Everything is real but the clock, which the test moves: Postgres, NATS, relay, policies, timers.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.clients import Response, School, school_of
from tests.clocks import Clock
from tests.eventually import eventually

from milepost.contracts.ids import enrollment_id
from milepost.contracts.published import PUBLISHED
from milepost.enrollment import app as enrollment
from milepost.events.commands.transact import Transactor
from milepost.events.policies.timers import Timers
from milepost.events.relay.relay import Relay
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.events.subscriptions.subscription import Subscription
from milepost.operations.serving.serve import handlers_of
from milepost.progress import app as progress
from milepost.web.room import Context
from milepost.web.settings import Settings

PATIENCE_SECONDS = 30
COURSE = {"title": "Scarce", "lessons": [{"id": "one", "title": "One"}]}


def oneself(learner: str) -> dict[str, Any]:
    return {"by": "learner", "subject": learner}


async def seen(school: School, learner: str, offering: str = "spring") -> dict[str, Any]:
    path = f"/enrollment/enrollments/{enrollment_id(offering, learner)}"
    return dict((await school.get(path, **oneself(learner))).json())


async def do(
    school: School, learner: str, step: str, facts: dict[str, object] | None = None
) -> Response:
    return await school.step(enrollment_id("spring", learner), step, facts, **oneself(learner))


async def comes_to(
    school: School, state: str, learner: str, offering: str = "spring"
) -> dict[str, Any]:
    """What is seen of the enrollment, as soon as it is in that state."""

    async def there() -> dict[str, Any]:
        found = await seen(school, learner, offering)
        return found if found.get("state") == state else {}

    return await eventually(there, PATIENCE_SECONDS)


@asynccontextmanager
async def at_work(*works: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(work()) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def clock() -> Clock[datetime]:
    """Ten days ago, so that all that happens in the test has happened."""
    return Clock(datetime.now(UTC) - timedelta(days=10))


@pytest.fixture
async def school(
    postgres: str,
    nats_url: str,
    tmp_path: Path,
    clock: Clock[datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[School]:
    monkeypatch.setattr("milepost.events.policies.timers.MAX_PAUSE_SECONDS", 0.1)
    settings = Settings(data_dir=tmp_path)
    pool: asyncpg.Pool = await connect_pool(postgres, name="scarce", size=16)
    log = PostgresLog(pool)
    transactor = Transactor(log)
    context = Context(transactor, settings, pool, lambda: clock.now)
    services = [enrollment.service(context), progress.service(context)]
    handlers = handlers_of(services, transactor)
    works = [
        Relay(log, postgres, nats_url, PUBLISHED).run,
        Timers(services[0].timers, transactor, pool, clock=clock).run,
        *(Subscription(one, log, pool, nats_url).run for one in handlers),
    ]
    async with at_work(*works), school_of(services, transactor, settings) as school:
        yield school
    await transactor.close()
    await pool.close()


async def test_a_seat_finds_its_learner(school: School, clock: Clock[datetime]) -> None:
    for offering in ("spring", "summer"):
        await school.open(offering, course="scarce", plan=COURSE, seats=3, offer_hours=48)

    came = []
    for learner in ("ana", "ben", "cleo", "dan", "eve"):
        answer = await school.enroll(learner, **oneself(learner))
        came.append((answer.json()["state"], answer.json()["place"]))
    assert came == [("enrolled", None)] * 3 + [("waitlisted", 1), ("waitlisted", 2)]

    left = await do(school, "ana", "withdraw", {"reason": "no_time"})
    assert left.json()["state"] == "withdrawn"
    offered = await comes_to(school, "offered", "dan")
    assert datetime.fromisoformat(offered["offer_expires"]) == clock.now + timedelta(hours=48)
    assert (await seen(school, "eve"))["place"] == 1

    clock.now += timedelta(hours=47)
    await eventually(clock.looked_at(4))  # in a whole turn of the timers at least
    assert (await seen(school, "dan"))["state"] == "offered"
    clock.now += timedelta(hours=2)
    lapsed = await comes_to(school, "expired", "dan")
    assert lapsed["reason"] == "offer_expired"
    late = await do(school, "dan", "accept")
    assert (late.status_code, late.json()["type"]) == (409, "urn:milepost:problem:already_expired")

    await comes_to(school, "offered", "eve")
    assert (await do(school, "eve", "accept")).json()["state"] == "enrolled"

    clock.now += timedelta(hours=1)
    to = {"to": "summer", "reason": "moved_away"}
    moved = await school.step(enrollment_id("spring", "eve"), "transfer", to)
    assert (moved.status_code, moved.json()["offering"], moved.json()["state"]) == (
        200,
        "summer",
        "enrolled",
    )
    gone = await seen(school, "eve")
    assert (gone["state"], gone["transferred_to"]) == ("transferred", moved.json()["enrollment"])
    spring = (await school.get("/enrollment/offerings/spring")).json()
    assert (spring["seats_taken"], spring["seats_offered"], spring["waiting"]) == (2, 0, 0)

    clock.now += timedelta(hours=1)
    report = {
        "type": "completed",
        "id": "r1",
        "lesson": "one",
        "occurred_at": clock.now.isoformat(),
    }
    reported = await school.report(moved.json()["enrollment"], report, **oneself("eve"))
    assert reported.status_code == 200, reported.text
    completed = await comes_to(school, "completed", "eve", "summer")
    assert completed["grade"] is None  # nothing is graded
    assert [one["event"] for one in gone["history"]] == [
        "learner_waitlisted",
        "learner_offered_seat",
        "learner_enrolled",
        "enrollment_transferred",
    ]
