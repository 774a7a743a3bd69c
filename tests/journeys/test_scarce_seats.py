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
from httpx2 import ASGITransport, AsyncClient, Response

from milepost.contracts.ids import enrollment_id
from milepost.contracts.published import PUBLISHED
from milepost.enrollment import app as enrollment
from milepost.events.commands.transact import Transactor
from milepost.events.policies.subscription import Subscription
from milepost.events.policies.timers import Timers
from milepost.events.relay.relay import Relay
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.progress import app as progress
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings

PATIENCE_SECONDS = 30
COURSE = {"title": "Scarce", "lessons": [{"id": "one", "title": "One"}]}


class Clock:
    """Ten days ago, so that all that happens in the test has happened."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) - timedelta(days=10)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class Registrar:
    def __init__(self, client: AsyncClient, issuer: DevelopmentIssuer) -> None:
        self._client = client
        self._issuer = issuer

    async def ask(
        self, method: str, path: str, body: object = None, *, by: str = "registrar"
    ) -> Response:
        """As the registrar, or `by` a learner."""
        role = "registrar" if by == "registrar" else "learner"
        token = self._issuer.issue(by, "default", [role])
        headers = {"Authorization": f"Bearer {token}"}
        return await self._client.request(method, path, json=body, headers=headers)

    async def seen(self, learner: str, offering: str = "spring") -> dict[str, Any]:
        path = f"/enrollment/enrollments/{enrollment_id(offering, learner)}"
        return dict((await self.ask("GET", path, by=learner)).json())

    async def do(self, learner: str, step: str, body: object = None) -> Response:
        path = f"/enrollment/enrollments/{enrollment_id('spring', learner)}/{step}"
        return await self.ask("POST", path, body or {}, by=learner)

    async def comes_to(self, state: str, learner: str, offering: str = "spring") -> dict[str, Any]:
        """What is seen of the enrollment, as soon as it is in that state."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (seen := await self.seen(learner, offering)).get("state") != state:  # noqa: ASYNC110 - seen over HTTP
                await asyncio.sleep(0.05)
        return seen


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
async def clock() -> Clock:
    return Clock()


@pytest.fixture
async def school(
    postgres: str, nats_url: str, tmp_path: Path, clock: Clock
) -> AsyncIterator[Registrar]:
    settings = Settings(data_dir=tmp_path)
    pool: asyncpg.Pool = await connect_pool(postgres, name="scarce", size=16)
    log = PostgresLog(pool)
    transactor = Transactor(log)
    context = Context(transactor, settings, pool, clock)
    services = [
        enrollment.service(context),
        progress.service(context),
    ]
    policies = [policy for service in services for policy in service.policies]
    works = [
        Relay(log, postgres, nats_url, PUBLISHED).run,
        Timers(services[0].timers, transactor, pool, clock=clock).run,
        *(Subscription(policy, transactor, pool, nats_url).run for policy in policies),
    ]
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    here = ASGITransport(app)  # type: ignore[arg-type]
    async with at_work(*works), AsyncClient(transport=here, base_url="http://school") as client:
        yield Registrar(client, DevelopmentIssuer(tmp_path))
    await transactor.close()
    await pool.close()


async def test_a_seat_finds_its_learner(school: Registrar, clock: Clock) -> None:
    await school.ask("POST", "/enrollment/courses/scarce/versions", COURSE)
    for offering in ("spring", "summer"):
        body = {"course": "scarce", "seats": 3, "offer_hours": 48}
        opened = await school.ask("PUT", f"/enrollment/offerings/{offering}", body)
        assert opened.status_code == 201, opened.text

    came = []
    for learner in ("ana", "ben", "cleo", "dan", "eve"):
        path = "/enrollment/offerings/spring/enrollments"
        answer = await school.ask("POST", path, {"learner": learner}, by=learner)
        came.append((answer.json()["state"], answer.json()["place"]))
    assert came == [("enrolled", None)] * 3 + [("waitlisted", 1), ("waitlisted", 2)]

    left = await school.do("ana", "withdraw", {"reason": "no_time"})
    assert left.json()["state"] == "withdrawn"
    offered = await school.comes_to("offered", "dan")
    assert datetime.fromisoformat(offered["offer_expires"]) == clock.now + timedelta(hours=48)
    assert (await school.seen("eve"))["place"] == 1

    clock.move(hours=47)
    await asyncio.sleep(1.5)  # longer than a timer sleeps
    assert (await school.seen("dan"))["state"] == "offered"
    clock.move(hours=2)
    lapsed = await school.comes_to("expired", "dan")
    assert lapsed["reason"] == "offer_expired"
    late = await school.do("dan", "accept")
    assert (late.status_code, late.json()["type"]) == (409, "urn:milepost:problem:already_expired")

    await school.comes_to("offered", "eve")
    assert (await school.do("eve", "accept")).json()["state"] == "enrolled"

    clock.move(hours=1)
    path = f"/enrollment/enrollments/{enrollment_id('spring', 'eve')}/transfer"
    moved = await school.ask("POST", path, {"to": "summer", "reason": "moved_away"})
    assert (moved.status_code, moved.json()["offering"], moved.json()["state"]) == (
        200,
        "summer",
        "enrolled",
    )
    gone = await school.seen("eve")
    assert (gone["state"], gone["transferred_to"]) == ("transferred", moved.json()["enrollment"])
    spring = (await school.ask("GET", "/enrollment/offerings/spring")).json()
    assert (spring["seats_taken"], spring["seats_offered"], spring["waiting"]) == (2, 0, 0)

    clock.move(hours=1)
    report = {
        "type": "completed",
        "id": "r1",
        "lesson": "one",
        "occurred_at": clock.now.isoformat(),
    }
    path = f"/progress/enrollments/{moved.json()['enrollment']}/reports"
    reported = await school.ask("POST", path, {"reports": [report]}, by="eve")
    assert reported.status_code == 200, reported.text
    completed = await school.comes_to("completed", "eve", "summer")
    assert completed["grade"] is not None
    assert [one["event"] for one in gone["history"]] == [
        "learner_waitlisted",
        "learner_offered_seat",
        "learner_enrolled",
        "enrollment_transferred",
    ]
