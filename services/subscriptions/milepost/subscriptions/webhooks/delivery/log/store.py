"""Reads deliveries and what was tried, the newest first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from milepost.subscriptions.envelope import MEDIA_TYPE
from milepost.subscriptions.webhooks.delivery.log.views import (
    AttemptView,
    DeliveryView,
    RequestView,
    ResponseView,
)
from milepost.subscriptions.webhooks.delivery.sending.call import Tried, message_id
from milepost.web.outbound.client import USER_AGENT

COLUMNS: Final = """d.event_id, d.event, d.position, d.state, d.attempts, d.created_at, d.due_at,
    d.done_at, last.status, last.error"""
FROM: Final = """from webhooks.deliveries d
    left join lateral (
        select a.status, a.error from webhooks.attempts a
         where a.tenant = d.tenant and a.webhook = d.webhook and a.event_id = d.event_id
         order by a.number desc limit 1) last on true
    where d.tenant = $1 and d.webhook = $2"""
PAGE: Final = f"""select {COLUMNS} {FROM}
      and ($3::text is null or d.state = $3) and ($4::text is null or d.event = $4)
      and ($5::timestamptz is null or d.created_at >= $5)
      and ($6::timestamptz is null or (d.created_at, d.event_id) < ($6, $7))
    order by d.created_at desc, d.event_id desc limit $8"""
ONE: Final = f"select {COLUMNS} {FROM} and d.event_id = $3"
ATTEMPTS: Final = """select at, url, ms, status, error, headers, answer from webhooks.attempts
    where tenant = $1 and webhook = $2 and event_id = $3 order by number desc limit $4"""
# A test, which was called before it was written down.
TESTED: Final = """with made as (
        insert into webhooks.deliveries (tenant, webhook, event_id, event, learner, key, state,
                                         attempts, due_at, created_at, done_at)
        values ($1, $2, $3, $4, '', '', $5, 1, $6, $6, $6) on conflict do nothing returning true)
    insert into webhooks.attempts
           (tenant, webhook, event_id, at, url, ms, status, error, headers, answer)
    select $1, $2, $3, $6, $7, $8, $9, $10, $11, $12 from made"""
MAX_ATTEMPTS: Final = 100


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Which deliveries are asked for; `before`: those behind that one, in the order of pages."""

    state: str | None = None
    event: str | None = None
    since: datetime | None = None
    before: tuple[datetime, UUID] | None = None


class Found(msgspec.Struct, frozen=True):
    event_id: UUID
    event: str
    position: int | None
    state: Any
    attempts: int
    created_at: datetime
    due_at: datetime
    done_at: datetime | None
    status: int | None
    error: str | None

    @property
    def is_test(self) -> bool:
        return self.position is None

    @property
    def message(self) -> str:
        return message_id(self.event_id, test=self.is_test)

    def view(self) -> DeliveryView:
        return DeliveryView(**self.members())

    def members(self) -> dict[str, Any]:
        return {
            "delivery": self.message,
            "event": self.event,
            "position": None if self.position is None else str(self.position),
            "state": self.state,
            "attempts": self.attempts,
            "created_at": self.created_at,
            "due_at": self.due_at if self.state == "waiting" else None,
            "done_at": self.done_at,
            "status": self.status,
            "error": self.error,
        }


class DeliveryLog:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def page(self, tenant: str, webhook: str, sought: Sought, limit: int) -> list[Found]:
        at, event_id = sought.before or (None, None)
        rows = await self._pool.fetch(
            PAGE, tenant, webhook, sought.state, sought.event, sought.since, at, event_id, limit
        )
        return [Found(*row) for row in rows]

    async def find(self, tenant: str, webhook: str, event_id: UUID) -> Found | None:
        row = await self._pool.fetchrow(ONE, tenant, webhook, event_id)
        return Found(*row) if row else None

    async def attempts(self, tenant: str, webhook: str, found: Found) -> tuple[AttemptView, ...]:
        """The last first, and of very many the last ones."""
        rows = await self._pool.fetch(ATTEMPTS, tenant, webhook, found.event_id, MAX_ATTEMPTS)
        return tuple(_attempt(dict(row), found.message) for row in rows)

    async def tested(self, tenant: str, webhook: str, test: UUID, name: str, tried: Tried) -> None:
        """Repeating it changes nothing."""
        state = "delivered" if tried.arrived else "failed"
        headers = msgspec.json.encode(tried.headers)
        facts = (tried.url, tried.ms, tried.status, tried.error, headers, tried.answer)
        await self._pool.execute(TESTED, tenant, webhook, test, name, state, tried.at, *facts)


def _attempt(row: Mapping[str, Any], message: str) -> AttemptView:
    sent = {
        "content-type": MEDIA_TYPE,
        "user-agent": USER_AGENT,
        "webhook-id": message,
        "webhook-timestamp": str(int(row["at"].timestamp())),
    }
    return AttemptView(
        at=row["at"],
        ms=row["ms"],
        request=RequestView(url=row["url"], headers=sent),
        response=_response(row),
        error=row["error"],
    )


def _response(row: Mapping[str, Any]) -> ResponseView | None:
    if row["status"] is None:
        return None
    return ResponseView(
        status=row["status"],
        headers=msgspec.json.decode(row["headers"] or b"{}", type=dict[str, str]),
        body=(row["answer"] or b"").decode("utf-8", "replace"),
    )
