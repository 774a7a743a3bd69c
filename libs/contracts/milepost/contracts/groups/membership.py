"""The facts of memberships: one learner in one group. Names and fields are the storage format."""

from datetime import datetime
from typing import TypeAlias, assert_never

from milepost.contracts import streams
from milepost.events.codec import Codec
from milepost.events.event import Event
from milepost.events.streams import Category


class GroupMemberAdded(Event, frozen=True, kw_only=True, tag="group_member_added"):
    group: str
    learner: str


class GroupMemberRemoved(Event, frozen=True, kw_only=True, tag="group_member_removed"):
    group: str
    learner: str


MembershipEvent: TypeAlias = GroupMemberAdded | GroupMemberRemoved


def evolve_membership(_: datetime | None, event: MembershipEvent) -> datetime | None:
    """Since when the learner is a member; None: is not."""
    match event:
        case GroupMemberAdded():
            return event.occurred_at
        case GroupMemberRemoved():
            return None
        case _:
            assert_never(event)


MEMBERSHIP: Category[datetime | None, MembershipEvent] = Category(
    streams.MEMBERSHIP, lambda: None, evolve_membership, Codec(MembershipEvent)
)
