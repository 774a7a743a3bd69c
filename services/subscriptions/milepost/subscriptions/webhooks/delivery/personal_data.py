"""What deliveries keep about one learner, and how it goes when the learner is erased.

Events name learners by their opaque ids, and stay in the log. Here are the answers of endpoints,
which may hold anything: they go with the learner, and so does what was delivered to whom.
"""

from collections.abc import Mapping
from typing import Any

import asyncpg
import msgspec

from milepost.contracts.learners import LearnerErased
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Recorded
from milepost.events.projections.tables import Connection
from milepost.events.subscriptions.handler import Handler
from milepost.web.room import KeptRows, Learner

ABOUT = "What webhooks were told about the learner, and what their endpoints answered."
KEPT = """select d.webhook, 'msg_' || d.event_id as delivery, d.event, d.position, d.state,
           d.created_at, d.done_at, a.at as called_at, a.url, a.status, a.error, a.answer
      from webhooks.deliveries d
      left join webhooks.attempts a using (tenant, webhook, event_id)
     where d.tenant = $1 and d.learner = $2
     order by d.created_at, d.webhook, d.event_id, a.number"""
FORGET = """with theirs as (
        select webhook, event_id from webhooks.deliveries where tenant = $1 and learner = $2),
    answers as (
        delete from webhooks.attempts a using theirs t
         where a.tenant = $1 and a.webhook = t.webhook and a.event_id = t.event_id)
    delete from webhooks.deliveries d using theirs t
     where d.tenant = $1 and d.webhook = t.webhook and d.event_id = t.event_id
       and d.state <> 'waiting'"""

_ERASED = Codec[LearnerErased](LearnerErased)


async def personal_data(connection: Connection, learner: Learner) -> Mapping[str, KeptRows]:
    rows = await connection.fetch(KEPT, learner.tenant, learner.learner)
    if not rows:
        return {}
    return {"webhook_deliveries.json": KeptRows(ABOUT, [_kept(dict(row)) for row in rows])}


def _kept(row: Mapping[str, Any]) -> msgspec.Raw:
    answer = (row["answer"] or b"").decode("utf-8", "replace")
    return msgspec.Raw(msgspec.json.encode({**row, "answer": answer}))


def forgetting(pool: asyncpg.Pool) -> Handler:
    """Repeating it does nothing. What waits still goes out: the log tells it to everybody."""

    async def handle(recorded: Recorded) -> None:
        await pool.execute(FORGET, recorded.tenant, _ERASED.read(recorded).learner)

    return Handler("webhooks-erasure", (("enrollment", tag_of(LearnerErased)),), handle)
