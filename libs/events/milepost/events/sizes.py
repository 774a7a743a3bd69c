"""How large things may be, from the request to the message: one table, each bound enforced once.

    request ─▶ command ─▶ event, in the log ─▶ message, to NATS ─▶ what NATS takes
    1 MiB      32 MiB     2 MiB of data        3 MiB + headers     4 MiB at least

What is taken must be able to leave: an event that the log holds and NATS refuses can be mended by
nobody, for the log is append-only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from milepost.events.event import Invalid
from milepost.events.log import Command, NewEvent

KIB, MIB = 1024, 1024 * 1024

HTTP_BODY = 1 * MIB
COURSE_FILE = 2 * MIB
BULK_FILE = 32 * MIB
BULK_ARRAY = 1 * MIB
BULK_ROW = 16 * KIB
EVENT_DATA = 2 * MIB
EVENT_METADATA = 4 * KIB
STREAM_NAME = 1 * KIB
COMMAND = 32 * MIB
BATCH = 32 * MIB
# `[0,0]` goes in, and jsonb gives `[0, 0]` back: at most half as much again.
MESSAGE_DATA = EVENT_DATA * 3 // 2
# The stream's name goes twice; a byte that is not plain takes three; the rest is names and times.
MESSAGE_HEADERS = 3 * (EVENT_METADATA + 2 * STREAM_NAME) + 2 * KIB
MESSAGE = MESSAGE_DATA + MESSAGE_HEADERS
NATS_PAYLOAD = 4 * MIB
# Of JetStream itself, whatever is configured.
NATS_HEADERS = 64 * KIB - 1


class Size(NamedTuple):
    name: str
    bytes: int
    enforced: str


class Relation(NamedTuple):
    """What is `smaller`, or as large, becomes or is part of what is `larger`."""

    smaller: str
    larger: str


TABLE = (
    Size("request body", HTTP_BODY, "when it is read; `MILEPOST_MAX_BODY_BYTES` sets it"),
    Size("course file", COURSE_FILE, "when it is read"),
    Size("bulk file", BULK_FILE, "when it is read"),
    Size("bulk JSON array", BULK_ARRAY, "when it is read; NDJSON and CSV are not held whole"),
    Size("bulk row", BULK_ROW, "when it is split off"),
    Size("event data", EVENT_DATA, "when it is appended: `event_too_large`"),
    Size("event metadata", EVENT_METADATA, "when it is appended: `event_too_large`"),
    Size("stream name", STREAM_NAME, "when it is appended: `event_too_large`"),
    Size("command", COMMAND, "when it is appended: `command_too_large`"),
    Size("append call", BATCH, "when commands are put together: a larger one goes alone"),
    Size("message headers", MESSAGE_HEADERS, "by the event's bounds"),
    Size("message", MESSAGE, "by the event's bounds; the relay parks what an older log holds"),
    Size("NATS `max_payload`", NATS_PAYLOAD, "at the relay's start and by `milepost doctor`"),
    Size("JetStream headers", NATS_HEADERS, "by JetStream"),
)
RELATIONS = (
    Relation("bulk row", "bulk JSON array"),
    Relation("bulk JSON array", "bulk file"),
    Relation("bulk row", "event data"),
    Relation("request body", "event data"),
    Relation("course file", "command"),
    Relation("event data", "command"),
    Relation("command", "append call"),
    Relation("event data", "message"),
    Relation("event metadata", "message headers"),
    Relation("stream name", "message headers"),
    Relation("message headers", "JetStream headers"),
    Relation("message", "NATS `max_payload`"),
)


@dataclass
class EventTooLarge(Invalid):
    """An event as large as this could not be published: send less in one request."""

    event: str
    size_bytes: int
    limit_bytes: int


@dataclass
class CommandTooLarge(Invalid):
    """More than one command may append: send it in parts."""

    size_bytes: int
    limit_bytes: int


def require_fit(commands: Iterable[Command]) -> None:
    """Raises `EventTooLarge`, `CommandTooLarge`."""
    for command in commands:
        size = sum([require_event_fits(event) for event in command.events])
        if size > COMMAND:
            raise CommandTooLarge(size, COMMAND)


def require_event_fits(event: NewEvent) -> int:
    """Its size in bytes. Raises `EventTooLarge`."""
    data, metadata = len(event.data), len(event.metadata)
    if data > EVENT_DATA:
        raise EventTooLarge(event.type, data, EVENT_DATA)
    if metadata > EVENT_METADATA:
        raise EventTooLarge(event.type, metadata, EVENT_METADATA)
    # A character has up to four bytes: only names that might be too long are encoded.
    if len(event.stream) > STREAM_NAME // 4 and len(event.stream.encode()) > STREAM_NAME:
        raise EventTooLarge(event.type, len(event.stream.encode()), STREAM_NAME)
    return data + metadata


def size_of(command: Command) -> int:
    """Of its events, in bytes."""
    return sum([len(event.data) + len(event.metadata) for event in command.events])
