"""The webhooks of each school, kept fresh from the log, and the secrets that sign for them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from milepost.events.log import Log, Recorded
from milepost.events.runtime.lru_cache import LruCache
from milepost.events.streams import key_of
from milepost.subscriptions.webhooks.domain.signing import Secret
from milepost.subscriptions.webhooks.domain.webhook import WEBHOOK, Webhook
from milepost.subscriptions.webhooks.secrets import Secrets

SCHOOLS: Final = 10_000  # whose webhooks one process knows


class _School:
    """What is known of one, up to a position."""

    def __init__(self) -> None:
        self.position = 0
        self.webhooks: dict[str, Webhook] = {}

    def read(self, recorded: Recorded) -> None:
        if recorded.position <= self.position:
            return  # two have asked the log at once
        self.position = recorded.position
        key = key_of(recorded.stream)
        state = WEBHOOK.fold([recorded], self.webhooks.pop(key, None))
        if not state.deleted:
            self.webhooks[key] = state


class Register:
    """Each question is answered as the log is then: no process knows a webhook that is gone."""

    def __init__(self, log: Log, secrets: Secrets, clock: Callable[[], datetime]) -> None:
        self._log = log
        self._secrets = secrets
        self._clock = clock
        self._schools: LruCache[str, _School] = LruCache(SCHOOLS)

    async def all(self, tenant: str) -> Sequence[Webhook]:
        """The oldest first; without those that were deleted."""
        found = (await self._fresh(tenant)).values()
        return sorted(found, key=lambda one: (one.created_at, one.webhook))

    async def get(self, tenant: str, webhook: str) -> Webhook | None:
        """None: there is none, or none any more."""
        return (await self._fresh(tenant)).get(webhook)

    async def secrets_of(self, tenant: str, webhook: Webhook) -> Sequence[Secret]:
        """Those that sign at this moment, the newest first. Raises `SecretsLocked`."""
        keys = [one.key for one in webhook.signing(self._clock())]
        return await self._secrets.open(tenant, webhook.webhook, keys)

    async def _fresh(self, tenant: str) -> Mapping[str, Webhook]:
        known = self._schools.get(tenant) or self._schools.put(tenant, _School())
        for recorded in await self._log.read_category(tenant, WEBHOOK.name, known.position):
            known.read(recorded)
        return known.webhooks


async def webhooks_of(log: Log, tenant: str) -> Sequence[Webhook]:
    """Those of a school, read once, the oldest first: for who looks, and holds no secrets."""
    states: dict[str, Webhook] = {}
    for recorded in await log.read_category(tenant, WEBHOOK.name):
        key = key_of(recorded.stream)
        states[key] = WEBHOOK.fold([recorded], states.get(key))
    there = [one for one in states.values() if one.exists]
    return sorted(there, key=lambda one: (one.created_at, one.webhook))
