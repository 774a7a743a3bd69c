"""Looks after NATS for subscribers while a process runs: their accounts, consumers and replays.

Any number of processes may: each does what it finds undone, and doing it twice changes nothing.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.js.api import ConsumerInfo

from milepost.events.nats.jetstream import STREAM, connected
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.subscriptions.partners import consumers
from milepost.subscriptions.partners.accounts import account_id
from milepost.subscriptions.partners.register import Register, everywhere, write_accounts
from milepost.subscriptions.partners.replays import Replays, forget_ended
from milepost.web.room import Context

# Replays go on each second, at their pace; the rest can wait.
TURN_SECONDS: Final = 1.0
TEND_EVERY: Final = 5
LONGEST_SECONDS: Final = 5.0
# Of a route that asks for a consumer's lag.
ASK_SECONDS: Final = 2.0

_log = structlog.get_logger()


class Keeper:
    """Of one process. It connects to NATS once there is a subscriber, not before."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._replays = Replays(context)
        self._register = Register(context.pool, context.transactor.log)
        self._client: Client | None = None

    async def run(self) -> NoReturn:
        pauses = Backoff(TURN_SECONDS, LONGEST_SECONDS)
        while True:
            try:
                await self._write()
                if await self._needed():
                    await self._work()
                pauses.reset()
            except UNAVAILABLE as error:
                _log.warning("partners_interrupted", error=repr(error))
            except Exception:  # noqa: BLE001 - a defect; subscribers must not stop for it
                _log.exception("partners_failed")
            await pauses.pause()

    async def consumer(self, tenant: str, name: str) -> ConsumerInfo | None:
        """How far it is; None while NATS does not say."""
        if self._client is None or not self._client.is_connected:
            return None
        js = self._client.jetstream(timeout=ASK_SECONDS)
        with suppress(*UNAVAILABLE):
            info: ConsumerInfo = await js.consumer_info(STREAM, account_id(tenant, name))
            return info
        return None

    async def _needed(self) -> bool:
        pool = self._context.pool
        return bool(await pool.fetchval("select exists (select from partners.keys)"))

    async def _work(self) -> None:
        """For as long as there are subscribers. Raises what NATS and Postgres raise."""
        settings = self._context.settings
        async with connected(settings.nats_server, "partners") as client:
            self._client = client
            try:
                turn = 0
                while await self._needed():
                    if turn % TEND_EVERY == 0:
                        await self._write()
                        await self._tend(client)
                    await self._replays.turn(client, await self._register.everywhere())
                    turn += 1
                    await asyncio.sleep(TURN_SECONDS)
            finally:
                self._client = None

    async def _write(self) -> None:
        """Also without subscribers: whoever was removed must not stay in the file."""
        if not (named := self._context.settings.nats_accounts):
            return
        pool, log = self._context.pool, self._context.transactor.log
        try:
            if await write_accounts(pool, log, Path(named), self._context.clock()):
                _log.info("subscriber_accounts_written", file=named)
        except (FileNotFoundError, PermissionError) as error:  # the rest goes on without
            _log.error("subscriber_accounts_not_written", file=named, error=str(error))

    async def _tend(self, client: Client) -> None:
        pool, log = self._context.pool, self._context.transactor.log
        replicas = self._context.settings.nats_replicas
        js = client.jetstream()
        with suppress(nats.js.errors.NotFoundError):  # the relay has not made the stream yet
            there = frozenset(await consumers.there(js, STREAM))
            named = await everywhere(pool, log)
            await forget_ended(pool, named)
            made = await consumers.tend(js, there, named, replicas)
            for one in made:
                _log.info("subscriber_consumer_made", consumer=one)
