"""A subscriber has a part again, by HTTP: its own, at its pace, to the end or until it is canceled.

Whoever looks after subscribers may die at any moment, and the stream may be made anew.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.clients import Client, school_of
from tests.eventually import eventually
from tests.subscriptions.partners.servers import Partner
from tests.subscriptions.partners.test_commands import Installation, heard, here, running

from milepost.events.commands.transact import Transactor
from milepost.events.nats.jetstream import STREAM, ensure_stream
from milepost.events.relay.republish import STREAM as REPUBLISHED
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.postgres import connect_pool
from milepost.subscriptions.partners import consumers, register
from milepost.subscriptions.partners import keeper as keeping
from milepost.subscriptions.partners.administration import Administration
from milepost.subscriptions.partners.app import service
from milepost.subscriptions.partners.consumers import make
from milepost.subscriptions.partners.keeper import Keeper
from milepost.subscriptions.partners.program import program
from milepost.subscriptions.partners.register import Named
from milepost.subscriptions.partners.subscriber import SUBSCRIBER
from milepost.web.room import Context
from milepost.web.settings import Settings

__all__ = ["here"]  # a fixture

OWNER: Any = {"by": "service", "subject": "payroll-service"}
PATH = "/subscribers/payroll"
# Positions and learners; the 21st event is that there is a subscriber.
AWARDED = [(str(number + 1), f"learner-{number}") for number in range(20)]


class Kept:
    """A subscriber `payroll`, the routes, and a keeper that is started and stopped."""

    def __init__(self, installation: Installation, context: Context, client: Client) -> None:
        self.here, self.context, self.client = installation, context, client
        self.partner = Partner(installation.tenant, "payroll", "credential_awarded")

    async def add(self) -> None:
        partner, tenant = self.partner, self.here.tenant
        added = msgspec.structs.replace(
            partner.added, owner="payroll-service", occurred_at=datetime.now(UTC)
        )
        await register.keep(self.context.pool, tenant, "payroll", partner.secret)
        stream = SUBSCRIBER.of("payroll")
        await self.context.transactor.transact(tenant, stream, lambda _: [added])

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        task = asyncio.create_task(Keeper(self.context).run())
        try:
            yield
        finally:
            await cancel_and_wait(task)

    async def let_in(self) -> None:
        """Once the file is written, and read by the server."""
        server = self.here.server
        await eventually(lambda: self.partner.user in server.accounts.read_text("utf-8"))
        await server.takes_up(server.address(self.partner), self.partner.id)

    async def ask(self, **body: Any) -> Any:
        answer = await self.client.post(f"{PATH}/republish", body, **OWNER)
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def replay(self) -> Any:
        return (await self.client.get(PATH, **OWNER)).json()["republish"]

    async def in_state(self, state: str) -> bool:
        return bool((await self.replay())["state"] == state)

    async def fetched(self, count: int, stream: str = REPUBLISHED) -> list[int]:
        """Positions, as the partner gets them."""
        async with self.here.server.as_(self.partner) as one:
            feed = await one.js.pull_subscribe_bind(self.partner.id, stream)
            found: list[int] = []
            while len(found) < count:
                messages = await feed.fetch(count - len(found), timeout=20)
                for message in messages:
                    assert message.headers
                    found.append(int(message.headers["Milepost-Position"]))
                    await message.ack_sync()
        return found


@pytest.fixture
async def kept(
    here: Installation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Kept]:
    monkeypatch.setattr(keeping, "TURN_SECONDS", 0.05)
    pool = await connect_pool(here.postgres, name="test", size=6)
    settings = Settings(
        data_dir=tmp_path, nats=here.server.url, nats_accounts=str(here.server.accounts)
    )
    context = Context(Transactor(here.log), settings, pool)
    async with school_of(
        [service(context)], context.transactor, settings, by="operator", tenant=here.tenant
    ) as client:
        one = Kept(here, context, client)
        await here.award(*(f"learner-{number}" for number in range(20)))
        await one.add()
        yield one
    await context.transactor.close()
    await pool.close()


async def test_consumers_and_accounts_come_by_themselves_also_to_a_stream_made_anew(kept: Kept):
    async with kept.keeping():
        address = kept.here.server.address(kept.partner)
        await kept.let_in()
        assert await kept.fetched(20, STREAM) == [*range(1, 21)]
        async with kept.here.server.own() as js:
            await js.delete_stream(STREAM)
            await ensure_stream(js)
            await eventually(lambda: kept.here.server.lets_in(address, kept.partner.id))
            # Somebody's who was removed, by a process that died before it had deleted it.
            gone = Partner(kept.here.tenant, "gone")
            await make(js, gone.named, 1)

            async def forgotten() -> bool:
                return gone.id not in [one.name for one in await js.consumers_info(STREAM)]

            await eventually(forgotten)


@pytest.mark.faults
async def test_the_printed_program_outlives_a_lost_stream_and_a_restart_of_nats(
    kept: Kept, tmp_path: Path
):
    server, partner = kept.here.server, kept.partner
    told = {"address": server.address(partner), "program": program(partner.id)}
    async with kept.keeping():
        await kept.let_in()
        async with running(told, tmp_path) as one:
            assert [await heard(one) for _ in range(20)] == AWARDED
            async with server.own() as js:
                await js.delete_stream(STREAM)
            assert [await heard(one) for _ in range(20)] == AWARDED
            await server.restart()
            await kept.here.award("zoe")
            assert await heard(one) == ("22", "zoe")


async def test_whoever_is_removed_from_elsewhere_leaves_the_file(kept: Kept):
    async with kept.keeping():
        await kept.let_in()
        server, partner = kept.here.server, kept.partner
        async with server.own() as js:
            elsewhere = Administration(
                kept.context.transactor, kept.context.pool, js, kept.context.clock, actor="ada"
            )
            await elsewhere.remove(partner.tenant, partner.name)
        await eventually(lambda: partner.id not in server.accounts.read_text("utf-8"))
        await server.reload()

        async def refused() -> bool:
            return not await server.lets_in(server.address(partner), partner.id)

        await eventually(refused)


async def test_it_has_a_part_again_in_order_and_nothing_that_it_may_not_read(kept: Kept):
    async with kept.keeping():
        asked = await kept.ask(**{"from": 5})
        assert (asked["state"], asked["from"], asked["to"]) == ("running", 5, 21)
        await kept.let_in()
        # The last position is that there is a subscriber: nobody publishes that.
        assert await kept.fetched(16) == [*range(5, 21)]
        await eventually(lambda: kept.in_state("done"))
    replay = await kept.replay()
    assert (replay["published"], replay["next"]) == (16, 22)
    refused = await kept.client.post(
        f"{PATH}/republish", {"from": 1, "events": ["course_published"]}, **OWNER
    )
    assert refused.status_code == 422
    async with kept.here.server.own() as js:  # another of this name has none of it
        await consumers.delete(js, kept.here.tenant, "payroll")
        await consumers.make(js, kept.partner.named, 1)
        assert (await js.consumer_info(REPUBLISHED, kept.partner.id)).num_pending == 0
    first = {"since": "0001-01-01T00:00:00Z"}
    assert (await kept.client.post(f"{PATH}/republish", first, **OWNER)).status_code == 400


async def test_it_goes_on_where_a_process_has_died_and_ends_when_it_is_canceled(kept: Kept):
    await kept.ask(since=(datetime.now(UTC) - timedelta(days=1)).isoformat(), per_second=1)
    async with kept.keeping():
        await eventually(lambda: progressed(kept, 3))
    pool, tenant = kept.context.pool, kept.here.tenant
    # The one that died holds it no longer.
    await pool.execute("update partners.republications set leased_until = now()")
    before = (await kept.replay())["next"]
    async with kept.keeping():
        await eventually(lambda: progressed(kept, before + 2))
        second = await kept.client.post(f"{PATH}/republish", {"from": 1}, **OWNER)
        assert second.status_code == 409
        answer = await kept.client.ask("DELETE", f"{PATH}/republish", **OWNER)
        assert answer.json()["republish"]["state"] == "canceled"
    replay = await kept.replay()
    assert before < replay["next"] <= 21
    _, state = await kept.context.transactor.load(tenant, SUBSCRIBER.of("payroll"))
    assert Named(tenant, "payroll", state).state.under_way is None
    await pool.execute("update partners.republications set leased_until = now() - interval '2 d'")
    async with kept.keeping():
        rows = "select not exists (select from partners.republications)"
        await eventually(lambda: pool.fetchval(rows))
    assert await kept.replay() == replay


async def progressed(kept: Kept, upto: int) -> bool:
    replay = await kept.replay()
    return bool(replay["next"] >= upto or replay["state"] != "running")


async def test_it_is_its_owner_s_and_the_school_s_and_not_there_for_others(kept: Kept):
    for who in (OWNER, {"by": "operator"}, {"by": "registrar"}):
        assert (await kept.client.get(PATH, **who)).status_code == 200
        found = (await kept.client.get("/subscribers", **who)).json()["subscribers"]
        assert [one["subscriber"] for one in found] == ["payroll"]
    other: Any = {"by": "service", "subject": "library"}
    assert (await kept.client.get("/subscribers", **other)).json() == {"subscribers": []}
    for answer in (
        await kept.client.get(PATH, **other),
        await kept.client.post(f"{PATH}/republish", {"from": 1}, **other),
        await kept.client.ask("DELETE", f"{PATH}/republish", **other),
    ):
        assert answer.status_code == 404
    assert (await kept.client.get(PATH, by="learner")).status_code == 403
    later = {"since": "9999-01-01T00:00:00Z"}
    assert (await kept.client.post(f"{PATH}/republish", later, **OWNER)).status_code == 422
    neither = await kept.client.post(f"{PATH}/republish", {"per_second": 5}, **OWNER)
    assert neither.status_code == 400
