"""Who is erased is gone from the rows of jobs too."""

from milepost.contracts.learners import LearnerErased
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Recorded
from milepost.events.subscriptions.handler import Handler
from milepost.jobs.store import Store

_CODEC = Codec[LearnerErased](LearnerErased)


def forgetting(name: str, store: Store) -> Handler:
    """Repeating it does nothing. `name`: the durable consumer's, which never changes.

    Each in a short transaction of its own: it locks jobs, whose workers wait three seconds at most.
    """

    async def handle(recorded: Recorded) -> None:
        await store.forget(recorded.tenant, _CODEC.read(recorded).learner)

    return Handler(name, (("enrollment", tag_of(LearnerErased)),), handle)
