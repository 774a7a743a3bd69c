"""Hears of every published event, and writes down for which webhooks it waits: once, in order.

    log ──▶ handler ──▶ deliveries                 the webhook is sent to, and keeps up
               │
               └──────▶ backfills: upto moves on   it is paused, or too many wait: what it is to
                             │                     be told stays in the log
                        worker ──▶ deliveries      page by page, once it may go on

All of it is committed with the checkpoint. A webhook has at most one `catch_up`: while that is
there, whatever follows comes behind it, so nothing overtakes, and nothing comes twice.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from milepost.contracts.published import PUBLISHED
from milepost.events.log import Log, Recorded
from milepost.events.parking.parked import Connection
from milepost.events.streams import category_of, key_of
from milepost.events.subscriptions.handler import EventTypes, TransactionalHandler
from milepost.subscriptions.webhooks.delivery.endpoints import Endpoints
from milepost.subscriptions.webhooks.delivery.matching import Matching
from milepost.subscriptions.webhooks.delivery.queue import MAX_WAITING, enqueue, waiting
from milepost.subscriptions.webhooks.delivery.states import States
from milepost.subscriptions.webhooks.domain.webhook import WEBHOOK, Webhook
from milepost.subscriptions.webhooks.events import (
    WebhookDeleted,
    WebhookEnabled,
    WebhookEvent,
    WebhookResumed,
)

NAME: Final = "webhooks"
_OWN: Final = WEBHOOK.codec.classes
TYPES: Final[EventTypes] = (
    *((service, tag) for tag, service in PUBLISHED.items()),
    *(("subscriptions", tag) for tag in _OWN if tag not in PUBLISHED),
)


def webhooks_handler(
    log: Log, matching: Matching, clock: Callable[[], datetime]
) -> TransactionalHandler:
    work = _Work(log, matching, clock)
    return TransactionalHandler(
        NAME, TYPES, work.handle, key_of=_school, handle_all=work.handle_all
    )


def _school(event: Recorded) -> str:
    """One event that cannot be handled holds those behind it: none may be left out unnoticed."""
    return event.tenant


class _Work:
    def __init__(self, log: Log, matching: Matching, clock: Callable[[], datetime]) -> None:
        self._states = States(log)
        self._matching = matching
        self._clock = clock
        self._room: dict[tuple[str, str], int] = {}

    async def handle(self, connection: Connection, event: Recorded) -> None:
        await self.handle_all(connection, [event])

    async def handle_all(self, connection: Connection, events: Sequence[Recorded]) -> None:
        """`events` are of one school, in order."""
        tenant = events[0].tenant
        states = await self._states.at(tenant, events[0].position - 1)
        if not states and not any(map(_is_own, events)):
            return
        endpoints = await Endpoints.of(connection, tenant)
        for part in _parts(events):
            await self._change(endpoints, states, part[0])
            await self._tell(endpoints, states, [one for one in part if one.type in PUBLISHED])

    async def _change(
        self, endpoints: Endpoints, states: dict[str, Webhook], event: Recorded
    ) -> None:
        """What an event of a webhook makes of it; others make nothing."""
        if not _is_own(event):
            return
        webhook, own = key_of(event.stream), WEBHOOK.codec.read(event)
        before = states.get(webhook, Webhook())
        state = states[webhook] = WEBHOOK.evolve(before, own)
        await self._follow(endpoints, event.position, before, state, own)
        if not state.exists:
            del states[webhook]

    async def _follow(
        self,
        endpoints: Endpoints,
        position: int,
        before: Webhook,
        state: Webhook,
        own: WebhookEvent,
    ) -> None:
        now = self._clock()
        if isinstance(own, WebhookDeleted):
            await endpoints.remove(state.webhook)
        elif state.active and not endpoints.knows(state.webhook):
            await endpoints.add(state, position, now)
        elif endpoints.knows(state.webhook) and state != before:
            skip = isinstance(own, WebhookResumed | WebhookEnabled) and own.skip
            await endpoints.change(state, position, skip=skip)

    async def _tell(
        self, endpoints: Endpoints, states: Mapping[str, Webhook], events: Sequence[Recorded]
    ) -> None:
        """Published events, during which no webhook changes."""
        if not events:
            return
        for webhook, state in states.items():
            if not endpoints.knows(webhook):
                continue
            if not state.active or endpoints.is_behind(webhook):
                await endpoints.leave_in_log(webhook, events, self._clock())
            else:
                await self._add(endpoints, state, events)

    async def _add(
        self, endpoints: Endpoints, webhook: Webhook, events: Sequence[Recorded]
    ) -> None:
        due = await self._matching.due(events, webhook)
        connection, tenant, name = endpoints.connection, endpoints.tenant, webhook.webhook
        if not due:
            return
        if await self._has_room(connection, tenant, name, len(due)):
            await enqueue(connection, tenant, name, due, self._clock())
        else:
            await endpoints.leave_in_log(name, events, self._clock())

    async def _has_room(
        self, connection: Connection, tenant: str, webhook: str, wanted: int
    ) -> bool:
        """They are counted when, by what was counted before, there might be too many."""
        room = self._room.get((tenant, webhook), 0)
        if room < wanted:
            room = MAX_WAITING - await waiting(connection, tenant, webhook)
        self._room[tenant, webhook] = room - wanted
        return room >= wanted


def _is_own(event: Recorded) -> bool:
    return event.type in _OWN and category_of(event.stream) == WEBHOOK.name


def _parts(events: Sequence[Recorded]) -> Sequence[Sequence[Recorded]]:
    """Cut before each event of a webhook."""
    cuts = [0, *(n for n, one in enumerate(events) if n and _is_own(one)), len(events)]
    return [events[a:b] for a, b in pairwise(cuts)]
