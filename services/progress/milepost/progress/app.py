"""Wiring of the progress service."""

from collections.abc import Sequence

from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.event import tag_of
from milepost.events.log import Recorded
from milepost.events.policies.policy import Policy, Reaction
from milepost.progress.api.routes import routes
from milepost.progress.plan_cache import PlanCache
from milepost.progress.policies import Heard, react
from milepost.web.app import Service
from milepost.web.settings import Settings

_heard = Codec[Heard](Heard)


def service(transactor: Transactor, settings: Settings) -> Service:
    plans = PlanCache(transactor.log)
    return Service("progress", (routes(transactor, plans, settings),), (policy(),))


def policy() -> Policy:
    """Needs no facts beyond the event itself."""

    async def hear(recorded: Recorded) -> Sequence[Reaction]:
        return react(_heard.decode(recorded.type, recorded.data, recorded.occurred_at))

    types = tuple(("enrollment", tag_of(event)) for event in _heard.classes.values())
    return Policy("progress", types, hear)
