"""A durable pull consumer: batches as soon as there is anything."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig

from milepost.events.errors import EventsError
from milepost.events.nats.jetstream import STREAM

EXPIRES_SECONDS = 30.0
SLICE_SECONDS = 0.25
# What ends a request: no messages, expired, consumer deleted or moved, nobody there.
REQUEST_OVER = ("404", "408")
CONSUMER_GONE = ("409", "503")


class ConsumerGone(EventsError, nats.errors.Error):
    """The stream or the durable consumer is not there any more, or has moved."""


class PullConsumer:
    """Messages of `subjects`, from `open` until `close`, acknowledged up to one at a time.

    One request of `batch` messages is kept open at the server: what arrives is handed out at once.
    """

    def __init__(self, client: Client, name: str, subjects: Sequence[str], batch: int) -> None:
        self._client = client
        self._name = name
        self._subjects = list(subjects)
        self._batch = batch
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None
        self._arrived: deque[Msg] = deque()
        self._news = asyncio.Event()
        self._wanted = 0
        self._reconnects = -1
        self._gone = ""

    async def __aenter__(self) -> Self:
        """Create the durable consumer or take it up. Raises what NATS raises without a stream."""
        config = ConsumerConfig(
            durable_name=self._name,
            ack_policy=AckPolicy.ALL,
            ack_wait=30,
            filter_subjects=self._subjects,
            max_ack_pending=4 * self._batch,
        )
        await self._client.jetstream().add_consumer(STREAM, config)
        self._subscription = await self._client.subscribe(self._inbox, cb=self._receive)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._subscription and not self._client.is_closed:
            await self._subscription.unsubscribe()

    async def messages(self, timeout_seconds: float) -> list[Msg]:
        """Whatever has arrived, at most `batch`; none after the timeout. Raises `ConsumerGone`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while not self._arrived and not self._gone:
                    if self._client.is_closed:  # for good: nats-py has given up
                        raise ConsumerGone("the connection was closed")
                    await self._request()
                    self._news.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(SLICE_SECONDS):
                            await self._news.wait()
        if self._gone and not self._arrived:
            raise ConsumerGone(self._gone)
        return [self._arrived.popleft() for _ in range(min(self._batch, len(self._arrived)))]

    async def acknowledge(self, messages: Sequence[Msg]) -> None:
        """These, and all before them."""
        await max(messages, key=lambda message: message.metadata.sequence.stream).ack()

    async def _request(self) -> None:
        reconnects = self._client.stats["reconnects"]
        if self._wanted > 0 and reconnects == self._reconnects:
            return
        self._wanted, self._reconnects = self._batch, reconnects
        request = {"batch": self._batch, "expires": int(EXPIRES_SECONDS * 1e9)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self._name}"
        await self._client.publish(subject, msgspec.json.encode(request), reply=self._inbox)

    async def _receive(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status")
        if status is None:
            self._wanted -= 1
            self._arrived.append(message)
        elif status in REQUEST_OVER:
            self._wanted = 0
        elif status in CONSUMER_GONE:
            self._gone = f"{status} {(message.headers or {}).get('Description', '')}"
        self._news.set()
