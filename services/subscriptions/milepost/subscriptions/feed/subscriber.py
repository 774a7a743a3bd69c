"""Who follows, and what of all that: the same for the feed and for streams."""

import msgspec

from milepost.events.log import Recorded
from milepost.subscriptions.domain.filters import Filter
from milepost.subscriptions.visibility import READERS_OF_OTHERS, Viewer
from milepost.web.auth.tokens import Caller


class Subscriber(msgspec.Struct, frozen=True):
    tenant: str
    viewer: Viewer
    wanted: Filter

    @property
    def is_simple(self) -> bool:
        """An event's type alone says whether it is told."""
        return self.viewer.everything and self.wanted.by_type_alone

    @classmethod
    def of(cls, caller: Caller, wanted: Filter) -> "Subscriber":
        """Raises `RoleMissing`; `NotYourOwn` for a learner who asks about another."""
        viewer = Viewer.of(caller)
        for learner in wanted.learners:
            caller.may_act_for(learner, *READERS_OF_OTHERS)
        return cls(caller.tenant, viewer, wanted)


class Found(msgspec.Struct, frozen=True):
    """Events in order. `reached`: what was asked for is in these pages up to this position.

    `read_bytes`: of all data that were read for it.
    """

    events: tuple[Recorded, ...]
    reached: int
    read_bytes: int = 0
