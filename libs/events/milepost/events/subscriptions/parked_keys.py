"""Which keys of a consumer wait behind an event that failed, and what operators make of that."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

from milepost.events.log import Recorded
from milepost.events.parking.parked import (
    PARKED,
    Failure,
    HeldKey,
    Parked,
    Pool,
    held_keys,
    unsettled_of_key,
)
from milepost.events.subscriptions.attempts import ATTEMPTS
from milepost.events.subscriptions.handler import KeyOf

# Of one key: not all of a long queue at once, for other keys wait meanwhile.
AT_ONCE = 500

Key: TypeAlias = tuple[str, str]


class ParkedKeys:
    """As this process knows them, which leads; `load` tells what the one before it has left."""

    def __init__(self, pool: Pool, consumer: str, key_of: KeyOf) -> None:
        self._pool = pool
        self._consumer = consumer
        self._key_of = key_of
        self._keys: set[Key] = set()

    async def load(self, tenant: str | None = None) -> list[Key]:
        """Read them again, of one tenant or of all. Returns those whose first event is to be
        retried or skipped.

        Of a tenant only while none of its events is being handled: what is to be parked is not
        there yet.
        """
        held = await held_keys(self._pool, self._consumer, tenant=tenant)
        others = {key for key in self._keys if tenant not in (None, key[0])}
        self._keys = others | {(one.tenant, one.key) for one in held}
        if tenant is None:
            self._count(held)
        return [(one.tenant, one.key) for one in held if one.resumable]

    async def changed(self) -> set[str]:
        """The tenants for which operators have asked for something since."""
        held = await held_keys(self._pool, self._consumer)
        self._count(held)
        differing = self._keys ^ {(one.tenant, one.key) for one in held}
        return {one.tenant for one in held if one.resumable} | {tenant for tenant, _ in differing}

    def leave(self) -> None:
        """Another process leads: what is parked is for that one to say."""
        PARKED.remove(self._consumer)

    def __contains__(self, key: Key) -> bool:
        return key in self._keys

    def by_key(self, events: Iterable[Recorded]) -> dict[Key, list[Recorded]]:
        """Each key's events in their order."""
        found: dict[Key, list[Recorded]] = {}
        for event in events:
            found.setdefault((event.tenant, self._key(event)), []).append(event)
        return found

    def holds(self, event: Recorded) -> bool:
        return (event.tenant, self._key(event)) in self._keys

    def park(self, event: Recorded, error: Exception) -> Failure:
        """It has failed: whatever comes later of its key waits from now on."""
        key = self._key(event)
        self._keys.add((event.tenant, key))
        return Failure(event.tenant, event.position, key, repr(error), ATTEMPTS)

    def behind(self, event: Recorded) -> Failure:
        """It waits behind one that has failed."""
        return Failure(event.tenant, event.position, self._key(event))

    async def resume(
        self, redo: Callable[[Parked], Awaitable[bool]], only_tenant: str | None = None
    ) -> None:
        """Do what operators have asked for, in order per key, up to what nobody has decided on.

        `redo` says whether what comes behind may be done too.
        """
        resumable = await self.load(only_tenant)
        for tenant, key in resumable:
            for parked in await unsettled_of_key(
                self._pool, self._consumer, tenant, key, limit=AT_ONCE
            ):
                if parked.status == "parked" or not await redo(parked):
                    break
        if resumable:
            await self.load(only_tenant)

    def _count(self, held: Sequence[HeldKey]) -> None:
        PARKED.labels(self._consumer).set(sum(one.events for one in held))

    def _key(self, event: Recorded) -> str:
        try:
            return self._key_of(event)
        except Exception:  # noqa: BLE001 - its handler most likely fails on the same
            return event.stream
