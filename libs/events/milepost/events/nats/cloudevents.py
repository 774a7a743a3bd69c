"""CloudEvents 1.0 in binary mode over NATS headers: how an event leaves the house, and comes back.

The actor stays in the house: whoever subscribes learns what happened, not who clicked.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote, unquote
from uuid import UUID

import msgspec

from milepost.events.errors import EventsError
from milepost.events.event import name_of
from milepost.events.log import Recorded
from milepost.events.metadata import Metadata, metadata_of
from milepost.events.streams import key_of

TYPE_PREFIX = "milepost."
# On a message that the stream had lost: the position that the stream had reached without it.
MENDED = "Milepost-Mended"
# And the id of the event there: who only claims a position does not know it.
MENDED_ID = "Milepost-Mended-Id"
# CloudEvents' NATS binding, 3.1.3.2: space, double quote, percent and all but printable ASCII.
PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
POSITION = re.compile(r"[1-9][0-9]{0,17}")
ALL_PLAIN = re.compile(r"[!#$&-~]*")

# Where the schema of each type is, of whom that is not known.
NO_SCHEMAS: Mapping[str, str] = MappingProxyType({})

# The fields of an event's data that may name a person who acted.
_NAMED = b'ed_by"'
_ACTOR = re.compile(rb'("(?:awarded|renewed)_by"\s*:\s*)"(?!policy")(?:[^"\\]|\\.)*"')


class Foreign(EventsError, ValueError):
    """A message on one of our subjects that no relay wrote."""


def subject_of(event: Recorded, service: str) -> str:
    return f"milepost.{event.tenant}.{service}.{name_of(event.type)}"


def data_of(event: Recorded) -> bytes:
    """As it leaves the house: that a person acted, not who."""
    data = event.data
    return _ACTOR.sub(rb'\1"person"', data) if _NAMED in data else data


def header_lines(headers: Mapping[str, str]) -> str:
    """Headers as NATS has them on the wire. Values must be without line breaks."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])


def headers_of(event: Recorded, service: str, dataschema: str | None = None) -> dict[str, str]:
    """`dataschema`: the address of the schema of the event's data."""
    return _headers_of_type(event.type, dataschema) | _headers_of_event(event, service)


def header_lines_of(event: Recorded, service: str, dataschema: str | None = None) -> str:
    return _lines_of_type(event.type, dataschema) + header_lines(_headers_of_event(event, service))


def _headers_of_type(tag: str, dataschema: str | None) -> dict[str, str]:
    headers = {
        "ce-specversion": "1.0",
        "ce-type": TYPE_PREFIX + tag,
        "ce-datacontenttype": "application/json",
    }
    return {**headers, "ce-dataschema": dataschema} if dataschema else headers


# The relay makes many thousand a second, of some dozen types.
@lru_cache(maxsize=1_024)
def _lines_of_type(tag: str, dataschema: str | None) -> str:
    return header_lines(_headers_of_type(tag, dataschema))


def _headers_of_event(event: Recorded, service: str) -> dict[str, str]:
    stream = percent_encoded(event.stream)
    headers = {
        "ce-id": str(event.event_id),
        "ce-source": f"/milepost/{event.tenant}/{service}",
        "ce-time": _timestamp(event.occurred_at),
        "ce-subject": key_of(stream),  # a hyphen stays one
        "Milepost-Tenant": event.tenant,
        "Milepost-Position": str(event.position),
        "Milepost-Stream": stream,
        "Milepost-Version": str(event.version),
        "Milepost-Recorded-At": _timestamp(event.recorded_at),
    }
    if event.metadata != b"{}":
        _add_metadata(headers, metadata_of(event))
    return headers


def place_of(subject: str, headers: Mapping[str, str] | None) -> tuple[str, int]:
    """Tenant and position: together they name an event. Raises `Foreign`."""
    tenant, position = _place(headers or {})
    if not subject.startswith(f"milepost.{tenant}."):
        raise Foreign(subject)
    return tenant, position


def reached_by(subject: str, headers: Mapping[str, str] | None) -> int:
    """The position behind which a relay goes on, when this message is its tenant's last.

    Raises `Foreign`.
    """
    _, position = place_of(subject, headers)
    mended = (headers or {}).get(MENDED)
    return position if mended is None else _position(mended)


class Claim(NamedTuple):
    """What a message says of itself; only the log knows whether it is true.

    `reached` is where a relay goes on behind it: its own position, or the one that the stream had
    reached when it was mended; then `reached_id` is the id there, None if it does not say.
    """

    tenant: str
    position: int
    event_id: UUID
    reached: int
    reached_id: UUID | None


def claim_of(subject: str, headers: Mapping[str, str] | None) -> Claim:
    """Raises `Foreign`."""
    tenant, position = place_of(subject, headers)
    reached = reached_by(subject, headers)
    found = headers or {}
    event_id = _id(found.get("ce-id", ""))
    if MENDED not in found:
        return Claim(tenant, position, event_id, reached, event_id)
    told = found.get(MENDED_ID)
    return Claim(tenant, position, event_id, reached, _id(told) if told else None)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Foreign(text) from error


def _place(headers: Mapping[str, str]) -> tuple[str, int]:
    return headers.get("Milepost-Tenant", ""), _position(headers.get("Milepost-Position", ""))


def _position(text: str) -> int:
    if not POSITION.fullmatch(text):
        raise Foreign(text)
    return int(text)


def recorded_from(headers: Mapping[str, str], data: bytes) -> Recorded:
    """The event as the log has it, but for its actor. Raises `Foreign`."""
    try:
        return _recorded(headers, data)
    except (KeyError, ValueError) as error:
        raise Foreign(repr(error)) from error


def _recorded(headers: Mapping[str, str], data: bytes) -> Recorded:
    return Recorded(
        *_place(headers),
        unquote(headers["Milepost-Stream"]),
        int(headers["Milepost-Version"]),
        headers["ce-type"].removeprefix(TYPE_PREFIX),
        data,
        _metadata_bytes(headers),
        datetime.fromisoformat(headers["ce-time"]),
        datetime.fromisoformat(headers["Milepost-Recorded-At"]),
        UUID(headers["ce-id"]),
    )


def percent_encoded(value: str) -> str:
    return value if ALL_PLAIN.fullmatch(value) else quote(value, safe=PLAIN)


def _add_metadata(headers: dict[str, str], metadata: Metadata) -> None:
    if metadata.correlation:
        headers["ce-correlationid"] = percent_encoded(metadata.correlation)
    if metadata.causation:
        headers["ce-causationid"] = percent_encoded(metadata.causation)
    if metadata.trace:
        headers["traceparent"] = percent_encoded(metadata.trace)


def _metadata_bytes(headers: Mapping[str, str]) -> bytes:
    def header(name: str) -> str | None:
        value = headers.get(name)
        return None if value is None else unquote(value)

    return Metadata(
        correlation=header("ce-correlationid"),
        causation=header("ce-causationid"),
        trace=header("traceparent"),
    ).encode()


def _timestamp(at: datetime) -> str:
    text: str = msgspec.to_builtins(at)  # as `isoformat`, nine times as quick
    return text
