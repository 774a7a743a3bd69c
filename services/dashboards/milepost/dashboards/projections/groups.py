"""Groups, who is in them, and who is their staff: a row each.

How members stand is no row of this model: it is looked up in the enrollments of those who are
members now, so that a learner who joins or leaves changes one row.
"""

from datetime import datetime
from typing import TypeAlias, assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.groups.group import (
    GroupArchived,
    GroupChanged,
    GroupCreated,
    GroupEvent,
    GroupStaffAssigned,
    GroupStaffRemoved,
)
from milepost.contracts.groups.membership import (
    GroupMemberAdded,
    GroupMemberRemoved,
    MembershipEvent,
)
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, Key, ReadModel, Rows, Table

GroupsEvent: TypeAlias = GroupEvent | MembershipEvent


class GroupRow(msgspec.Struct):
    """`courses`: a JSON list; those in which staff see how members stand, all if it is empty."""

    group_id: str
    name: str = ""
    kind: str = ""
    courses: str = "[]"
    created_at: datetime | None = None
    archived_at: datetime | None = None


class GroupSizeRow(msgspec.Struct):
    """`members` now."""

    group_id: str
    members: int = 0


class GroupMemberRow(msgspec.Struct):
    """`added_at`: since when; absent once removed."""

    group_id: str
    learner: str
    added_at: datetime | None = None


class GroupStaffRow(msgspec.Struct):
    """`staff` is a token's subject. `assigned_at`: since when; absent once removed."""

    group_id: str
    staff: str
    assigned_at: datetime | None = None


def group_of(fact: Fact[GroupsEvent]) -> Key | None:
    return (fact.key,) if fact.category == streams.GROUP else None


def member_of(fact: Fact[GroupsEvent]) -> Key | None:
    match fact.event:
        case GroupMemberAdded() | GroupMemberRemoved():
            return fact.event.group, fact.event.learner
        case _:
            return None


def staff_of(fact: Fact[GroupsEvent]) -> Key | None:
    match fact.event:
        case GroupStaffAssigned() | GroupStaffRemoved():
            return fact.event.group, fact.event.staff
        case _:
            return None


GROUPS_TABLE = Table("learner_group", GroupRow, ("group_id",), group_of)
# Members are on many streams: a tally.
SIZES = Table("learner_group_size", GroupSizeRow, ("group_id",))
MEMBERS = Table(
    "group_member",
    GroupMemberRow,
    ("group_id", "learner"),
    member_of,
    ("learner, group_id",),  # the groups that a learner is in
)
STAFF = Table(
    "group_staff",
    GroupStaffRow,
    ("group_id", "staff"),
    staff_of,
    ("staff, group_id",),  # somebody's own groups
)


def fold(rows: Rows, fact: Fact[GroupsEvent]) -> None:
    event = fact.event
    match event:
        case GroupMemberAdded():
            rows.of(MEMBERS, event.group, event.learner).added_at = event.occurred_at
            rows.of(SIZES, event.group).members += 1
        case GroupMemberRemoved():
            rows.of(MEMBERS, event.group, event.learner).added_at = None
            rows.of(SIZES, event.group).members -= 1
        case GroupStaffAssigned():
            rows.of(STAFF, event.group, event.staff).assigned_at = event.occurred_at
        case GroupStaffRemoved():
            rows.of(STAFF, event.group, event.staff).assigned_at = None
        case _:
            _describe(rows.of(GROUPS_TABLE, event.group), event)


def _describe(row: GroupRow, event: GroupCreated | GroupChanged | GroupArchived) -> None:
    match event:
        case GroupCreated() | GroupChanged():
            row.name, row.kind = event.name, event.kind
            row.courses = msgspec.json.encode(event.courses).decode()
            if isinstance(event, GroupCreated):
                row.created_at = event.occurred_at
        case GroupArchived():
            row.archived_at = event.occurred_at
        case _:
            assert_never(event)


GROUPS = ReadModel("groups", 1, Codec(GroupsEvent), (GROUPS_TABLE, SIZES, MEMBERS, STAFF), fold)
