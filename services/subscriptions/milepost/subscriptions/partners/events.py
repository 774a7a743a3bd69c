"""What is known of partners on NATS. These names and fields are the storage format."""

from datetime import datetime
from typing import Literal, TypeAlias

from milepost.events.event import Event

Outcome: TypeAlias = Literal["done", "canceled", "failed"]


class SubscriberAdded(Event, frozen=True, kw_only=True, tag="subscriber_added"):
    """`events`: names of what it may read, empty for all. `owner`: a token's subject.

    `key` is the first of its keys, whose secret is not here.
    """

    subscriber: str
    key: str
    events: tuple[str, ...] = ()
    owner: str | None = None


class SubscriberSecretRotated(Event, frozen=True, kw_only=True, tag="subscriber_secret_rotated"):
    """`until`: how long the keys before it are still valid."""

    subscriber: str
    key: str
    until: datetime


class SubscriberRemoved(Event, frozen=True, kw_only=True, tag="subscriber_removed"):
    subscriber: str


class SubscriberRepublishRequested(
    Event, frozen=True, kw_only=True, tag="subscriber_republish_requested"
):
    """Positions `first` to `last` of the log, both included; `events` are names."""

    subscriber: str
    republication: str
    first: int
    last: int
    per_second: int
    events: tuple[str, ...] = ()


class SubscriberRepublishEnded(Event, frozen=True, kw_only=True, tag="subscriber_republish_ended"):
    """`next` is the first position that was not reached."""

    subscriber: str
    republication: str
    outcome: Outcome
    next: int
    published: int


SubscriberEvent: TypeAlias = (
    SubscriberAdded
    | SubscriberSecretRotated
    | SubscriberRemoved
    | SubscriberRepublishRequested
    | SubscriberRepublishEnded
)
