"""Thousands of requests at three processes, one is killed: seats are exact, nobody overtakes.

Two serve over HTTP; the third is the test itself, which lets offers lapse ahead of their time.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.clients import Client, Response, Running, TransportError
from tests.eventually import eventually
from tests.processes import milepost, wait_until_ready

from milepost.contracts.ids import enrollment_id
from milepost.contracts.offerings import SeatOffered, SeatReleased, SeatTaken
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.offering.offering import OFFERING, Offering
from milepost.enrollment.domain.offering.seats import expire_offer
from milepost.enrollment.events import WaitlistJoined
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.local.embedded import free_port

SEATS, LEARNERS, PATIENCE_SECONDS = 40, 600, 90
COURSE = {"title": "Scarce", "lessons": [{"id": "one", "title": "One"}]}
STREAM = OFFERING.of("scarce")


class Crowd:
    """Asks again, with the same key and somewhere else, until it is answered."""

    def __init__(self, clients: list[Client]) -> None:
        self._clients = clients
        self._random = random.Random(7)

    async def ask(self, path: str, body: object, key: str) -> Response:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                client = self._random.choice(self._clients)
                try:
                    answer = await client.post(path, body, key=key)
                except TransportError:
                    await asyncio.sleep(0.02)  # as a client does before it asks again
                else:
                    if answer.status_code != 503:
                        return answer

    async def live(self, number: int) -> None:
        """Come; perhaps leave, accept what is offered or turn it down, and come again."""
        learner = f"l-{number}"
        own = f"/enrollment/enrollments/{enrollment_id('scarce', learner)}"
        come = {"learner": learner}
        await self.ask("/enrollment/offerings/scarce/enrollments", come, f"{learner}-in")
        for turn in range(2):
            step = self._random.choice(["withdraw", "accept", "turn-down", "stay"])
            if step != "stay":
                body = {"reason": "no_time"} if step == "withdraw" else {}
                await self.ask(f"{own}/{step}", body, f"{learner}-{turn}-{step}")
        await self.ask("/enrollment/offerings/scarce/enrollments", come, f"{learner}-again")


async def let_lapse(transactor: Transactor, tenant: str) -> None:
    """Offers expire all the time: as if every hour were over at once."""
    while True:
        _, run = await transactor.load(tenant, STREAM)
        later = datetime.now(UTC) + timedelta(hours=2)
        for offer in list(run.offered.values())[:5]:
            lapse = partial(
                expire_offer, enrollment=offer.enrollment, stay=offer.stay, occurred_at=later
            )
            await transactor.transact(tenant, STREAM, lapse)
        await asyncio.sleep(0.02)  # the pace at which hours are over


@asynccontextmanager
async def meanwhile(work: "asyncio.Future[None] | asyncio.Task[None]") -> AsyncIterator[None]:
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@pytest.mark.slow
async def test_seats_are_exact_whoever_is_killed(
    postgres: str, nats_url: str, data_dir: Path
) -> None:
    tenant, ports = "oracle", [free_port(0), free_port(0)]
    servers = {"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url}
    pool = await connect_pool(postgres, name="oracle", size=4)
    transactor = Transactor(PostgresLog(pool))
    with (
        milepost(data_dir, "serve", "enrollment", MILEPOST_PORT=str(ports[0]), **servers) as one,
        milepost(data_dir, "serve", "enrollment", MILEPOST_PORT=str(ports[1]), **servers) as two,
    ):
        schools = [Running(f"http://127.0.0.1:{port}", data_dir) for port in ports]
        for school, process in zip(schools, (one, two), strict=True):
            wait_until_ready(school.http, process)
        async with schools[0].client(tenant=tenant) as a, schools[1].client(tenant=tenant) as b:
            await b.open("scarce", course="scarce", plan=COURSE, seats=SEATS, offer_hours=1)
            crowd = Crowd([a, b])
            async with meanwhile(asyncio.ensure_future(let_lapse(transactor, tenant))):
                lives = [asyncio.ensure_future(crowd.live(number)) for number in range(LEARNERS)]
                await asyncio.wait(lives[: LEARNERS // 4])
                one.kill()
                await asyncio.gather(*lives)
            await require_agreement(transactor, tenant)
    await require_exact(transactor, tenant)
    await transactor.close()
    await pool.close()


async def require_exact(transactor: Transactor, tenant: str) -> None:
    """At every event there was: no more held than there are, and the first of the line first."""
    run, line, lapsed = Offering(), list[str](), 0
    for one in await transactor.log.read_stream(tenant, STREAM.name):
        event = OFFERING.codec.read(one)
        match event:
            case WaitlistJoined():
                assert len(run.seated) + len(run.offered) == SEATS
            case SeatOffered():
                assert event.enrollment == line[0]
            case SeatTaken():
                assert event.enrollment in run.offered or not line
        lapsed += isinstance(event, SeatReleased) and event.expired
        run = OFFERING.evolve(run, event)
        line = list(run.waiting)
        assert len(run.seated) + len(run.offered) <= SEATS
    assert run.seated
    assert lapsed, "no offer lapsed: nothing was shown"


async def require_agreement(transactor: Transactor, tenant: str) -> None:
    """Once the policies have heard everything, the enrollments say what the offering says."""

    async def agreed() -> bool:
        return not await disagreeing(transactor, tenant)

    await eventually(agreed, PATIENCE_SECONDS)


async def disagreeing(transactor: Transactor, tenant: str) -> list[str]:
    _, run = await transactor.load(tenant, STREAM)
    wrong = []
    for number in range(LEARNERS):
        own = enrollment_id("scarce", f"l-{number}")
        _, state = await transactor.load(tenant, ENROLLMENT.of(own))
        held = {"enrolled": run.seated, "offered": run.offered, "waitlisted": run.waiting}
        fits = all((state.state == name) == (own in place) for name, place in held.items())
        wrong += [] if fits else [own]
    return wrong
