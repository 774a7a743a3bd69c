"""What wakes a subscription: a message from NATS rings, and says how far the log is to be read.

A durable pull consumer, named as the handler, so that what rang while nobody listened rings again.
Messages are acknowledged when the log has been handled that far, or when that takes long: whoever
starts anew looks at the log's heads first.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from nats.aio.msg import Msg

from milepost.events.event import name_of
from milepost.events.nats.cloudevents import Foreign, place_of
from milepost.events.nats.connection import Server
from milepost.events.nats.jetstream import connected, ensure_stream
from milepost.events.nats.pull_consumer import PullConsumer
from milepost.events.subscriptions.handler import EventTypes

LISTEN_SECONDS = 1.0


class Wakeup:
    """`listen` runs beside whoever calls `wait` and then `handled`."""

    def __init__(
        self, server: Server, name: str, types: EventTypes, *, batch: int, replicas: int
    ) -> None:
        self._server = server
        self._name = name
        subjects = (f"milepost.*.{service}.{name_of(tag)}" for service, tag in types)
        self._subjects = list(dict.fromkeys(subjects))  # all versions of an event have one
        self._batch = batch
        self._replicas = replicas
        self._rung: asyncio.Queue[Sequence[Msg]] = asyncio.Queue(1)

    async def listen(self) -> NoReturn:
        """Hand on what rings. Raises what NATS raises once it is away: then listen again."""
        async with connected(self._server, self._name) as client:
            await ensure_stream(client.jetstream(), self._replicas)
            async with PullConsumer(client, self._name, self._subjects, self._batch) as pull:
                while True:
                    if messages := await pull.messages(LISTEN_SECONDS):
                        await self._rung.put(messages)
                        await self._rung.join()
                        await pull.acknowledge(messages)

    async def wait(self, timeout_seconds: float) -> Mapping[str, int] | None:
        """The furthest position rung for in each tenant; None when it was silent for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                return _furthest(await self._rung.get())
        return None

    def handled(self) -> None:
        """What `wait` returned last is done, or under way: its messages may go."""
        self._rung.task_done()


def _furthest(messages: Sequence[Msg]) -> dict[str, int]:
    furthest: dict[str, int] = {}
    for message in messages:
        with suppress(Foreign):
            tenant, position = place_of(message.subject, message.headers)
            furthest[tenant] = max(position, furthest.get(tenant, 0))
    return furthest
