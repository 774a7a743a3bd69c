"""An answer of the feed: collected from pages of the log, within bounds, and written."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

from milepost.events.log import Recorded
from milepost.subscriptions.envelope import BATCH_MEDIA_TYPE
from milepost.subscriptions.feed.follower import following
from milepost.subscriptions.feed.large_answers import room_for
from milepost.subscriptions.feed.log_pages import LogPages
from milepost.subscriptions.feed.subscriber import Found, Subscriber
from milepost.subscriptions.feed.tail import Tail

NDJSON: Final = "application/x-ndjson"
# A filter that matches next to nothing: the answer then tells how far it has come.
WORK_SECONDS: Final = 1.0
# Encoded without a pause: some milliseconds.
SLICE: Final = 500


class Answer:
    """`bodies`: CloudEvents in JSON, in order. `position`: all up to there is in it, or was told
    before.
    """

    def __init__(self, position: int, limit: int, encode: Callable[[Recorded], bytes]) -> None:
        self.bodies: list[bytes] = []
        self.position = position
        self._encode = encode
        self._limit = limit
        self._size = 0

    @property
    def room(self) -> int:
        """For so many events."""
        return self._limit - len(self.bodies)

    @property
    def full(self) -> bool:
        return len(self.bodies) >= self._limit or self._size >= room_for(self._limit)

    async def add(self, found: Found) -> None:
        """As much of it as there is room for."""
        for number, event in enumerate(found.events):
            if self.full:
                return
            body = self._encode(event)
            self.bodies.append(body)
            self._size += len(body)
            self.position = event.position
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
        self.position = max(self.position, found.reached)

    def written(self, media_type: str) -> bytes:
        if media_type == NDJSON:
            return b"".join([body + b"\n" for body in self.bodies])
        return b"[%b]" % b",\n".join(self.bodies)


async def collect(log: LogPages, subscriber: Subscriber, answer: Answer, head: int) -> None:
    """What the log has behind the answer's position, up to `head`: as much as it may hold."""
    clock = asyncio.get_running_loop().time
    begins = clock()
    async with aclosing(log.pages(subscriber, answer.position, head, answer.room)) as pages:
        async for found in pages:
            await answer.add(found)
            if answer.full or clock() - begins > WORK_SECONDS:
                break


async def await_first(
    tail: Tail, log: LogPages, subscriber: Subscriber, answer: Answer, seconds: float
) -> None:
    """Wait until there is something for it, for so long at most, or until the process is to end."""
    clock, ring = asyncio.get_running_loop().time, asyncio.Event()
    deadline = clock() + seconds
    async with following(tail, log, subscriber, answer.position, ring) as follower:
        while not (answer.bodies or follower.ends):
            if (found := await follower.next()) is not None:
                await answer.add(found)
            elif clock() >= deadline or not await follower.wait(deadline - clock()):
                answer.position = max(answer.position, follower.position)
                return


def media_type_of(accepted: Sequence[str]) -> str:
    """The first of those that are accepted; a batch for whoever accepts neither by name."""
    return NDJSON if accepted and accepted[0] == NDJSON else BATCH_MEDIA_TYPE
