"""What the routes of groups take and answer, and what they refuse."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from litestar.params import PathParameter
from msgspec import Meta

from milepost.contracts.groups.group import GROUP, Group, GroupKind
from milepost.contracts.ids import ID, PRINTABLE
from milepost.contracts.times import Moment
from milepost.enrollment.api.wiring import Id
from milepost.enrollment.domain.group import (
    MAX_STAFF,
    Description,
    GroupAlreadyArchived,
    GroupAlreadyExists,
    TooManyStaff,
    UnknownGroup,
)
from milepost.events.commands.transact import Outcome
from milepost.web.requests.json_body import Body

GroupPath = Annotated[str, PathParameter(pattern=ID, description="The group's id")]

_ACME: Final = "acme-2026"
UNKNOWN_GROUP: Final = UnknownGroup(_ACME)
GROUP_ALREADY_EXISTS: Final = GroupAlreadyExists(_ACME)
GROUP_ALREADY_ARCHIVED: Final = GroupAlreadyArchived(_ACME, datetime(2026, 10, 1, 8, tzinfo=UTC))
TOO_MANY_STAFF: Final = TooManyStaff(_ACME, MAX_STAFF)


class DescribeGroup(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`courses`: those in which its staff see how members stand; none: in all.

    Staff are shown `name`; it is for a group, not for a person.
    """

    name: Annotated[
        str,
        Meta(min_length=1, max_length=200, pattern=PRINTABLE, examples=["Acme, apprentices 2026"]),
    ]
    kind: GroupKind = "cohort"
    courses: Annotated[
        tuple[Id, ...],
        Meta(max_length=100, examples=[["DATA-101"]], extra_json_schema={"uniqueItems": True}),
    ] = ()
    occurred_at: Moment | None = None

    def description(self) -> Description:
        courses = tuple(dict.fromkeys(self.courses))
        return Description(name=self.name, kind=self.kind, courses=courses)


class Members(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each once, however often it is named."""

    learners: Annotated[
        list[Id], Meta(min_length=1, max_length=1_000, examples=[["learner-4711", "learner-4712"]])
    ]
    occurred_at: Moment | None = None


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """`staff`: the subjects of their tokens, in the order in which they were assigned."""

    group: str
    name: str
    kind: GroupKind
    courses: tuple[str, ...]
    created_at: datetime | None
    archived_at: datetime | None
    staff: tuple[str, ...]


class StaffView(msgspec.Struct, frozen=True, kw_only=True):
    group: str
    staff: str
    assigned: bool


class MemberResult(msgspec.Struct, frozen=True, kw_only=True):
    """`changed`: by this request; who was a member already, or was none, stays so."""

    learner: str
    member: bool
    changed: bool


class MembersView(msgspec.Struct, frozen=True, kw_only=True):
    """`changed`: how many this request added or removed. A result for each that was named."""

    group: str
    changed: int
    results: list[MemberResult]


def view_of(group: str, state: Group) -> GroupView:
    """Raises `UnknownGroup`."""
    described = state.described
    if described is None:
        raise UnknownGroup(group)
    return GroupView(
        group=group,
        name=described.name,
        kind=described.kind,
        courses=described.courses,
        created_at=state.created_at,
        archived_at=state.archived_at,
        staff=state.staff,
    )


def view_after(group: str, outcome: Outcome[Any]) -> GroupView:
    return view_of(group, outcome.state(GROUP))
