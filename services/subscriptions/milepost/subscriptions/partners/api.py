"""Partners on NATS, for themselves: how far their consumer is, and to have a part again.

An operator adds and removes them, by `milepost subscribers`: a secret is shown in no answer.
"""

import asyncio
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from milepost.contracts.times import Moment
from milepost.events.log import Log
from milepost.subscriptions.partners.accounts import account_id, replay_subject
from milepost.subscriptions.partners.events import SubscriberRepublishRequested
from milepost.subscriptions.partners.keeper import Keeper
from milepost.subscriptions.partners.register import Named, subscribers_of
from milepost.subscriptions.partners.replays import Progress, progress
from milepost.subscriptions.partners.subscriber import (
    EVENTS,
    NAME,
    SUBSCRIBER,
    EventsNotSubscribed,
    RepublishUnderWay,
    Subscriber,
    UnknownSubscriber,
    end,
    known,
)
from milepost.subscriptions.partners.subscriber import (
    request as requested,
)
from milepost.subscriptions.since import SINCE_IN_FUTURE, position_before
from milepost.web.auth.tokens import Caller
from milepost.web.openapi.documented_answers import command, query
from milepost.web.problems import Malformed
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.idempotency import command_id
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned
from milepost.web.requests.times import in_calendar
from milepost.web.room import Context

KEEPERS: Final = ("registrar", "operator")
ROLES: Final = ("service", *KEEPERS)
SEEING: Final = (*KEEPERS, "auditor")
READERS: Final = (*ROLES, "auditor")
UNKNOWN: Final = UnknownSubscriber("payroll")
UNDER_WAY: Final = RepublishUnderWay("payroll", "0b8f7a52-6d1c-4a58-9f43-5f0f3c7d2e11")
NOT_SUBSCRIBED: Final = EventsNotSubscribed("payroll", ["learner_enrolled"])

SubscriberPath = Annotated[str, PathParameter(pattern=NAME, description="The subscriber's name")]


class Wiring(msgspec.Struct, frozen=True):
    context: Context
    keeper: Keeper


class Republish(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either `from`, a position, or `since`, a time by the log's clock: from there to now."""

    first: Annotated[int, Meta(ge=1, le=10**15)] | None = msgspec.field(name="from", default=None)
    since: Moment | None = None
    events: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    per_second: Annotated[int, Meta(ge=1, le=1000)] = 100


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """`pending`: events not sent yet; `unacknowledged`: sent, and not acknowledged."""

    pending: int
    unacknowledged: int
    redelivered: int


class RepublishView(msgspec.Struct, frozen=True, kw_only=True):
    """Positions `from` to `to`, both included; `next` is the first that was not reached."""

    republication: str
    state: Literal["running", "done", "canceled", "failed"]
    first: int = msgspec.field(name="from")
    to: int
    next: int
    published: int
    per_second: int
    events: tuple[str, ...]
    subject: str


class SubscriberView(msgspec.Struct, frozen=True, kw_only=True):
    """`events` are all that it may read. `lag` is null while NATS does not say."""

    subscriber: str
    consumer: str
    events: tuple[str, ...]
    owner: str | None
    added_at: datetime
    lag: Lag | None
    republish: RepublishView | None


class SubscribersView(msgspec.Struct, frozen=True, kw_only=True):
    subscribers: tuple[SubscriberView, ...]


@get(
    "/",
    summary="List subscribers on NATS",
    description="A `service` sees those that it owns, others all of the school.",
    answers=query(),
    roles=READERS,
)
async def list_subscribers(request: Call, wiring: NamedDependency[Wiring]) -> SubscribersView:
    caller = request.user
    found = await subscribers_of(wiring.context.transactor.log, [caller.tenant])
    theirs = [one for one in found if _may(caller, one.state, SEEING)]
    views = await asyncio.gather(*(_view(wiring, one) for one in theirs))
    return SubscribersView(subscribers=tuple(views))


@get(
    "/{subscriber:str}",
    summary="Read a subscriber on NATS",
    description="With its consumer's lag, and how far what it asked to have again is.",
    answers=query(UNKNOWN),
    roles=READERS,
)
async def read_subscriber(
    request: Call, subscriber: SubscriberPath, wiring: NamedDependency[Wiring]
) -> SubscriberView:
    return await _view(wiring, await _own(wiring, request.user, subscriber, SEEING))


@post(
    "/{subscriber:str}/republish",
    summary="Publish a part again for a subscriber",
    description="To the subject `republish.<school>.<name>`, which its second consumer reads; "
    "from a position or a time to what is newest now. One at a time.",
    status_code=202,
    answers=command(UNKNOWN, UNDER_WAY, NOT_SUBSCRIBED, SINCE_IN_FUTURE),
    roles=ROLES,
)
async def republish_part(
    request: Call,
    subscriber: SubscriberPath,
    data: JSONBody[Republish],
    wiring: NamedDependency[Wiring],
) -> Response[RepublishView]:
    named, log = await _own(wiring, request.user, subscriber), wiring.context.transactor.log
    now = wiring.context.clock()
    first, last = await _part(log, request.user.tenant, data, now)
    asked = SubscriberRepublishRequested(
        subscriber=subscriber,
        republication=str(command_id(request)),
        first=first,
        last=last,
        events=data.events,
        per_second=data.per_second,
        occurred_at=now,
    )
    outcome = await run_command(
        request,
        wiring.context.transactor,
        SUBSCRIBER.of(subscriber),
        lambda one: requested(one, asked),
    )
    state = outcome.state(SUBSCRIBER)
    view = await _replay(wiring, Named(named.tenant, subscriber, state))
    assert view is not None
    return positioned(view, outcome.position, 202)


@delete(
    "/{subscriber:str}/republish",
    summary="Cancel what is published again",
    description="It ends within a page. Repeating it does nothing.",
    status_code=200,
    answers=command(UNKNOWN),
    roles=ROLES,
)
async def cancel_republish(
    request: Call, subscriber: SubscriberPath, wiring: NamedDependency[Wiring]
) -> Response[SubscriberView]:
    context, named = wiring.context, await _own(wiring, request.user, subscriber)
    asked, now = named.state.under_way, context.clock()
    at = await progress(context.pool, named.tenant, asked) if asked else Progress(0, 0)
    outcome = await run_command(
        request,
        context.transactor,
        SUBSCRIBER.of(subscriber),
        lambda state: end(
            state,
            asked.republication if asked else "",
            outcome="canceled",
            next_position=at.next,
            published=at.published,
            occurred_at=now,
        ),
    )
    state = outcome.state(SUBSCRIBER)
    view = await _view(wiring, Named(named.tenant, subscriber, state))
    return positioned(view, outcome.position)


def routes(wiring: Wiring) -> Router:
    return Router(
        "/subscribers",
        route_handlers=[list_subscribers, read_subscriber, republish_part, cancel_republish],
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["subscribers"],
    )


def _may(caller: Caller, state: Subscriber, all_of: tuple[str, ...] = KEEPERS) -> bool:
    """One that is not theirs is not there."""
    owned = state.added is not None and state.added.owner == caller.subject
    return owned or not caller.roles.isdisjoint(all_of)


async def _own(
    wiring: Wiring, caller: Caller, name: str, all_of: tuple[str, ...] = KEEPERS
) -> Named:
    """Raises `UnknownSubscriber`."""
    _, state = await wiring.context.transactor.load(caller.tenant, SUBSCRIBER.of(name))
    known(state, name)
    if not _may(caller, state, all_of):
        raise UnknownSubscriber(name)
    return Named(caller.tenant, name, state)


async def _part(log: Log, tenant: str, data: Republish, now: datetime) -> tuple[int, int]:
    """Its first and last position. Raises `Malformed`, `SinceInFuture`."""
    if (data.first is None) == (data.since is None):
        raise Malformed("Say either `from` or `since`.", path="$")
    if wrong := [name for name in data.events if name not in EVENTS]:
        raise Malformed(f"Nobody publishes {', '.join(wrong)}.", path="$.events")
    head = (await log.heads()).get(tenant, 0)
    if data.first is not None:
        return data.first, head
    assert data.since is not None
    since = in_calendar(data.since, field="since")
    return await position_before(log, tenant, since, head=head, now=now) + 1, head


async def _view(wiring: Wiring, named: Named) -> SubscriberView:
    added = known(named.state, named.name)
    info = await wiring.keeper.consumer(named.tenant, named.name)
    return SubscriberView(
        subscriber=named.name,
        consumer=account_id(named.tenant, named.name),
        events=tuple(sorted(added.events or EVENTS)),
        owner=added.owner,
        added_at=added.occurred_at,
        lag=Lag(
            pending=info.num_pending or 0,
            unacknowledged=info.num_ack_pending or 0,
            redelivered=info.num_redelivered or 0,
        )
        if info
        else None,
        republish=await _replay(wiring, named),
    )


async def _replay(wiring: Wiring, named: Named) -> RepublishView | None:
    last = named.state.republication
    if last is None:
        return None
    asked, ended = last.asked, last.ended
    if ended is not None:
        at = Progress(ended.next, ended.published)
    else:
        at = await progress(wiring.context.pool, named.tenant, asked)
    return RepublishView(
        republication=asked.republication,
        state=ended.outcome if ended else "running",
        first=asked.first,
        to=asked.last,
        next=at.next,
        published=at.published,
        per_second=asked.per_second,
        events=asked.events,
        subject=replay_subject(named.tenant, named.name),
    )
