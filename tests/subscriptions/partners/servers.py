"""NATS as `milepost up` configures it, and by deploy/nats.conf: both with subscribers' accounts."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import nats
import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import ServiceUnavailableError
from tests.eventually import eventually
from tests.house.test_nats_conf import PASSWORDS, Server

from milepost.events.nats.connection import connect_once
from milepost.events.nats.jetstream import STREAM, ensure_stream
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.operations.local.embedded import free_port
from milepost.operations.local.embedded_nats import RELOAD_REST_SECONDS, RELOADS, EmbeddedNats
from milepost.subscriptions.partners import consumers
from milepost.subscriptions.partners.accounts import (
    DOMAIN,
    Account,
    User,
    account_id,
    rendered,
    user_name,
)
from milepost.subscriptions.partners.events import SubscriberAdded
from milepost.subscriptions.partners.register import Named, Secret
from milepost.subscriptions.partners.subscriber import Subscriber

AWARDED = "credentials.credential_awarded"


class Partner:
    """A subscriber of a school, with one secret."""

    def __init__(self, tenant: str, name: str, *events: str) -> None:
        self.tenant, self.name, self.secret = tenant, name, Secret.new()
        self.added = SubscriberAdded(subscriber=name, key=self.secret.key, events=events)
        self.named = Named(tenant, name, Subscriber(self.added, {self.secret.key: None}))

    @property
    def id(self) -> str:
        return account_id(self.tenant, self.name)

    @property
    def user(self) -> str:
        return user_name(self.tenant, self.name, self.secret.key)

    @property
    def account(self) -> Account:
        users = [User(self.secret.key, self.secret.digest)]
        return Account(self.tenant, self.name, users)


async def made(js: JetStreamContext, partner: Partner) -> bool:
    """Whether its consumers are: for a moment nobody answers, while accounts are read anew."""
    try:
        await consumers.make(js, partner.named, 1)
    except ServiceUnavailableError:
        return False
    return True


class Nats:
    """A server that runs, whoever configured it."""

    def __init__(
        self,
        url: str,
        accounts: Path,
        restart: Callable[[], Awaitable[None]],
        hang_up: Callable[[], None] | None,
    ) -> None:
        """`url` is Milepost's own, with its password. `hang_up` tells one to reload that has to
        be told."""
        self.url, self.accounts = url, accounts
        self.restart, self._hang_up = restart, hang_up
        self.scheme, _, rest = url.partition("://")
        self.host = rest.rpartition("@")[2]

    async def admit(self, *partners: Partner) -> None:
        """These and no others, each with its consumers."""
        self.write([one.account for one in partners])
        async with self.own() as js:
            for one in partners:
                await eventually(partial(made, js, one))
        for one in partners:
            await self.takes_up(self.address(one), one.id)

    async def takes_up(self, address: str, consumer: str) -> None:
        await self.reload()
        await eventually(lambda: self.lets_in(address, consumer))

    async def reload(self) -> None:
        """As an operator does; that of `milepost up` reloads by itself."""
        if self._hang_up:
            for _ in range(RELOADS):
                self._hang_up()
                await asyncio.sleep(RELOAD_REST_SECONDS)

    async def lets_in(self, address: str, consumer: str) -> bool:
        """Whether it answers this user about its consumer."""
        try:
            client = await connect_once(address, 5)
        except nats.errors.Error:
            return False
        try:
            await client.jetstream(domain=DOMAIN, timeout=2).consumer_info(STREAM, consumer)
        except nats.errors.Error:
            return False
        finally:
            await client.close()
        return True

    def write(self, accounts: Sequence[Account]) -> None:
        self.accounts.write_text(rendered(accounts, datetime.now(UTC)), "utf-8")

    @asynccontextmanager
    async def own(self) -> AsyncIterator[JetStreamContext]:
        client = await nats.connect(self.url)
        try:
            yield client.jetstream()
        finally:
            await client.close()

    def address(self, partner: Partner, secret: str | None = None) -> str:
        return f"{self.scheme}://{partner.user}:{secret or partner.secret.secret}@{self.host}"

    @asynccontextmanager
    async def as_(self, partner: Partner, **options: Any) -> AsyncIterator["Hostile"]:
        errors: list[Exception] = []

        async def hear(error: Exception) -> None:
            errors.append(error)

        client = await nats.connect(self.address(partner), error_cb=hear, **options)
        try:
            yield Hostile(client, errors)
        finally:
            await client.close()


class Hostile:
    """A subscriber's connection, with what the server has refused it."""

    def __init__(self, client: Client, errors: list[Exception]) -> None:
        self.client, self.errors = client, errors
        self.js = client.jetstream(domain=DOMAIN, timeout=2)

    async def settled(self) -> None:
        """The server has done with what was sent."""
        await self.client.flush()
        await asyncio.sleep(0.1)


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Nats]:
    # Its own: who starts a server ends one that an earlier run has left behind under this mark.
    mark = f"attacked-{uuid4().hex[:12]}"
    server = EmbeddedNats(folder, mark=mark, port=free_port(0), token="own")
    children = [await server.start()]

    async def restart() -> None:
        await children.pop().stop()
        children.append(await server.start())

    following = asyncio.create_task(server.follow_accounts())
    try:
        yield Nats(server.address, server.accounts_file, restart, None)
    finally:
        await cancel_and_wait(following)
        await children.pop().stop()


@asynccontextmanager
async def deployed(folder: Path) -> AsyncIterator[Nats]:
    server = Server(folder)
    await server.start()

    async def restart() -> None:
        await server.stop()
        await server.start()

    url = f"tls://milepost:{PASSWORDS['NATS_PASSWORD']}@127.0.0.1:{server.port}"
    try:
        yield Nats(url, server.accounts, restart, lambda: server.process.send_signal(signal.SIGHUP))
    finally:
        await server.stop()


async def award(js: JetStreamContext, tenant: str, count: int, subject: str = AWARDED) -> None:
    await ensure_stream(js)
    for number in range(count):
        body = json.dumps({"number": number}).encode()
        await js.publish(f"milepost.{tenant}.{subject}", body)


async def pending(js: JetStreamContext, partner: Partner) -> tuple[int, int]:
    """Not sent, and not acknowledged."""
    info = await js.consumer_info(STREAM, partner.id)
    return info.num_pending or 0, info.num_ack_pending or 0


async def until_pending(js: JetStreamContext, partner: Partner, expected: tuple[int, int]) -> None:
    async def so() -> bool:
        return await pending(js, partner) == expected

    await eventually(so)
