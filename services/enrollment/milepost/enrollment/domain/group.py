"""Groups: learners who belong together, their staff, and the memberships, each on its own stream.

It knows no learner and no course by more than an id: who is added need not be enrolled yet, and a
group may name courses that are published later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from milepost.contracts.groups.group import (
    Described,
    Group,
    GroupArchived,
    GroupChanged,
    GroupCreated,
    GroupEvent,
    GroupKind,
    GroupStaffAssigned,
    GroupStaffRemoved,
)
from milepost.contracts.groups.membership import (
    GroupMemberAdded,
    GroupMemberRemoved,
    MembershipEvent,
)
from milepost.events.event import Conflicting, Unknown

MAX_STAFF: Final = 100


@dataclass
class UnknownGroup(Unknown):
    group: str


@dataclass
class GroupAlreadyExists(Conflicting):
    """It was created with other facts: change it, or choose another id."""

    group: str


@dataclass
class GroupAlreadyArchived(Conflicting):
    group: str
    archived_at: datetime


@dataclass
class TooManyStaff(Conflicting):
    """Remove one first."""

    group: str
    most: int


class Description(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    kind: GroupKind = "cohort"
    courses: tuple[str, ...] = ()

    def is_of(self, described: Described) -> bool:
        return (self.name, self.kind, self.courses) == (
            described.name,
            described.kind,
            described.courses,
        )


def create_group(
    state: Group, description: Description, *, group: str, occurred_at: datetime
) -> list[GroupEvent]:
    """What was created with these facts stays so. Raises `GroupAlreadyExists`."""
    if state.described is None:
        facts = msgspec.structs.asdict(description)
        return [GroupCreated(group=group, **facts, occurred_at=occurred_at)]
    if state.archived_at or not description.is_of(state.described):
        raise GroupAlreadyExists(group)
    return []


def change_group(
    state: Group, description: Description, *, group: str, occurred_at: datetime
) -> list[GroupEvent]:
    """Raises `UnknownGroup`, `GroupAlreadyArchived`."""
    if description.is_of(_open(state, group)):
        return []
    facts = msgspec.structs.asdict(description)
    return [GroupChanged(group=group, **facts, occurred_at=occurred_at)]


def archive_group(state: Group, *, group: str, occurred_at: datetime) -> list[GroupEvent]:
    """Once. Raises `UnknownGroup`."""
    _described(state, group)
    return [] if state.archived_at else [GroupArchived(group=group, occurred_at=occurred_at)]


def assign_staff(
    state: Group, *, group: str, staff: str, occurred_at: datetime
) -> list[GroupEvent]:
    """Raises `UnknownGroup`, `GroupAlreadyArchived`, `TooManyStaff`."""
    _open(state, group)
    if staff in state.staff:
        return []
    if len(state.staff) >= MAX_STAFF:
        raise TooManyStaff(group, MAX_STAFF)
    return [GroupStaffAssigned(group=group, staff=staff, occurred_at=occurred_at)]


def remove_staff(
    state: Group, *, group: str, staff: str, occurred_at: datetime
) -> list[GroupEvent]:
    """Also of a group that is archived. Raises `UnknownGroup`."""
    _described(state, group)
    if staff not in state.staff:
        return []
    return [GroupStaffRemoved(group=group, staff=staff, occurred_at=occurred_at)]


def add_member(
    state: Group, since: datetime | None, *, group: str, learner: str, occurred_at: datetime
) -> Sequence[MembershipEvent]:
    """Raises `UnknownGroup`, `GroupAlreadyArchived`."""
    _open(state, group)
    if since is not None:
        return []
    return [GroupMemberAdded(group=group, learner=learner, occurred_at=occurred_at)]


def remove_member(
    state: Group, since: datetime | None, *, group: str, learner: str, occurred_at: datetime
) -> Sequence[MembershipEvent]:
    """Raises `UnknownGroup`, `GroupAlreadyArchived`."""
    _open(state, group)
    if since is None:
        return []
    return [GroupMemberRemoved(group=group, learner=learner, occurred_at=occurred_at)]


def _described(state: Group, group: str) -> Described:
    if state.described is None:
        raise UnknownGroup(group)
    return state.described


def _open(state: Group, group: str) -> Described:
    described = _described(state, group)
    if state.archived_at is not None:
        raise GroupAlreadyArchived(group, state.archived_at)
    return described
