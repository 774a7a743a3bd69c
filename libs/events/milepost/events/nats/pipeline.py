"""Publishing to JetStream pipelined: many messages under way, every refusal noticed.

    sent          m1 m2 m3 … m100 m101 … m200 …       up to `window` without an answer
    predicts      seq 7, seq 8 + id m1, seq 9 + id m2 …
    answers                  m100        m200         one in a hundred asks (`stride`)

    m2 refused    m3, m4, … are refused, too: the stream does not end with m2
    a stranger's  m3 finds sequence 9 as foreseen, but not the id of m2: refused
    message in
    place of m2

So what the stream holds of a `FencedPipeline` is its beginning, in order and without gaps. When it
breaks, ask the stream where it ends, and begin a new one there.

nats-py encodes and checks header by header and takes an answer per message, which costs more than
all else that a relay does; here a message is encoded once, and many go to the client in one piece.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self
from uuid import uuid4

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from milepost.events.errors import EventsError

PATIENCE_SECONDS = 0.2
# Of what is under way: large messages must not keep small ones waiting for long.
WINDOW_BYTES = 16 * 1024 * 1024
# Predictions come on top of a message's own headers: two ids and a number.
PREDICTION_BYTES = 1024


class Message(NamedTuple):
    """`name` is its own, `headers` are lines from `cloudevents.header_lines`."""

    name: str
    subject: str
    headers: str
    data: bytes


class PipelineBroken(EventsError):
    """The stream did not take a message as it was meant to be, or did not say that it had."""


class PredictionFailed(PipelineBroken):
    """Somebody else has published: the stream does not end with what was sent last."""


class MessageTooLarge(EventsError, nats.errors.Error):
    def __init__(self, name: str, size: int, limit: int) -> None:
        super().__init__(f"{name} has {size} bytes; max_payload of the server is {limit}")


class _Error(msgspec.Struct):
    code: int = 0
    description: str = ""


class _Answer(msgspec.Struct):
    error: _Error | None = None


_answer = msgspec.json.Decoder(_Answer)


class Pipeline:
    """Publishes in order; each message is answered, and the first refusal breaks it.

    What was under way behind a refused message may have been stored.

    Answers come to an inbox of our own, for nats-py's `publish_async` never tells of an error. At
    most `window` messages wait for their answer; after `timeout_seconds` without any answer it
    counts as broken.
    """

    stride = 1  # of how many messages one asks for an answer

    def __init__(self, client: Client, *, window: int = 4000, timeout_seconds: float = 5) -> None:
        self.acknowledged = 0
        self._client = client
        self._sent = 0
        self._window = window
        self._timeout_seconds = timeout_seconds
        self._reconnects = client.stats["reconnects"]
        self._inbox = client.new_inbox()
        self._answers: Subscription | None = None
        self._awaited: deque[tuple[int, int]] = deque()
        self._waiting_bytes = 0
        self._progress = asyncio.Event()
        self._failure: PipelineBroken | None = None

    @property
    def sent(self) -> int:
        return self._sent

    @property
    def reconnected(self) -> bool:
        """The server may be another, or have lost what it had acknowledged."""
        return bool(self._client.stats["reconnects"] != self._reconnects)

    async def __aenter__(self) -> Self:
        self._answers = await self._client.subscribe(f"{self._inbox}.*", cb=self._receive)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._answers and not self._client.is_closed:
            await self._answers.unsubscribe()

    async def publish(self, messages: Sequence[Message]) -> None:
        """Hand messages in, waiting while the window is full.

        Raises `PipelineBroken`; `MessageTooLarge` for one that the server will not take.
        """
        for start in range(0, len(messages), self.stride):
            chunk = messages[start : start + self.stride]
            if self._sent + len(chunk) - self.acknowledged > self._window:
                await self._until_waiting(self._window // 2)
            if self._waiting_bytes > WINDOW_BYTES:
                await self._until_waiting(0)
            if self._failure:
                raise self._failure
            await self._send(chunk)

    async def flush(self) -> None:
        """Wait until everything is acknowledged. Raises `PipelineBroken`."""
        await self._until_waiting(0)

    def _predictions(self, name: str) -> str:  # noqa: ARG002 - none here, see FencedPipeline
        """Header lines that say when the stream is to refuse the message."""
        return ""

    async def _send(self, chunk: Sequence[Message]) -> None:
        replies = [""] * (len(chunk) - 1) + [f"{self._inbox}.{self._sent + len(chunk)} "]
        encoded = [
            self._encoded(message, reply) for message, reply in zip(chunk, replies, strict=True)
        ]
        wire = b"".join(encoded)
        self._awaited.append((self._sent, len(wire)))
        self._waiting_bytes += len(wire)
        await self._client._send_command(wire)  # noqa: SLF001 - see above
        await self._client._flush_pending()  # noqa: SLF001
        task = asyncio.current_task()
        if task and task.cancelling():  # nats-py swallows what reaches it while it flushes
            raise asyncio.CancelledError

    def _encoded(self, message: Message, reply: str) -> bytes:
        name, subject, headers, data = message
        head = f"NATS/1.0\r\n{headers}{self._predictions(name)}\r\n".encode()
        size = len(head) + len(data)
        if size > self._client.max_payload:
            raise MessageTooLarge(name, size, self._client.max_payload)
        self._sent += 1
        return b"HPUB %b %b%d %d\r\n%b%b\r\n" % (
            subject.encode(),
            reply.encode(),
            len(head),
            size,
            head,
            data,
        )

    async def _until_waiting(self, at_most: int) -> None:
        last = (self.acknowledged, time.monotonic())
        while not self._failure and self._sent - self.acknowledged > at_most:
            self._progress.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._progress.wait()
            if self.acknowledged != last[0]:
                last = (self.acknowledged, time.monotonic())
            elif self.reconnected:
                self._failure = PipelineBroken("reconnected")
            elif time.monotonic() - last[1] > self._timeout_seconds:
                self._failure = PipelineBroken("no answer")
        if self._failure:
            raise self._failure

    async def _receive(self, message: Msg) -> None:
        """Answers come in the order of the messages; what follows a failure says nothing new."""
        if self._failure:
            return
        number = int(message.subject.rpartition(".")[2])
        awaited, size = self._awaited.popleft()
        self._waiting_bytes -= size
        if number != awaited:
            self._failure = PipelineBroken("an answer is missing")
        elif not message.data:
            self._failure = PipelineBroken("no stream listens")
        elif error := _answer.decode(message.data).error:
            failed = error.description.startswith("wrong last ")
            self._failure = (PredictionFailed if failed else PipelineBroken)(error.description)
        else:
            self.acknowledged = number
        self._progress.set()


class FencedPipeline(Pipeline):
    """Each message predicts the one that is last in the stream before it.

    The first predicts the last sequence; every other one also the message id, which only this
    pipeline can have written. So when one is refused, all behind it are, whoever else publishes
    meanwhile: the sequence alone would let a message in as soon as a stranger has filled the gap
    before it. For the same reason one answer in a hundred tells of all.
    """

    stride = 100

    def __init__(
        self, client: Client, last_sequence: int, *, window: int = 4000, timeout_seconds: float = 5
    ) -> None:
        super().__init__(client, window=window, timeout_seconds=timeout_seconds)
        self._first = last_sequence
        self._token = uuid4().hex[:12]
        self._last_id = ""

    @property
    def last_sequence(self) -> int:
        """Where the stream stands once everything is acknowledged."""
        return self._first + self._sent

    def _predictions(self, name: str) -> str:
        before, self._last_id = self._last_id, f"{name}/{self._token}"
        lines = (
            f"Nats-Expected-Last-Sequence: {self.last_sequence}\r\nNats-Msg-Id: {self._last_id}\r\n"
        )
        return f"{lines}Nats-Expected-Last-Msg-Id: {before}\r\n" if before else lines
