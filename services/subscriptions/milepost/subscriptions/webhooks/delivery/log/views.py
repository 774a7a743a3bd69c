"""What is told of deliveries: answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

State: TypeAlias = Literal["waiting", "delivered", "parked", "failed"]


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """`delivery` is the message's id, as the receiver was told it.

    state     waiting: it is tried until it arrives, for three days; parked: it never arrived;
              failed: a test, which is tried once
    position  of the event in the log; null of a test
    due_at    when it is tried next; of what waits alone
    status    HTTP, of the last answer; `error`: why there was none
    """

    delivery: str
    event: str
    position: str | None
    state: State
    attempts: int
    created_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    status: int | None
    error: str | None


class RequestView(msgspec.Struct, frozen=True, kw_only=True):
    """As it was sent, without its signature."""

    url: str
    headers: dict[str, str]


class ResponseView(msgspec.Struct, frozen=True, kw_only=True):
    """`body`: the first 4,096 bytes. Of the headers those that help to find a fault."""

    status: int
    headers: dict[str, str]
    body: str


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """`error`: why there is no response."""

    at: datetime
    ms: int
    request: RequestView
    response: ResponseView | None
    error: str | None


class DeliveryDetailView(DeliveryView, frozen=True, kw_only=True):
    """`body`: what is sent, which is made from the log each time. The last attempt comes first."""

    body: str
    tries: tuple[AttemptView, ...]


class DeliveriesView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first. `next`: the `cursor` of the next page; null on the last."""

    deliveries: tuple[DeliveryView, ...]
    next: str | None


class RedeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the log behind `after`, up to `upto`. `reached`: so far it has come.

    found  how many events of that part are, or were, to be delivered again
    """

    redelivery: UUID
    after: str
    upto: str
    reached: str
    failed_only: bool
    per_second: int | None
    found: int
    created_at: datetime
    done_at: datetime | None


class RedeliveriesView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first."""

    redeliveries: tuple[RedeliveryView, ...]


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """How far a webhook is behind.

    waiting            deliveries, counted to 10,001
    oldest             since when the first of them waits
    parked             deliveries that never arrived
    behind             positions of the log that it has still to be told of, beside these
    failing_since      when the first of its deliveries failed since one arrived
    host_open_until    its host does not answer: nobody calls it before
    """

    waiting: int = 0
    oldest: datetime | None = None
    parked: int = 0
    behind: int = 0
    failing_since: datetime | None = None
    last_delivered_at: datetime | None = None
    host_open_until: datetime | None = None


Backlogs: TypeAlias = Mapping[str, Backlog]
