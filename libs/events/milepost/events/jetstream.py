"""NATS JetStream as Milepost uses it: the stream, a connection that stays, a chain of publishes.

The stream is a copy of what the log published and can be rebuilt from it at any time.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Self
from uuid import uuid4

import msgspec
import nats
import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext
from nats.js.api import StorageType, StreamConfig

STREAM = "MILEPOST"
SUBJECTS = "milepost.>"
# Message ids are never sent twice, so remembering them would only cost the server memory.
DUPLICATE_WINDOW_SECONDS = 1.0
PATIENCE_SECONDS = 0.2

_log = structlog.get_logger()


@asynccontextmanager
async def connected(url: str, name: str) -> AsyncIterator[Client]:
    """A connection that is tried, and tried again, for as long as the block lasts.

    Says once that NATS is away, and once that it is back.
    """
    away = asyncio.Event()

    async def lost(error: Exception | None = None) -> None:
        if not away.is_set():
            away.set()
            _log.warning("nats_away", connection=name, error=repr(error) if error else None)

    async def back() -> None:
        away.clear()
        _log.info("nats_back", connection=name)

    client = await nats.connect(
        url,
        name=name,
        error_cb=lost,
        disconnected_cb=lost,
        reconnected_cb=back,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.25,
        ping_interval=10,
    )
    if away.is_set():
        await back()
    try:
        yield client
    finally:
        away.set()  # being closed is not being away
        await client.close()


async def ensure_stream(js: JetStreamContext, replicas: int = 1) -> int:
    """Create the stream unless it is there, or keep it as it is. Returns its last sequence."""
    sequence = await last_sequence(js)
    if sequence is not None:
        return sequence
    _log.warning("stream_created", stream=STREAM)
    config = StreamConfig(
        name=STREAM,
        subjects=[SUBJECTS],
        storage=StorageType.FILE,
        num_replicas=replicas,
        allow_direct=True,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
    )
    return (await js.add_stream(config)).state.last_seq


async def last_sequence(js: JetStreamContext) -> int | None:
    """None without a stream."""
    try:
        return (await js.stream_info(STREAM)).state.last_seq
    except nats.js.errors.NotFoundError:
        return None


async def last_position(js: JetStreamContext, tenant: str) -> int:
    """The position of the tenant's last message, 0 without one.

    Asked of the stream's leader: a direct get may be answered by a replica that lags.
    """
    try:
        message = await js.get_last_msg(STREAM, f"milepost.{tenant}.>")
    except nats.js.errors.NotFoundError:
        return 0
    return int((message.headers or {})["Milepost-Position"])


class ChainBroken(Exception):
    """The stream did not take a message where it was predicted, nor any after it."""


class _Error(msgspec.Struct):
    code: int = 0
    description: str = ""


class _Answer(msgspec.Struct):
    error: _Error | None = None


_answer = msgspec.json.Decoder(_Answer)


class Chain:
    """Publishes pipelined, each message predicting the one that is last in the stream before it.

    The first predicts the last sequence; every other one also the message id, which only this chain
    can have written. So when one is refused, all behind it are, whoever else publishes meanwhile:
    the sequence alone would let a message in as soon as a stranger has filled the gap before it.

    Answers come to an inbox of our own, for nats-py's `publish_async` never tells of an error. At
    most `window` messages wait for their answer; after `timeout_seconds` without any answer the
    chain counts as broken.
    """

    def __init__(
        self, client: Client, last_sequence: int, *, window: int = 4000, timeout_seconds: float = 5
    ) -> None:
        self.acknowledged = 0
        self._client = client
        self._first = last_sequence
        self._sent = 0
        self._window = window
        self._timeout_seconds = timeout_seconds
        self._token = uuid4().hex[:12]
        self._last_id = ""
        self._reconnects = client.stats["reconnects"]
        self._inbox = client.new_inbox()
        self._answers: Subscription | None = None
        self._progress = asyncio.Event()
        self._failure: ChainBroken | None = None

    async def __aenter__(self) -> Self:
        self._answers = await self._client.subscribe(f"{self._inbox}.*", cb=self._hear)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._answers and not self._client.is_closed:
            await self._answers.unsubscribe()

    async def publish(self, subject: str, data: bytes, headers: dict[str, str], name: str) -> None:
        """Hand a message in, waiting while the window is full. Raises `ChainBroken`.

        `name` is the message's own; with the chain's token it becomes the message id.
        """
        if self._failure:
            raise self._failure
        if self._sent - self.acknowledged >= self._window:
            await self._until_waiting(self._window // 2)
        headers["Nats-Expected-Last-Sequence"] = str(self.last_sequence)
        if self._last_id:
            headers["Nats-Expected-Last-Msg-Id"] = self._last_id
        headers["Nats-Msg-Id"] = self._last_id = f"{name}/{self._token}"
        await self._client.publish(subject, data, f"{self._inbox}.{self._sent}", headers)
        self._sent += 1
        task = asyncio.current_task()
        if task and task.cancelling():  # nats-py swallows what reaches it while it flushes
            raise asyncio.CancelledError

    @property
    def last_sequence(self) -> int:
        """Where the stream stands once everything is acknowledged."""
        return self._first + self._sent

    async def flush(self) -> None:
        """Wait until everything is acknowledged. Raises `ChainBroken`."""
        await self._until_waiting(0)

    async def _until_waiting(self, at_most: int) -> None:
        heard = (self.acknowledged, time.monotonic())
        while not self._failure and self._sent - self.acknowledged > at_most:
            self._progress.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._progress.wait()
            if self.acknowledged != heard[0]:
                heard = (self.acknowledged, time.monotonic())
            elif self._client.stats["reconnects"] != self._reconnects:
                self._failure = ChainBroken("reconnected")
            elif time.monotonic() - heard[1] > self._timeout_seconds:
                self._failure = ChainBroken("no answer")
        if self._failure:
            raise self._failure

    async def _hear(self, message: Msg) -> None:
        """Answers come in the order of the messages; what follows a failure says nothing new."""
        if self._failure:
            return
        if message.subject.rpartition(".")[2] != str(self.acknowledged):
            self._failure = ChainBroken("an answer is missing")
        elif not message.data:
            self._failure = ChainBroken("no stream listens")
        else:
            error = _answer.decode(message.data).error
            self._failure = ChainBroken(error.description) if error else None
        self.acknowledged += not self._failure
        self._progress.set()
