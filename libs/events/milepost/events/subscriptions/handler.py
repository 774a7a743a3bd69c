"""What a subscription runs: an effect for every event of some types, in order per key.

    kind                   effect                   done                   wiring
    ─────────────────────  ───────────────────────  ─────────────────────  ─────────────────────
    a policy               commands                 once, by command id    policies/reactions.py
    `Handler`              anything elsewhere       at least once          Service.handlers
    `TransactionalHandler` rows in our Postgres     once, with the         Service.handlers
                                                    checkpoint

Events with the same key are handled one after the other, others at the same time. What raises is
tried again; what keeps failing is parked with everything later of its key, until an operator says
`retry` or `skip`. So a key is what must stay in order: a stream, a learner, somebody's endpoint.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import msgspec

from milepost.events.log import Recorded
from milepost.events.parking.parked import Connection

# (service, tag): the service that publishes it, the tag that it is stored under.
EventTypes: TypeAlias = tuple[tuple[str, str], ...]
KeyOf: TypeAlias = Callable[[Recorded], str]


def stream_of(event: Recorded) -> str:
    return event.stream


async def nothing(_: Sequence[Recorded]) -> None: ...


class Handler(msgspec.Struct, frozen=True):
    """An effect of its own: done when `handle` returns, and done again if the process dies then.

    So the effect is repeatable, or carries `event_id` to whoever can tell a repeat by it.

    name      the durable consumer's: of its checkpoint, its lease and what it parks. Never renamed
    key_of    pure; an event that it fails on is kept in order with its stream
    prefetch  what `handle` needs of these events, at once; raises only what passes by itself
    """

    name: str
    types: EventTypes
    handle: Callable[[Recorded], Awaitable[object]]
    key_of: KeyOf = stream_of
    prefetch: Callable[[Sequence[Recorded]], Awaitable[object]] = nothing


class TransactionalHandler(msgspec.Struct, frozen=True):
    """An effect in Postgres, in the transaction that moves the checkpoint: exactly once.

    `handle` leaves the transaction open. A batch shares one, so the locks that it takes are held
    for as long as some hundred events need: where others wait for them, take a `Handler`.

    handle_all    does the same for a batch of one tenant, in order, in fewer statements
    rest_seconds  after a batch; what comes meanwhile shares the next one and its commit, so an
                  event alone is handled at once, and many cost little
    """

    name: str
    types: EventTypes
    handle: Callable[[Connection, Recorded], Awaitable[object]]
    key_of: KeyOf = stream_of
    handle_all: Callable[[Connection, Sequence[Recorded]], Awaitable[object]] | None = None
    rest_seconds: float = 0.0


AnyHandler: TypeAlias = Handler | TransactionalHandler
