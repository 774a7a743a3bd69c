"""What an operator does with subscribers: add, rotate, remove; each whole whatever dies between.

    add      the key's digest ─▶ the log ─▶ consumers ─▶ the file of accounts
    rotate   the key's digest ─▶ the log ─▶ the file
    remove   the log ─▶ the file ─▶ consumers ─▶ digests

A digest that the log knows nothing of opens nothing. From the log on, every process that serves
subscriptions brings the rest about, should this one die.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import nats.js.errors
from nats.js import JetStreamContext

from milepost.events.commands.transact import Transactor
from milepost.events.event import Refused
from milepost.events.metadata import Metadata
from milepost.subscriptions.partners import consumers, register
from milepost.subscriptions.partners.events import (
    SubscriberAdded,
    SubscriberEvent,
    SubscriberRemoved,
    SubscriberSecretRotated,
)
from milepost.subscriptions.partners.register import Named, Secret
from milepost.subscriptions.partners.subscriber import (
    SUBSCRIBER,
    Subscriber,
    add,
    known,
    remove,
    rotate,
)


class AlreadyThere(Exception):
    """There is a subscriber of this name."""


class Administration(msgspec.Struct, frozen=True):
    """`file`: that of the accounts, if it is known here. `actor`: who does this, for the log."""

    transactor: Transactor
    pool: asyncpg.Pool
    js: JetStreamContext
    clock: Callable[[], datetime]
    actor: str
    file: Path | None = None
    replicas: int = 1

    async def add(self, tenant: str, name: str, events: Sequence[str], owner: str | None) -> Secret:
        """Its first secret. Raises `AlreadyThere`."""
        secret = Secret.new()
        added = SubscriberAdded(
            subscriber=name,
            key=secret.key,
            events=tuple(sorted(set(events))),
            owner=owner,
            occurred_at=self.clock(),
        )
        state = await self._with_key(tenant, name, secret, lambda one: add(one, added))
        # What somebody of this name, who was removed a moment ago, has left.
        await consumers.delete(self.js, tenant, name)
        with suppress(nats.js.errors.NotFoundError):  # the relay has not made the stream yet
            await consumers.make(self.js, Named(tenant, name, state), self.replicas)
        await self.write()
        return secret

    async def rotate(self, tenant: str, name: str, overlap: timedelta) -> tuple[Secret, datetime]:
        """Its new secret, and until when the earlier ones are valid. Raises `UnknownSubscriber`."""
        secret, now = Secret.new(), self.clock()
        rotated = SubscriberSecretRotated(
            subscriber=name, key=secret.key, until=now + overlap, occurred_at=now
        )
        await self._with_key(tenant, name, secret, lambda one: rotate(one, rotated))
        await self.write()
        return secret, rotated.until

    async def remove(self, tenant: str, name: str) -> None:
        """Raises `UnknownSubscriber`."""
        _, state = await self.transactor.load(tenant, SUBSCRIBER.of(name))
        known(state, name)
        keys = list(state.keys)
        removed = SubscriberRemoved(subscriber=name, occurred_at=self.clock())
        await self._change(tenant, name, lambda one: remove(one, removed))
        await self.write()
        await consumers.delete(self.js, tenant, name)
        await register.forget(self.pool, tenant, name, keys)

    async def write(self) -> None:
        if self.file:
            await register.write_accounts(self.pool, self.transactor.log, self.file, self.clock())

    async def _with_key(
        self,
        tenant: str,
        name: str,
        secret: Secret,
        decide: Callable[[Subscriber], Sequence[SubscriberEvent]],
    ) -> Subscriber:
        await register.keep(self.pool, tenant, name, secret)
        try:
            return await self._change(tenant, name, decide)
        except (Refused, AlreadyThere):
            await register.forget(self.pool, tenant, name, [secret.key])
            raise

    async def _change(
        self, tenant: str, name: str, decide: Callable[[Subscriber], Sequence[SubscriberEvent]]
    ) -> Subscriber:
        metadata = Metadata(actor=self.actor).encode()
        outcome = await self.transactor.transact(
            tenant, SUBSCRIBER.of(name), decide, metadata=metadata
        )
        if not outcome.events:
            raise AlreadyThere
        return outcome.state(SUBSCRIBER)
