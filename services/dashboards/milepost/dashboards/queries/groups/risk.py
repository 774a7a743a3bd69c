"""Which members of a group are at risk: by the rule of the offerings that they are in.

Why they are is not told: "failed twice" would say what a sponsor is not told. An offering is judged
whole, since others set the pace; so no more than `MOST_OFFERINGS` are.
"""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.queries.consistent_read import Select, Snapshot, etag_of, read
from milepost.dashboards.queries.groups.standing import ENROLLMENTS, MODELS, OF_THIS_GROUP
from milepost.dashboards.queries.lists.keyset import CursorUnknown, Key
from milepost.dashboards.queries.lists.titles import COURSE_TITLE, tags_of
from milepost.dashboards.queries.offering import UnknownOffering
from milepost.dashboards.queries.offerings.at_risk import read_at_risk

MOST_OFFERINGS: Final = 20
_read_place: Final = Decoder(tuple[Key, Key]).decode


class MemberAtRisk(msgspec.Struct, frozen=True, kw_only=True):
    learner: str
    course: str
    course_title: str | None
    offering: str


class MembersPage(NamedTuple):
    """`next` is the cursor of the page that follows, None at the end."""

    rows: Sequence[MemberAtRisk]
    next: str | None


class _Run(msgspec.Struct):
    offering: str
    course: str
    course_title: str | None
    learners: list[str]


class GroupRisk(Snapshot, frozen=True, kw_only=True):
    """`at_risk` of `judged`: members who are in a running offering and have not completed it, each
    counted once. `whole`: all their offerings were judged; else those with most members.
    """

    judged: int
    at_risk: int
    whole: bool
    members: list[MemberAtRisk]


RUNS = Select(
    Decoder(list[_Run]),
    f"""select x.offering, x.course, {COURSE_TITLE}, x.learners from (
        select g.tenant, e.offering, min(e.course) as course,
            array_agg(e.learner order by e.learner) as learners
        from {ENROLLMENTS} where {OF_THIS_GROUP} and e.state in ('enrolled', 'active')
        group by g.tenant, e.offering order by count(*) desc, e.offering limit {MOST_OFFERINGS + 1}
    ) x order by cardinality(x.learners) desc, x.offering""",
)


async def read_group_risk(
    pool: asyncpg.Pool,
    tenant: str,
    group: str,
    *,
    now: datetime,
    language: str | None = None,
    awaited: int | None = None,
) -> GroupRisk:
    """Whether the caller may see the group, the log has said before."""
    arguments = {"group": group, "languages": tags_of(language)}
    found = await read(pool, tenant, MODELS, (RUNS,), arguments, awaited=awaited)
    runs: Sequence[_Run] = found.rows[0]
    judged, at_risk = set[str](), list[MemberAtRisk]()
    for run in runs[:MOST_OFFERINGS]:
        try:
            answer = await read_at_risk(pool, tenant, run.offering, now=now, risk="any")
        except UnknownOffering:  # not opened here: nobody knows whether it runs
            continue
        if answer.phase == "running":
            judged.update(run.learners)
        risky = {one.learner for one in answer.rows}
        at_risk += [
            MemberAtRisk(
                learner=learner,
                course=run.course,
                course_title=run.course_title,
                offering=run.offering,
            )
            for learner in run.learners
            if learner in risky
        ]
    return GroupRisk(
        position=found.position,
        as_of=found.as_of,
        etag=etag_of((len(judged), at_risk)),
        judged=len(judged),
        at_risk=len({one.learner for one in at_risk}),
        whole=len(runs) <= MOST_OFFERINGS,
        members=sorted(at_risk, key=_place_of),
    )


def members_page(rows: Sequence[MemberAtRisk], limit: int, cursor: str | None) -> MembersPage:
    """`rows` by learner and offering, of which a cursor names the last. Raises `CursorUnknown`."""
    begin = 0 if cursor is None else bisect_right(rows, _place_in(cursor), key=_place_of)
    shown = rows[begin : begin + limit]
    more = len(rows) > begin + limit
    return MembersPage(shown, _cursor_to(shown[-1]) if more else None)


def _place_of(one: MemberAtRisk) -> tuple[str, str]:
    return one.learner, one.offering


def _cursor_to(last: MemberAtRisk) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(_place_of(last))).decode()


def _place_in(cursor: str) -> tuple[str, str]:
    try:
        return _read_place(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, msgspec.MsgspecError, UnicodeError) as error:
        raise CursorUnknown("learner", "asc") from error
