"""Makes the stream anew, empty, as it was configured; the relay fills it from the log.

    before    stream (its limits, copies)    durable consumers, each somewhere
    deleted   every relay's pipeline breaks
    after     the same configuration         the same consumers, at the beginning

It is deleted rather than purged: a purged stream goes on counting, so a relay that has not noticed
yet would put a new event at its beginning, and take it for its end. Consumers that were to begin
somewhere else begin at the beginning, too: what is there has new places, and nothing may be missed.
"""

from collections.abc import Sequence

import msgspec
import nats.js.errors
import structlog
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, ConsumerInfo, DeliverPolicy, StreamConfig

from milepost.events.nats.jetstream import STREAM, ensure_stream, stream_info

# Pages of consumers that are asked for: 256 each.
MAX_PAGES = 400

_log = structlog.get_logger()


class Durable(msgspec.Struct, frozen=True):
    """A consumer that outlives its connection. `pending`: what it has not been sent yet."""

    name: str
    subjects: Sequence[str]
    pending: int
    config: ConsumerConfig


class Found(msgspec.Struct, frozen=True):
    """The stream as it is; without one, no `config`."""

    messages: int
    durables: Sequence[Durable]
    config: StreamConfig | None


async def look(js: JetStreamContext) -> Found:
    info = await stream_info(js)
    if info is None:
        return Found(0, (), None)
    return Found(info.state.messages, await _durables(js), info.config)


async def make_anew(js: JetStreamContext, found: Found, replicas: int) -> list[Durable]:
    """Returns the consumers that could not be made again.

    Their configuration is in the log before anything is deleted.
    """
    for one in found.durables:
        _log.info("stream_consumer_kept", name=one.name, config=one.config.as_dict())
    if found.config is not None:
        await js.delete_stream(STREAM)
    await ensure_stream(js, replicas)  # unless a relay was faster
    if found.config is not None:
        await js.update_stream(found.config)
    return [one for one in found.durables if not await _made(js, one)]


async def _durables(js: JetStreamContext) -> list[Durable]:
    infos: list[ConsumerInfo] = []
    for _ in range(MAX_PAGES):
        page = await js.consumers_info(STREAM, offset=len(infos))
        infos += page
        if not page:
            break
    return [_durable(one) for one in infos if one.config.durable_name]


def _durable(info: ConsumerInfo) -> Durable:
    subjects = info.config.filter_subjects or [info.config.filter_subject or "milepost.>"]
    return Durable(info.name, tuple(subjects), info.num_pending or 0, info.config)


async def _made(js: JetStreamContext, durable: Durable) -> bool:
    config = durable.config.evolve(
        deliver_policy=DeliverPolicy.ALL, opt_start_seq=None, opt_start_time=None
    )
    try:
        await js.add_consumer(STREAM, config)
    except nats.js.errors.APIError as error:
        _log.error("stream_consumer_not_made", name=durable.name, error=repr(error))
        return False
    return True
