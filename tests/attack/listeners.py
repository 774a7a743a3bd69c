"""Four ways to hear of the same events: feed, event stream, NATS, webhook.

Each goes on whoever is killed, and remembers what it was told in the order in which it came. A
repeat, which only at-least-once ways may bring, is known by its id.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import msgspec
import nats
import nats.errors
from httpx2 import AsyncClient, HTTPError
from nats.aio.client import Client
from nats.aio.msg import Msg
from standardwebhooks import Webhook
from tests.subscriptions.webhooks.receiver import Message, Receiver, Reply, listening, willing

PAUSE_SECONDS = 0.2


class Heard(NamedTuple):
    position: int
    event_id: str


class Listener(Protocol):
    heard: list[Heard]

    async def listen(self) -> None:
        """Until canceled, whoever goes away and comes back meanwhile."""


class Feed:
    """Long polls, with the position of the last answer as the cursor."""

    def __init__(self, connection: AsyncClient, query: Mapping[str, Sequence[str]]) -> None:
        self.heard: list[Heard] = []
        self._connection, self._query = connection, query
        self._after = 0

    async def listen(self) -> None:
        while True:
            with suppress(HTTPError):
                await self._poll()
                continue
            await asyncio.sleep(PAUSE_SECONDS)

    async def _poll(self) -> None:
        query: dict[str, Any] = {**self._query, "after": self._after, "wait": 5, "limit": 1000}
        answer = await self._connection.get("/events", params=query)
        answer.raise_for_status()
        self.heard += [heard_from(one) for one in answer.json()]
        self._after = int(answer.headers["Milepost-Position"])


class Stream:
    """Server-sent events; whoever comes back says what came last."""

    def __init__(self, connection: AsyncClient, query: Mapping[str, Sequence[str]]) -> None:
        self.heard: list[Heard] = []
        self._connection, self._query = connection, query
        self._last = "0"

    async def listen(self) -> None:
        while True:
            with suppress(HTTPError):
                await self._follow()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _follow(self) -> None:
        headers = {"Last-Event-ID": self._last}
        async with self._connection.stream(
            "GET", "/events/stream", params=self._query, headers=headers
        ) as answer:
            answer.raise_for_status()
            found = ""
            async for line in answer.aiter_lines():
                name, _, value = line.partition(":")
                if name == "id":
                    found = value.strip()
                elif name == "data" and value.strip():
                    self.heard.append(heard_from(msgspec.json.decode(value)))
                elif not line and found:
                    self._last = found


class Nats:
    """A durable consumer of one's own, by the address that `milepost subscribers add` printed."""

    def __init__(self, address: str, domain: str, stream: str, consumer: str) -> None:
        self.heard: list[Heard] = []
        self._address, self._domain = address, domain
        self._stream, self._consumer = stream, consumer

    async def listen(self) -> None:
        client = await nats.connect(self._address, max_reconnect_attempts=-1, error_cb=_ignore)
        try:
            while True:
                with suppress(nats.errors.Error, TimeoutError):
                    await self._follow(client)
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            await client.close()

    async def _follow(self, client: Client) -> None:
        js = client.jetstream(domain=self._domain)
        feed = await js.pull_subscribe_bind(self._consumer, self._stream)
        while True:
            messages: list[Msg] = []
            with suppress(nats.errors.TimeoutError):  # nothing new
                messages = await feed.fetch(1000, timeout=5)
            for message in messages:
                headers = message.headers or {}
                self.heard.append(Heard(int(headers["Milepost-Position"]), headers["ce-id"]))
                await message.ack()


async def _ignore(_: Exception) -> None:
    """It is away, or back again."""


class Hook:
    """An endpoint; every message is verified by a library that is not ours."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.receiver = Receiver(self._answer)
        self.secret = ""

    async def listen(self) -> None:
        async with listening(self.receiver):
            await asyncio.Event().wait()

    def _answer(self, message: Message) -> Reply:
        if self.secret:
            Webhook(self.secret).verify(message.body, dict(message.headers))
            self.heard.append(heard_from(message.event))
        return willing(message)


def once(heard: Iterable[Heard]) -> list[Heard]:
    """In the order in which each came first."""
    return list(dict.fromkeys(heard))


def heard_from(event: Mapping[str, str]) -> Heard:
    return Heard(int(event["position"]), event["id"])
