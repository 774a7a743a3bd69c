"""The webhooks of each school, kept fresh from the log, and since when each is delivered to.

A webhook's stream tells when it began and ceased to be active; with the positions of these events
every process knows, for each position of the log, who is to hear of it:

    created at 10 (start 7)     verified at 14     paused at 20     resumed at 31
    ────────────────────────────●━━━━━━━━━━━━━━━━━━●────────────────●━━━━━━━━━▶
                    from the log: 8 … 14   live: 15 … 19            from the log: 20 … 31

So a span says three things: what was published behind `after` and up to `begin` is read from the
log, what follows is live until `end`. Spans of a webhook neither leave a gap nor overlap, unless
its owner skips what was published meanwhile.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from milepost.events.log import Log, Recorded
from milepost.events.runtime.lru_cache import LruCache
from milepost.events.streams import key_of
from milepost.subscriptions.webhooks.domain.signing import Secret
from milepost.subscriptions.webhooks.domain.webhook import WEBHOOK, Webhook, evolve
from milepost.subscriptions.webhooks.events import WebhookEnabled, WebhookEvent, WebhookResumed
from milepost.subscriptions.webhooks.secrets import Secrets

SCHOOLS: Final = 10_000  # whose webhooks one process knows


class Span(msgspec.Struct, frozen=True):
    """Positions: (after, begin] is read from the log, (begin, end) live; `end` None: it goes on."""

    after: int
    begin: int
    end: int | None = None

    def holds(self, position: int) -> bool:
        """Whether it is live then."""
        return self.begin < position and (self.end is None or position < self.end)


class Registered(msgspec.Struct, frozen=True):
    """A webhook as it is, and the spans in which it was active, the last one last."""

    webhook: Webhook
    spans: tuple[Span, ...] = ()

    @property
    def id(self) -> str:
        return self.webhook.webhook

    def takes(self, position: int) -> bool:
        """Whether what is published at this position goes to it at once."""
        return any(one.holds(position) for one in reversed(self.spans))


def follow(known: Registered, event: WebhookEvent, position: int) -> Registered:
    """Pure: `known` and what happened at this position."""
    state = evolve(known.webhook, event)
    if state.active == known.webhook.active:
        return replace(known, webhook=state)
    if not state.active:
        *before, last = known.spans
        return Registered(state, (*before, replace(last, end=position)))
    skip = isinstance(event, WebhookResumed | WebhookEnabled) and event.skip
    after = position if skip else _stopped(known, state)
    return Registered(state, (*known.spans, Span(after, position)))


def _stopped(known: Registered, state: Webhook) -> int:
    """Up to where it has been told everything."""
    end = known.spans[-1].end if known.spans else None
    return state.start if end is None else end - 1


class _School:
    """What is known of one, up to a position."""

    def __init__(self) -> None:
        self.position = 0
        self.webhooks: dict[str, Registered] = {}

    def read(self, recorded: Recorded) -> None:
        if recorded.position <= self.position:
            return  # two have asked the log at once
        self.position = recorded.position
        key = key_of(recorded.stream)
        known = self.webhooks.get(key, Registered(Webhook()))
        event = WEBHOOK.codec.read(recorded)
        self.webhooks[key] = follow(known, event, recorded.position)


class Register:
    def __init__(self, log: Log, secrets: Secrets, clock: Callable[[], datetime]) -> None:
        self._log = log
        self._secrets = secrets
        self._clock = clock
        self._schools: LruCache[str, _School] = LruCache(SCHOOLS)

    async def all(self, tenant: str) -> Sequence[Registered]:
        """As the log has them now, the oldest first; without those that were deleted."""
        known = self._schools.get(tenant) or self._schools.put(tenant, _School())
        for recorded in await self._log.read_category(tenant, WEBHOOK.name, known.position):
            known.read(recorded)
        return [one for one in known.webhooks.values() if one.webhook.exists]

    async def active(self, tenant: str) -> Sequence[Registered]:
        """Those that are delivered to at this moment."""
        return [one for one in await self.all(tenant) if one.webhook.active]

    async def get(self, tenant: str, webhook: str) -> Registered | None:
        """None: there is none, or none any more."""
        return next((one for one in await self.all(tenant) if one.id == webhook), None)

    async def secrets_of(self, tenant: str, webhook: Webhook) -> Sequence[Secret]:
        """Those that sign at this moment, the newest first. Raises `SecretsLocked`."""
        keys = [one.key for one in webhook.signing(self._clock())]
        return await self._secrets.open(tenant, webhook.webhook, keys)
