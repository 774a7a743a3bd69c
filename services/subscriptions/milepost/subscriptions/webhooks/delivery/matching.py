"""Which events a webhook is told, and which of them one after the other."""

from collections.abc import Sequence

from milepost.events.log import Log, Recorded
from milepost.subscriptions.selection import Selection
from milepost.subscriptions.webhooks.delivery.queue import Due
from milepost.subscriptions.webhooks.domain.webhook import Webhook


class Matching:
    """Of one process; whoever matches shares what it knows."""

    def __init__(self, log: Log) -> None:
        self._selection = Selection(log)

    async def due(self, events: Sequence[Recorded], webhook: Webhook) -> Sequence[Due]:
        """Those that it asks for, in order."""
        wanted = await self._selection.matching(events, webhook.filter)
        facets = await self._selection.facets(wanted)
        learners = [min(one.learners, default="") for one in facets]  # there is one, or none
        keys = learners if webhook.ordered == "learner" else [""] * len(learners)
        return list(map(Due, wanted, learners, keys))
