"""Policies turn one service's events into another's commands; each is done once per event."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID, uuid5

import msgspec

from milepost.events.event import Event
from milepost.events.log import Recorded
from milepost.events.streams import Stream


class Reaction(msgspec.Struct, frozen=True):
    """What a policy answers to an event: a decision on a stream. A `Refused` decision is final."""

    stream: Stream[Any, Any]
    decide: Callable[[Any], Sequence[Event]]


class Policy(msgspec.Struct, frozen=True):
    """`name` is the durable consumer's name; `types` the events it hears, `service.tag`.

    `react` gathers the facts that its pure rules need, then asks them.
    """

    name: str
    types: tuple[tuple[str, str], ...]
    react: Callable[[Recorded], Awaitable[Sequence[Reaction]]]


def reaction_id(policy: str, event_id: UUID, number: int) -> UUID:
    """The command id of a policy's n-th reaction to an event: the same on every delivery."""
    return uuid5(event_id, f"{policy}/{number}")
