"""A partner's year in one test: subscribed, down for an hour, rotated, told again, gone.

All over HTTP, with a clock that the test moves; every signature is made again by a library that is
not ours.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from standardwebhooks import Webhook as Stranger
from tests.clients import School, school_of
from tests.eventually import eventually
from tests.subscriptions.webhooks.forget_webhook_secrets import forget_webhook_secrets
from tests.subscriptions.webhooks.receiver import (
    Answer,
    Message,
    Receiver,
    Reply,
    receiving,
    willing,
)
from tests.tenants import new_tenant

from milepost.credentials import app as credentials
from milepost.events.commands.transact import Transactor
from milepost.events.log import read_page
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.events.subscriptions.checkpoint import Checkpoint
from milepost.events.subscriptions.handler import TransactionalHandler
from milepost.events.subscriptions.transaction import TransactionRunner
from milepost.subscriptions.feed import app as feed
from milepost.subscriptions.webhooks import app as webhooks
from milepost.subscriptions.webhooks.delivery.sending import sender
from milepost.web.room import Context, Service
from milepost.web.settings import Settings

PARTNER: dict[str, Any] = {"by": "service", "subject": "payroll"}
DOWN = Reply(503)
BADGE = {"name": "Analyst", "criteria": {"type": "course_passed", "course": "sql"}}
TYPES = ["credential_awarded", "credential_revoked"]


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Partner:
    """At a school; what is sent to it is checked as it comes, and kept if it was taken."""

    def __init__(self, school: School, pool: asyncpg.Pool, clock: Clock, hook: Service) -> None:
        self.school, self.pool, self.clock = school, pool, clock
        self._workers = hook.workers
        [self._handler] = [one for one in hook.handlers if isinstance(one, TransactionalHandler)]
        self.taken: list[Message] = []
        self.secrets: list[str] = []
        self.reply: Answer = willing
        self.path = ""

    async def subscribe(self, receiver: Receiver) -> None:
        wanted = {"url": receiver.url, "types": TYPES, "ordered": "learner"}
        made = await self.school.post("/webhooks", wanted, **PARTNER)
        assert made.status_code == 201, made.text
        self.path = made.headers["Location"]
        assert made.json()["state"] == "unverified"
        await self.step("verify", state="active")
        self.secrets = [made.json()["secret"]]

    async def step(self, name: str, body: object = None, *, state: str | None = None) -> Any:
        answer = await self.school.post(f"{self.path}/{name}", body, **PARTNER)
        assert answer.is_success, answer.text
        if state:
            assert answer.json()["state"] == state
        return answer.json()

    def hear(self, message: Message) -> Reply:
        reply = self.reply(message)
        if self.secrets:
            self.check(message)
            if reply.status < 300:
                self.taken.append(message)
        return reply

    def check(self, message: Message) -> None:
        """Each of its secrets makes one of the signatures."""
        at = datetime.fromtimestamp(int(message.headers["webhook-timestamp"]), UTC)
        made = message.headers["webhook-signature"].split()
        assert len(made) == len(self.secrets)
        for secret in self.secrets:
            told = message.headers["webhook-id"], at, message.body.decode()
            assert Stranger(secret).sign(*told) in made

    async def award(self, learner: str) -> str:
        body = {"achievement": "analyst", "reason": "prior_learning"}
        path = f"/credentials/learners/{learner}/credentials"
        answer = await self.school.post(path, body, by="issuer")
        assert answer.status_code == 201, answer.text
        credential: str = answer.json()["credential"]
        return credential

    async def revoke(self, learner: str, credential: str) -> None:
        path = f"/credentials/learners/{learner}/credentials/{credential}/revoke"
        answer = await self.school.post(path, {"reason": "awarded_in_error"}, by="issuer")
        assert answer.status_code == 200, answer.text

    async def published(self) -> None:
        """The handler reads on to where the log ends."""
        log, tenant = self.school.transactor.log, self.school.tenant
        checkpoint = Checkpoint(self.pool, self._handler.name)
        await checkpoint.load()
        runner = TransactionRunner(self._handler, log, self.pool, checkpoint)
        types = [tag for _, tag in self._handler.types]
        head = (await log.heads())[tenant]
        page = await read_page(log, tenant, checkpoint.read(tenant), head, types=types)
        await runner.run(page.events, {tenant: page.reached})

    async def took(self, times: int) -> list[Message]:
        """What it took since it was asked last: so many."""
        await eventually(lambda: len(self.taken) >= times)
        taken, self.taken = self.taken, []
        assert len(taken) == times
        return taken

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(worker()) for worker in self._workers]
        try:
            yield
        finally:
            await cancel_and_wait(*tasks)


@pytest.fixture
async def partner(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Partner]:
    monkeypatch.setattr(sender, "POLL_SECONDS", 0.05)  # the clock moves at once
    await forget_webhook_secrets(postgres)
    pool = await connect_pool(postgres, name="a partner", size=12)
    settings = Settings(data_dir=tmp_path, outbound_private="127.0.0.1")
    transactor, clock = Transactor(PostgresLog(pool)), Clock()
    context = Context(transactor, settings, pool, clock)
    hook = webhooks.service(context)
    services = [credentials.service(context), feed.service(context), hook]
    whose: dict[str, Any] = {"tenant": new_tenant()}
    async with school_of(services, transactor, settings, **whose) as school:
        await school.define("analyst", BADGE, by="issuer")
        partner = Partner(school, pool, clock, hook)
        async with partner.delivering():
            yield partner
    await transactor.close()
    await pool.close()


def ids(messages: Sequence[Message]) -> list[str]:
    return [one.headers["webhook-id"] for one in messages]


def told(messages: Sequence[Message], learner: str) -> list[str]:
    """What of a learner, in the order in which it came."""
    events = [json.loads(one.body) for one in messages]
    return [one["type"] for one in events if one["data"]["learner"] == learner]


async def test_a_partner_hears_of_what_is_earned_until_it_is_gone(partner: Partner):
    async with receiving(partner.hear) as receiver:
        await partner.subscribe(receiver)
        await partner.award("ann")
        await partner.published()
        [first] = await partner.took(1)
        assert first.event["data"]["name"] == "Analyst"
        await is_down_for_an_hour(partner)
        await rotates(partner)
        await has_a_range_again(partner, ids([first]))
        await says_that_it_is_gone(partner)


async def is_down_for_an_hour(partner: Partner) -> None:
    """All comes, once by its id, and each learner's in order."""
    partner.reply = lambda _: DOWN
    for learner in ("ben", "cleo", "dan"):
        await partner.revoke(learner, await partner.award(learner))
    await partner.published()
    for _ in range(6):
        partner.clock.ahead += timedelta(minutes=10)
        await asyncio.sleep(0.1)  # it is tried meanwhile, in vain
    assert not partner.taken
    partner.reply = willing
    partner.clock.ahead += timedelta(hours=3)  # the next try is due by then
    taken = await partner.took(6)
    assert len(set(ids(taken))) == 6
    for learner in ("ben", "cleo", "dan"):
        assert told(taken, learner) == [f"milepost.{name}" for name in TYPES]


async def rotates(partner: Partner) -> None:
    """Both secrets sign for a day, then the new one alone."""
    rotated = await partner.step("secret/rotate", {})
    assert [one["secret"] for one in rotated["secrets"][1:]] == partner.secrets
    partner.secrets.append(rotated["secrets"][0]["secret"])
    await partner.award("eve")
    await partner.published()
    await partner.took(1)
    partner.clock.ahead += timedelta(hours=25)
    del partner.secrets[0]
    await partner.award("fay")
    await partner.published()
    await partner.took(1)


async def has_a_range_again(partner: Partner, first: list[str]) -> None:
    """The ids are those of the first time, so whoever keeps them tells a repeat."""
    feed = await partner.school.get(f"/events?type={TYPES[0]}&limit=1", **PARTNER)
    [earliest] = feed.json()
    upto = int(earliest["position"])
    await partner.step("redeliveries", {"after": 0, "upto": upto})
    assert ids(await partner.took(1)) == first == [f"msg_{earliest['id']}"]


async def says_that_it_is_gone(partner: Partner) -> None:
    """410 ends it. The school hears of that, and nothing is sent any more."""
    partner.reply = lambda _: Reply(410)
    await partner.award("gus")
    await partner.published()

    async def disabled() -> Any:
        return (await partner.school.get(partner.path, **PARTNER)).json()["disabled"]

    assert (await eventually(disabled))["reason"] == "gone"
    feed = await partner.school.get("/events?type=webhook_disabled", **PARTNER)
    [notice] = feed.json()
    assert notice["data"]["webhook"] == partner.path.rpartition("/")[2]
    partner.reply = willing
    await partner.award("hal")
    await partner.published()
    partner.clock.ahead += timedelta(days=1)
    await asyncio.sleep(0.3)
    assert not partner.taken
