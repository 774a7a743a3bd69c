"""A partner that reads a school's events from NATS: which, and with which keys.

A name may be given again after its subscriber was removed: then it is another one.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

import msgspec

from milepost.contracts.published import PUBLISHED
from milepost.events.codec import Codec
from milepost.events.event import Conflicting, Invalid, Unknown, name_of
from milepost.events.streams import Category
from milepost.subscriptions.partners.events import (
    Outcome,
    SubscriberAdded,
    SubscriberEvent,
    SubscriberRemoved,
    SubscriberRepublishEnded,
    SubscriberRepublishRequested,
    SubscriberSecretRotated,
)

# No `_`: it divides tenant and name where both are one word.
NAME: Final = r"^[a-z0-9][a-z0-9-]{0,31}\Z"
NAME_IN_WORDS: Final = "up to 32 of a to z, 0 to 9 and -"
EVENTS: Final = frozenset(name_of(tag) for tag in PUBLISHED)


def fit_name(name: str) -> bool:
    return re.match(NAME, name) is not None


@dataclass
class UnknownSubscriber(Unknown):
    subscriber: str


@dataclass
class RepublishUnderWay(Conflicting):
    """One at a time: wait for it, or cancel it."""

    subscriber: str
    republication: str


@dataclass
class EventsNotSubscribed(Invalid):
    """It may not read these, so it cannot have them again."""

    subscriber: str
    events: list[str]


class Republication(msgspec.Struct, frozen=True):
    asked: SubscriberRepublishRequested
    ended: SubscriberRepublishEnded | None = None


class Subscriber(msgspec.Struct):
    """`added` is None for one that is not there, or no more; `keys`: until when each is valid."""

    added: SubscriberAdded | None = None
    keys: dict[str, datetime | None] = {}
    republication: Republication | None = None

    def reads(self, name: str) -> bool:
        assert self.added is not None
        return name in (self.added.events or EVENTS)

    @property
    def under_way(self) -> SubscriberRepublishRequested | None:
        """What is published again for it, or shall be."""
        last = self.republication
        return last.asked if last is not None and last.ended is None else None


def evolve(state: Subscriber, event: SubscriberEvent) -> Subscriber:
    match event:
        case SubscriberAdded():
            state = Subscriber(event, {event.key: None})
        case SubscriberSecretRotated():
            earlier = {key: _sooner(until, event.until) for key, until in state.keys.items()}
            state.keys = {**earlier, event.key: None}
        case SubscriberRemoved():
            state = Subscriber()
        case SubscriberRepublishRequested():
            state.republication = Republication(event)
        case SubscriberRepublishEnded():
            last = state.republication
            if last is not None and last.asked.republication == event.republication:
                state.republication = Republication(last.asked, event)
        case _:
            assert_never(event)
    return state


def _sooner(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


SUBSCRIBER: Category[Subscriber, SubscriberEvent] = Category(
    "subscriber", Subscriber, evolve, Codec(SubscriberEvent)
)


def add(state: Subscriber, added: SubscriberAdded) -> list[SubscriberEvent]:
    """Nothing where there is one of this name."""
    return [added] if state.added is None else []


def rotate(state: Subscriber, rotated: SubscriberSecretRotated) -> list[SubscriberEvent]:
    """Raises `UnknownSubscriber`."""
    known(state, rotated.subscriber)
    return [rotated]


def remove(state: Subscriber, removed: SubscriberRemoved) -> list[SubscriberEvent]:
    """Raises `UnknownSubscriber`."""
    known(state, removed.subscriber)
    return [removed]


def known(state: Subscriber, name: str) -> SubscriberAdded:
    """Raises `UnknownSubscriber`."""
    if state.added is None:
        raise UnknownSubscriber(name)
    return state.added


def request(state: Subscriber, asked: SubscriberRepublishRequested) -> list[SubscriberEvent]:
    """Raises `UnknownSubscriber`, `RepublishUnderWay`, `EventsNotSubscribed`."""
    known(state, asked.subscriber)
    if under_way := state.under_way:
        raise RepublishUnderWay(asked.subscriber, under_way.republication)
    others = [name for name in asked.events if not state.reads(name)]
    if others:
        raise EventsNotSubscribed(asked.subscriber, others)
    return [asked]


def end(
    state: Subscriber,
    republication: str,
    *,
    outcome: Outcome,
    next_position: int,
    published: int,
    occurred_at: datetime,
) -> list[SubscriberEvent]:
    """Nothing where it is not under way: whoever cancels may be slower than its end."""
    asked = state.under_way
    if asked is None or asked.republication != republication:
        return []
    return [
        SubscriberRepublishEnded(
            subscriber=asked.subscriber,
            republication=republication,
            outcome=outcome,
            next=next_position,
            published=published,
            occurred_at=occurred_at,
        )
    ]


def tags_of(subscriber: Subscriber, events: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What it reads, of these names if any are said, by the tags that the log has them under."""
    names = set(events) or EVENTS
    return tuple(
        tag for tag in PUBLISHED if name_of(tag) in names and subscriber.reads(name_of(tag))
    )
