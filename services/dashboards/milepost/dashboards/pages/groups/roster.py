"""The members of a group on a page: who they are, filtered as its figures are, and the bars."""

from collections.abc import Mapping, Sequence
from typing import Final, get_args
from urllib.parse import quote

import msgspec

from milepost.dashboards.pages.groups.access import Access
from milepost.dashboards.queries.groups.group import GroupSnapshot, read_group
from milepost.dashboards.queries.groups.members import (
    GroupMember,
    MembersQuery,
    MemberStage,
    members_of,
)
from milepost.dashboards.queries.lists.listing import Page, read_page
from milepost.pages.locales import Locale
from milepost.web.auth.tokens import Caller

ROWS: Final = 25
BARS: Final = 12
STAGES: Final = get_args(MemberStage)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address asks for."""

    stage: MemberStage | None = None
    course: str | None = None
    cursor: str | None = None


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """`of`: what the whole bar is; `note` says it in words."""

    label: str
    value: int
    of: int
    note: str
    href: str


class GroupScreen(msgspec.Struct, frozen=True, kw_only=True):
    """`names`: of the members on this page who have one."""

    facts: GroupSnapshot
    members: Page[GroupMember]
    names: Mapping[str, str]
    staff: Sequence[str]
    bars: Sequence[Bar]
    asked: Asked


async def group_screen(
    access: Access, caller: Caller, group: str, asked: Asked, locale: Locale
) -> GroupScreen:
    """Raises `UnknownGroup`, `CursorUnknown`, `NotVisibleYet`."""
    staff = await access.staff(caller, group)
    facts = await read_group(access.pool, caller.tenant, group, language=locale.language)
    query = MembersQuery(
        group=group, stage=asked.stage, course=asked.course, cursor=asked.cursor, limit=ROWS
    )
    members = await read_page(access.pool, caller.tenant, members_of(query), query)
    names = await access.names(caller, staff, [one.learner for one in members.rows])
    return GroupScreen(
        facts=facts,
        members=members,
        names=names,
        staff=staff,
        bars=bars_of(facts, locale),
        asked=asked,
    )


def bars_of(facts: GroupSnapshot, locale: Locale) -> Sequence[Bar]:
    """Completed by course, those with most members first."""
    return [
        Bar(
            label=one.course_title or one.course,
            value=one.completed,
            of=one.enrolled,
            note=locale.text("of_enrolled", all=locale.number(one.enrolled)),
            href=f"?stage=completed&course={quote(one.course, safe='')}#members",
        )
        for one in facts.courses[:BARS]
    ]
