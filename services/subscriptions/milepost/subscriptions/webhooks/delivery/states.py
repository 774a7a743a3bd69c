"""What each webhook of a school was at a position of its log.

Whoever handles events asks for the moment of the event, not for now: so what a webhook is told does
not depend on how late somebody was.
"""

from collections.abc import Mapping

from milepost.events.log import Log
from milepost.events.runtime.lru_cache import LruCache
from milepost.events.streams import key_of
from milepost.subscriptions.webhooks.domain.webhook import WEBHOOK, Webhook

SCHOOLS = 1_000


class States:
    """Of one process: it reads on from where it was asked for last."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._known = LruCache[str, tuple[int, Mapping[str, Webhook]]](SCHOOLS)

    async def at(self, tenant: str, position: int) -> dict[str, Webhook]:
        """All that were created up to there and not deleted."""
        reached, known = self._known.get(tenant) or (0, {})
        if reached > position:
            reached, known = 0, {}
        states = dict(known)
        for one in await self._log.read_category(tenant, WEBHOOK.name, reached):
            if one.position <= position:
                key = key_of(one.stream)
                states[key] = WEBHOOK.fold([one], states.get(key))
        states = {key: state for key, state in states.items() if state.exists}
        self._known.put(tenant, (position, states))
        return dict(states)
