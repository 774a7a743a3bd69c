"""Policies turn one service's events into another's commands (a process manager, in the field).

    LearnerEnrolled ──▶ react ──▶ Reaction(progress-7f3…, open) ──▶ ProgressOpened
    event 0190f5…                 command id: uuid5(event, "progress/0")

The command id comes from the event's, so a second run finds the command done: each is done once,
however often the event is handled, and by whichever process.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias
from uuid import UUID, uuid5

import msgspec

from milepost.events.event import Event
from milepost.events.log import Recorded
from milepost.events.streams import Stream


class Reaction(msgspec.Struct, frozen=True):
    """What a policy answers to an event: a decision on a stream. A `Refused` decision is final."""

    stream: Stream[Any, Any]
    decide: Callable[[Any], Sequence[Event]]


Reactions: TypeAlias = Sequence[Reaction]


class Policy(msgspec.Struct, frozen=True):
    """`name` is the durable consumer's name; `types` the events it answers, `(service, tag)`.

    `react` gathers the facts that its pure rules need, then asks them. Asked again about the same
    event, its reactions stand in the same order.
    """

    name: str
    types: tuple[tuple[str, str], ...]
    react: Callable[[Recorded], Awaitable[Reactions]]


def reaction_id(policy: str, event_id: UUID, number: int) -> UUID:
    """The command id of a policy's n-th reaction to an event: the same on every delivery."""
    return uuid5(event_id, f"{policy}/{number}")
