"""What `milepost subscribers` works with, while it is connected: Postgres, and NATS if need be."""

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import asyncpg
import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo

from milepost.events.commands.transact import Transactor
from milepost.events.nats import jetstream
from milepost.events.policies.timers import utc_now
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.installation.named_servers import require_answering
from milepost.operations.installation.nats_accounts import accounts_file
from milepost.operations.installation.tenants import require_known
from milepost.operations.terminal.errors import Trouble
from milepost.subscriptions.partners import consumers
from milepost.subscriptions.partners.accounts import account_id
from milepost.subscriptions.partners.administration import Administration
from milepost.subscriptions.partners.register import Named, subscribers_of
from milepost.subscriptions.partners.subscriber import EVENTS
from milepost.web.settings import Settings

FIGURES: Final = ("pending", "unacknowledged")


class Desk:
    """What the commands work with, while they are connected."""

    def __init__(self, settings: Settings, pool: asyncpg.Pool, js: JetStreamContext | None) -> None:
        self.pool = pool
        self.transactor = Transactor(PostgresLog(pool))
        self._settings = settings
        self._js = js

    @property
    def administration(self) -> Administration:
        assert self._js is not None
        return Administration(
            self.transactor,
            self.pool,
            self._js,
            utc_now,
            actor=getpass.getuser(),
            file=accounts_file(self._settings),
            replicas=self._settings.nats_replicas,
        )

    async def require_school(self, tenant: str) -> None:
        """Raises `Trouble`."""
        require_known(tenant, await self.transactor.log.heads())

    async def rows(self, tenant: str | None) -> list[dict[str, Any]]:
        tenants = [tenant] if tenant else list(await self.transactor.log.heads())
        found = await subscribers_of(self.transactor.log, tenants)
        infos = await _infos(self._settings) if found else {}
        return [_row(one, infos.get(account_id(one.tenant, one.name))) for one in found]

    async def lag(self, tenant: str, name: str) -> dict[str, Any]:
        """Raises `Trouble`."""
        assert self._js is not None
        try:
            info = await self._js.consumer_info(jetstream.STREAM, account_id(tenant, name))
        except nats.js.errors.NotFoundError as error:
            raise Trouble(
                f"{tenant} has no subscriber {name} with a consumer in NATS: see"
                " `milepost subscribers list`."
            ) from error
        return {"tenant": tenant, "name": name, **_figures(info)}


def _row(one: Named, info: ConsumerInfo | None) -> dict[str, Any]:
    added = one.state.added
    assert added is not None
    now = utc_now()
    valid = [until for until in one.state.keys.values() if until is None or until > now]
    return {
        "tenant": one.tenant,
        "name": one.name,
        "consumer": account_id(one.tenant, one.name),
        "all": not added.events,
        "events": sorted(added.events or EVENTS),
        "owner": added.owner,
        "added_at": added.occurred_at,
        "secrets": len(valid),
        **(_figures(info) if info else dict.fromkeys(FIGURES)),
    }


def _figures(info: ConsumerInfo) -> dict[str, int]:
    return {"pending": info.num_pending or 0, "unacknowledged": info.num_ack_pending or 0}


async def _infos(settings: Settings) -> dict[str, ConsumerInfo]:
    """None of a server that does not answer: who is subscribed, the log says."""
    with suppress(Trouble, nats.js.errors.NotFoundError, *UNAVAILABLE):
        await require_answering(settings)
        async with jetstream.connected(settings.nats_server, "subscribers") as client:
            return await consumers.there(client.jetstream(), jetstream.STREAM)
    return {}


@asynccontextmanager
async def desk_of(settings: Settings, *, without_nats: bool) -> AsyncIterator[Desk]:
    async with await connect_pool(settings.postgres, name="milepost subscribers", size=3) as pool:
        if without_nats:
            desk = Desk(settings, pool, None)
            yield desk
            await desk.transactor.close()
            return
        await require_answering(settings)
        async with jetstream.connected(settings.nats_server, "subscribers") as client:
            desk = Desk(settings, pool, client.jetstream())
            yield desk
            await desk.transactor.close()
