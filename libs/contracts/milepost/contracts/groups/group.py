"""The facts of groups, and who is their staff. These names and fields are the storage format."""

from datetime import datetime
from typing import Literal, TypeAlias, assert_never

import msgspec

from milepost.contracts import streams
from milepost.events.codec import Codec
from milepost.events.event import Event
from milepost.events.streams import Category

GroupKind: TypeAlias = Literal["cohort", "contract", "school_class"]


class GroupCreated(Event, frozen=True, kw_only=True, tag="group_created"):
    """Learners who belong together: a cohort, a company's contract, a class.

    courses  the courses in which its staff see how members stand; none: in all
    """

    group: str
    name: str
    kind: GroupKind = "cohort"
    courses: tuple[str, ...] = ()


class GroupChanged(Event, frozen=True, kw_only=True, tag="group_changed"):
    """All that may change of a group, as it is from now on."""

    group: str
    name: str
    kind: GroupKind = "cohort"
    courses: tuple[str, ...] = ()


class GroupArchived(Event, frozen=True, kw_only=True, tag="group_archived"):
    """Nothing changes any more, and its staff see it no longer. Memberships stay."""

    group: str


class GroupStaffAssigned(Event, frozen=True, kw_only=True, tag="group_staff_assigned"):
    """`staff` is a token's subject: sees this group and how its members stand from now on."""

    group: str
    staff: str


class GroupStaffRemoved(Event, frozen=True, kw_only=True, tag="group_staff_removed"):
    group: str
    staff: str


GroupEvent: TypeAlias = (
    GroupCreated | GroupChanged | GroupArchived | GroupStaffAssigned | GroupStaffRemoved
)
Described: TypeAlias = GroupCreated | GroupChanged


class Group(msgspec.Struct):
    """A group as every room folds it. `described` is None where nobody has created it.

    `staff`: the subjects of their tokens, in the order in which they were assigned.
    """

    described: Described | None = None
    created_at: datetime | None = None
    archived_at: datetime | None = None
    staff: tuple[str, ...] = ()


def evolve_group(state: Group, event: GroupEvent) -> Group:
    match event:
        case GroupCreated():
            state.described, state.created_at = event, event.occurred_at
        case GroupChanged():
            state.described = event
        case GroupArchived():
            state.archived_at = event.occurred_at
        case GroupStaffAssigned(staff=subject):
            state.staff = (*(one for one in state.staff if one != subject), subject)
        case GroupStaffRemoved(staff=subject):
            state.staff = tuple(one for one in state.staff if one != subject)
        case _:
            assert_never(event)
    return state


# Members have streams of their own: who asks who is staff reads none of them.
GROUP: Category[Group, GroupEvent] = Category(streams.GROUP, Group, evolve_group, Codec(GroupEvent))
