"""NATS JetStream as Milepost uses it: the stream, and a connection that stays.

The stream is a copy of what the log published and can be rebuilt from it at any time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import msgspec
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg, StorageType, StreamConfig, StreamInfo

from milepost.events.nats.connection import Server, connect
from milepost.events.runtime.outages import UNAVAILABLE

STREAM = "MILEPOST"
SUBJECTS = "milepost.>"
# Message ids are never sent twice, so remembering them would only cost the server memory.
DUPLICATE_WINDOW_SECONDS = 1.0

_log = structlog.get_logger()


class _State(msgspec.Struct):
    messages: int
    first_ts: datetime
    last_ts: datetime


@asynccontextmanager
async def connected(server: Server, name: str) -> AsyncIterator[Client]:
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

    client = await connect(
        server,
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
        with suppress(
            *UNAVAILABLE, RuntimeError
        ):  # what is lost cannot be closed: uvloop's RuntimeError
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
    info = await stream_info(js)
    return info.state.last_seq if info else None


async def stream_info(js: JetStreamContext) -> StreamInfo | None:
    """None without a stream."""
    try:
        return await js.stream_info(STREAM)
    except nats.js.errors.NotFoundError:
        return None


def limited(config: StreamConfig) -> bool:
    """Whether the stream may drop messages by itself, as somebody must have wanted."""
    limits = (config.max_age, config.max_bytes, config.max_msgs, config.max_msgs_per_subject)
    return any(limit and limit > 0 for limit in limits)


async def kept_since(js: JetStreamContext) -> datetime | None:
    """Since when a limited stream holds all that was sent, by the server's clock.

    None without limits, and as long as they have dropped nothing.
    """
    info = await stream_info(js)
    if info is None or not limited(info.config) or info.state.first_seq <= 1:
        return None
    # nats-py leaves the times out of what it tells of a stream.
    told = await js._api_request(f"$JS.API.STREAM.INFO.{STREAM}")  # noqa: SLF001
    state = msgspec.convert(told["state"], _State)
    return state.first_ts if state.messages else state.last_ts


async def last_message(js: JetStreamContext, tenant: str) -> RawStreamMsg | None:
    """The tenant's last message in the stream.

    Asked of the stream's leader: a direct get may be answered by a replica that lags.
    """
    try:
        return await js.get_last_msg(STREAM, f"milepost.{tenant}.>")
    except nats.js.errors.NotFoundError:
        return None
