"""Rights to topics: as for the read that a page then makes.

    topic                   who
    ----------------------  -----------------------------------------------------------------
    learner/l               l; staff; an instructor in whose offerings l is
    enrollment/e            its learner; staff; an instructor of its offering
    offering/o, course/c    staff; an instructor of it, or of one of the course's offerings
    group/g                 as `own_groups` says
    issuer/i, school        staff, but not an instructor who has no other role
    console                 operator, auditor

It is asked when a stream begins, and each begins anew after some minutes.
"""

from typing import Final

import asyncpg

from milepost.dashboards.api.parameters import STAFF
from milepost.dashboards.live.topics import Topic
from milepost.events.commands.transact import Transactor
from milepost.web.auth.own_groups import has_group_access
from milepost.web.auth.own_offerings import has_access, is_limited
from milepost.web.auth.tokens import Caller, RoleMissing

CONSOLE: Final = ("operator", "auditor")
_OF_ENROLLMENT: Final = """select learner, offering from dashboards.learner_overview
    where tenant = $1 and enrollment = $2"""
_TEACHES: Final = """select exists (
    select from dashboards.learner_overview o
    join dashboards.offering_instructor own on own.tenant = o.tenant and own.offering = o.offering
    where o.tenant = $1 and o.{column} = $2
        and own.instructor = $3 and own.assigned_at is not null)"""


class Rights:
    def __init__(self, pool: asyncpg.Pool, transactor: Transactor) -> None:
        self._pool = pool
        self._transactor = transactor

    async def require(self, caller: Caller, topics: frozenset[Topic]) -> None:
        """Raises `RoleMissing`, also for what there is not."""
        for topic in sorted(topics):
            if not await self._may(caller, *topic.partition("/")[::2]):
                raise RoleMissing(CONSOLE if topic == "console" else STAFF)

    async def _may(self, caller: Caller, kind: str, key: str) -> bool:
        if kind == "console":
            return not caller.roles.isdisjoint(CONSOLE)
        if kind == "group":
            return await has_group_access(self._transactor, caller, key)
        everything = not caller.roles.isdisjoint(STAFF) and not is_limited(caller, STAFF)
        if everything or kind in {"school", "issuer"}:
            return everything
        return await self._own(caller, kind, key)

    async def _own(self, caller: Caller, kind: str, key: str) -> bool:
        """Of somebody who may not see all of the school."""
        if kind == "learner" and "learner" in caller.roles and caller.subject == key:
            return True
        if kind in {"learner", "course"}:
            return await self._teaches(caller, kind, key)
        if kind == "offering":
            return await self._assigned(caller, key, None)
        row = await self._pool.fetchrow(_OF_ENROLLMENT, caller.tenant, key)
        return row is not None and await self._assigned(caller, row["offering"], row["learner"])

    async def _assigned(self, caller: Caller, offering: str, learner: str | None) -> bool:
        return await has_access(self._transactor, caller, STAFF, offering=offering, learner=learner)

    async def _teaches(self, caller: Caller, column: str, key: str) -> bool:
        if "instructor" not in caller.roles:
            return False
        found: bool = await self._pool.fetchval(
            _TEACHES.format(column=column), caller.tenant, key, caller.subject
        )
        return found
