"""Groups: those of a school, those that somebody is staff of, those that a learner is in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.contracts.groups.group import GroupKind
from milepost.dashboards.projections.groups import GROUPS
from milepost.dashboards.queries.consistent_read import Select, read
from milepost.dashboards.queries.lists.keyset import by_number, by_text, by_time
from milepost.dashboards.queries.lists.listing import Listing, ListQuery, equal

GroupStatus: TypeAlias = Literal["open", "archived"]
GroupSort: TypeAlias = Literal["group", "name", "members", "created_at"]


class GroupListed(msgspec.Struct, kw_only=True):
    """`members` now. `courses`: those in which staff see how members stand; none: in all."""

    group: str
    name: str
    kind: GroupKind
    courses: list[str]
    created_at: datetime | None
    archived_at: datetime | None
    status: GroupStatus
    members: int

    @property
    def group_id(self) -> str:
        """As the column is called: the word is SQL's own."""
        return self.group


class GroupsQuery(ListQuery, frozen=True, kw_only=True):
    """`own`: only these, unless archived."""

    sort: GroupSort = "group"
    status: GroupStatus | None = None
    kind: GroupKind | None = None
    learner: str | None = None
    own: tuple[str, ...] | None = None


class _Id(msgspec.Struct):
    group_id: str


GROUP_ROWS = Decoder(list[GroupListed])
GROUP = """select g.tenant, g.group_id, g.group_id as "group", g.name, g.kind,
        array(select jsonb_array_elements_text(g.courses::jsonb)) as courses,
        g.created_at, g.archived_at,
        case when g.archived_at is null then 'open' else 'archived' end as status,
        coalesce(s.members, 0) as members
    from dashboards.learner_group g
    left join dashboards.learner_group_size s on s.tenant = g.tenant and s.group_id = g.group_id"""
OWN = "group_id = any(:own::text[]) and archived_at is null"
OF_LEARNER = """group_id = any(array(select member.group_id from dashboards.group_member member
    where member.tenant = :tenant and member.learner = :learner and member.added_at is not null))"""
GROUP_LIST = Listing(
    models=(GROUPS,),
    rows=GROUP_ROWS,
    sql=f"select * from ({GROUP}) listed",
    key="group_id",
    sorts={
        "group": by_text("group_id"),
        "name": by_text("name"),
        "members": by_number("members"),
        "created_at": by_time("created_at"),
    },
    filters={**equal("status", "kind"), "own": OWN, "learner": OF_LEARNER},
)
# Of one subject; more groups than that nobody looks after.
STAFF_OF = Select(
    Decoder(list[_Id]),
    """select group_id from dashboards.group_staff
    where tenant = :tenant and staff = :staff and assigned_at is not null
    order by group_id limit 1000""",
)


async def read_own_groups(
    pool: asyncpg.Pool, tenant: str, staff: str, *, awaited: int | None = None
) -> Sequence[str]:
    """Of which groups this subject is staff, as the read model knows: the log may know better.

    Raises `NotVisibleYet`, `BeyondTheLog`.
    """
    found = await read(pool, tenant, (GROUPS,), (STAFF_OF,), {"staff": staff}, awaited=awaited)
    return [one.group_id for one in found.rows[0]]
