"""The durable consumers of subscribers in NATS: one in the stream, one for what is sent again.

Milepost makes and deletes them, for a subscriber may not: so none reads more than it was given.
They are looked after for as long as a process runs, so that a stream that is made anew has them
again; its subscribers then get everything once more.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo

from milepost.contracts.published import PUBLISHED
from milepost.events.event import name_of
from milepost.events.nats.jetstream import STREAM
from milepost.events.relay.republish import STREAM as REPUBLISHED
from milepost.events.relay.republish import stream_for
from milepost.subscriptions.partners.accounts import PREFIX, account_id, replay_subject
from milepost.subscriptions.partners.register import Named

ACK_WAIT_SECONDS: Final = 30
# What is fetched and not acknowledged yet.
PENDING: Final = 1000
LISTED: Final = 256  # by a page of the server's list
PAGES: Final = 100


async def make(js: JetStreamContext, named: Named, replicas: int) -> None:
    """Both of a subscriber's. One that is there stays as it is. Raises what NATS raises."""
    await stream_for(js, replay_subject(named.tenant, named.name), replicas=replicas)
    for stream in (STREAM, REPUBLISHED):
        await js.add_consumer(stream, _config(named, stream))


async def delete(js: JetStreamContext, tenant: str, name: str) -> None:
    """Also what it was sent again: whoever has its name next may read less."""
    for stream in (STREAM, REPUBLISHED):
        with suppress(nats.js.errors.NotFoundError):
            await js.delete_consumer(stream, account_id(tenant, name))
    with suppress(nats.js.errors.NotFoundError):
        await js.purge_stream(REPUBLISHED, subject=replay_subject(tenant, name))


async def there(js: JetStreamContext, stream: str) -> dict[str, ConsumerInfo]:
    """Those of subscribers, by name. Raises `NotFoundError` without the stream."""
    found: dict[str, ConsumerInfo] = {}
    for page in range(PAGES):
        some = await js.consumers_info(stream, offset=page * LISTED)
        found |= {one.name: one for one in some if one.name.startswith(PREFIX)}
        if len(some) < LISTED:
            break
    return found


async def tend(
    js: JetStreamContext, known: "frozenset[str]", named: Sequence[Named], replicas: int
) -> list[str]:
    """Make what is missing. `known`: the consumers that were there *before* `named` was read, so
    that none is taken for a stranger that somebody has just added. Returns the names made.
    """
    missing = [one for one in named if account_id(one.tenant, one.name) not in known]
    for one in missing:
        await make(js, one, replicas)
    for stranger in known - {account_id(one.tenant, one.name) for one in named}:
        tenant, _, name = stranger.removeprefix(PREFIX).rpartition("_")
        await delete(js, tenant, name)
    return [account_id(one.tenant, one.name) for one in missing]


def _config(named: Named, stream: str) -> ConsumerConfig:
    subjects = _subjects(named)
    if stream == REPUBLISHED:
        subjects = [replay_subject(named.tenant, named.name)]
    return ConsumerConfig(
        durable_name=account_id(named.tenant, named.name),
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_SECONDS,
        max_ack_pending=PENDING,
        filter_subjects=subjects,
    )


def _subjects(named: Named) -> list[str]:
    """Of all that it may read; sorted, for the server compares them as they are."""
    assert named.state.added is not None
    if not named.state.added.events:
        return [f"milepost.{named.tenant}.>"]
    return sorted(
        {
            f"milepost.{named.tenant}.{service}.{name_of(tag)}"
            for tag, service in PUBLISHED.items()
            if named.state.reads(name_of(tag))
        }
    )
