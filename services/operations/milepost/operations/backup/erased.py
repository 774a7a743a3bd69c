"""Who was erased after a backup was made: restored, their data are back.

NATS still has the receipts. They are told, not believed: an operator erases again.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

import msgspec
import nats.js.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig

from milepost.enrollment.domain.erasure import VAULT
from milepost.events.codec import UnknownEvent
from milepost.events.nats.cloudevents import Foreign, recorded_from
from milepost.events.nats.jetstream import STREAM, stream_info

SUBJECT = "milepost.*.enrollment.learner_erased"
BATCH = 500


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is that of the receipt, which the restored log has not."""

    tenant: str
    learner: str
    position: int


async def erased_since(js: JetStreamContext, ends: Mapping[str, int]) -> list[Erased]:
    """Behind these positions. In the order of the stream, each learner once."""
    found: dict[tuple[str, str], Erased] = {}
    if await stream_info(js) is None:
        return []
    async for message in _receipts(js):
        with suppress(Foreign, UnknownEvent, msgspec.DecodeError):
            receipt = recorded_from(message.headers or {}, message.data)
            erasure = VAULT.codec.read(receipt)
            learner = erasure.learner
            if receipt.position > ends.get(receipt.tenant, 0):
                one = Erased(tenant=receipt.tenant, learner=learner, position=receipt.position)
                found.setdefault((one.tenant, one.learner), one)
    return list(found.values())


async def _receipts(js: JetStreamContext) -> AsyncIterator[Msg]:
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE, filter_subject=SUBJECT, mem_storage=True, inactive_threshold=30
    )
    consumer = await js.add_consumer(STREAM, config)
    pull = await js.pull_subscribe_bind(consumer.name, STREAM)
    pending = consumer.num_pending or 0
    while pending:
        messages = await pull.fetch(min(BATCH, pending))
        for message in messages:
            yield message
        pending = messages[-1].metadata.num_pending
    await pull.unsubscribe()
    with suppress(nats.js.errors.NotFoundError):
        await js.delete_consumer(STREAM, consumer.name)
