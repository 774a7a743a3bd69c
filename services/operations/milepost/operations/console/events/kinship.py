"""The causes and consequences of an event, as a tree: by ids alone, each found by an index.

A reaction's command id follows from the policy's name, the event's id and the reaction's number;
so the log is asked for the ids that there could be.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from milepost.events.log import Recorded, event_at
from milepost.events.metadata import Metadata, metadata_of
from milepost.events.policies.policy import reaction_id
from milepost.events.store.postgres import COLUMNS, PostgresLog

ANCESTORS: Final = 20
GENERATIONS: Final = 5
MOST: Final = 60
# Of one policy to one event.
REACTIONS: Final = 8
NEAR: Final = 100

BY_ID: Final = f"select {COLUMNS} from log.events where tenant = $1 and event_id = $2"
AT: Final = f"""select {COLUMNS} from log.events
    where tenant = $1 and position = any($2) order by position"""
# Of the same command: they stand together, and say the same of who and why.
TOGETHER: Final = f"""select {COLUMNS} from log.events
    where tenant = $1 and position between $2 and $3 and recorded_at = $4 and metadata = $5
      and position <> $6 order by position limit 20"""


class Kin(msgspec.Struct, frozen=True, kw_only=True):
    """An event in the tree. `actor`: who, or `policy/<name>`."""

    event: Recorded
    metadata: Metadata
    consequences: tuple["Kin", ...] = ()


class Kinship(msgspec.Struct, frozen=True, kw_only=True):
    """`causes`: the first first. `cut`: there may be more than is shown."""

    event: Recorded
    metadata: Metadata
    causes: tuple[Kin, ...]
    consequences: tuple[Kin, ...]
    together: tuple[Recorded, ...]
    cut: bool


async def kinship(
    pool: asyncpg.Pool, tenant: str, position: int, policies: Sequence[str]
) -> Kinship | None:
    """`policies`: the names that react under. None: the log has no such position."""
    log = PostgresLog(pool)
    if not 0 < position <= (await log.heads([tenant])).get(tenant, 0):
        return None
    event = await event_at(log, tenant, position)
    causes = await _causes(pool, event)
    tree = _Tree(log, pool, tenant, policies)
    consequences = await tree.of(event, GENERATIONS)
    near = (position - NEAR, position + NEAR, event.recorded_at, event.metadata, position)
    together = [Recorded(*row) for row in await pool.fetch(TOGETHER, tenant, *near)]
    return Kinship(
        event=event,
        metadata=metadata_of(event),
        causes=tuple(Kin(event=one, metadata=metadata_of(one)) for one in causes),
        consequences=consequences,
        together=tuple(together),
        cut=tree.cut or len(causes) == ANCESTORS,
    )


async def _causes(pool: asyncpg.Pool, event: Recorded) -> list[Recorded]:
    found: list[Recorded] = []
    cause = metadata_of(event).causation
    while cause is not None and len(found) < ANCESTORS:
        row = await pool.fetchrow(BY_ID, event.tenant, _id(cause))
        if row is None:
            break
        found.append(Recorded(*row))
        cause = metadata_of(found[-1]).causation
    return found[::-1]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class _Tree:
    """What followed, within bounds: so many events, so many steps."""

    def __init__(
        self, log: PostgresLog, pool: asyncpg.Pool, tenant: str, policies: Sequence[str]
    ) -> None:
        self.cut = False
        self._log, self._pool, self._tenant = log, pool, tenant
        self._policies = policies
        self._left = MOST

    async def of(self, event: Recorded, steps: int) -> tuple[Kin, ...]:
        followed = await self._followed(event)
        if not followed:
            return ()
        if steps == 0 or self._left <= 0:
            self.cut = True
            return ()
        shown = followed[: self._left]
        self.cut = self.cut or len(shown) < len(followed)
        self._left -= len(shown)
        return tuple(
            [
                Kin(
                    event=one,
                    metadata=metadata_of(one),
                    consequences=await self.of(one, steps - 1),
                )
                for one in shown
            ]
        )

    async def _followed(self, event: Recorded) -> list[Recorded]:
        ids = [
            reaction_id(policy, event.event_id, number)
            for policy in self._policies
            for number in range(REACTIONS)
        ]
        done = await self._log.done(self._tenant, ids)
        places = [n for one in done.values() for n in range(one.first, one.last + 1)][: MOST + 1]
        rows = await self._pool.fetch(AT, self._tenant, places) if places else []
        return [Recorded(*row) for row in rows]
