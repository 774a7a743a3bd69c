"""Streams of progress as a question over history keeps them, until each is judged in its turn."""

from asyncio import sleep
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from milepost.contracts.progress import LessonStarted
from milepost.contracts.rules.learning.progress import Progress
from milepost.events.event import tag_of
from milepost.progress.domain.plan_changes.what_if import Places
from milepost.progress.domain.state import PROGRESS

_STARTED = tag_of(LessonStarted)
# So many events are judged before others have their turn.
TURN_EVENTS = 2_000


class Kept(msgspec.Struct, frozen=True, gc=False):
    """What is kept of an event until its stream is judged: nothing that the garbage collector
    would have to walk through, for it stops everything else meanwhile.
    """

    type: str
    data: bytes
    occurred_at: datetime
    position: int


# A progress stream, as far as it decides.
Stream: TypeAlias = list[Kept]


async def in_turns(learners: Sequence[Stream]) -> AsyncIterator[Sequence[Stream]]:
    """So many learners that others wait for no more than about this many events."""
    turn: list[Stream] = []
    events = 0
    for one in learners:
        turn.append(one)
        events += len(one)
        if events >= TURN_EVENTS:
            yield turn
            turn, events = [], 0
            await sleep(0)
    yield turn


def fold_stream(events: Stream) -> tuple[Progress, Places]:
    state, places = PROGRESS.initial(), Places()
    for one in events:
        event = PROGRESS.codec.read(one)
        state = PROGRESS.evolve(state, event)
        if one.type != _STARTED:
            places.note(event, one.position)
    return state, places
