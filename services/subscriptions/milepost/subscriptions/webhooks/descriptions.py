"""What people wrote about their webhooks: texts stay out of the log."""

from collections.abc import Mapping, Sequence

import asyncpg

from milepost.events.log import Recorded


class Descriptions:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def put(
        self, tenant: str, webhook: str, description: str, events: Sequence[Recorded]
    ) -> None:
        """As of the command that wrote these events, or of now: a repeat undoes nothing later."""
        at = events[0].recorded_at if events else None
        await self._pool.execute(_PUT, tenant, webhook, description, at)

    async def of(self, tenant: str) -> Mapping[str, str]:
        """Of all webhooks of a school."""
        rows = await self._pool.fetch(_OF, tenant)
        return {row["webhook"]: row["description"] for row in rows}

    async def get(self, tenant: str, webhook: str) -> str:
        return await self._pool.fetchval(_GET, tenant, webhook) or ""

    async def forget(self, tenant: str, webhook: str) -> None:
        await self._pool.execute(_FORGET, tenant, webhook)


_PUT = """insert into webhooks.descriptions (tenant, webhook, description, changed_at)
values ($1, $2, $3, coalesce($4, now()))
on conflict (tenant, webhook) do update
   set description = excluded.description, changed_at = excluded.changed_at
 where descriptions.changed_at < excluded.changed_at"""
_OF = "select webhook, description from webhooks.descriptions where tenant = $1"
_GET = "select description from webhooks.descriptions where tenant = $1 and webhook = $2"
_FORGET = "delete from webhooks.descriptions where tenant = $1 and webhook = $2"
