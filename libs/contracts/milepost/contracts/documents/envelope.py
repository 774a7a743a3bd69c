"""How an event travels: a CloudEvent 1.0 in JSON over HTTP, its attributes as headers on NATS."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from milepost.contracts.documents.event_schemas import EventType, examples

CLOUD_EVENT: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
NDJSON: Final = "application/x-ndjson"

# Of the examples.
TENANT: Final = "north"
EXAMPLE_TIME: Final = "2026-09-01T08:00:00Z"
_ENROLLMENT: Final = "c59d4912-84ac-57e5-a0b8-498b8fb35aad"
# The stream that the events of a module stand in, and which fields of theirs are its key.
_STREAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "courses": ("course", "course"),
    "programs": ("program", "program"),
    "offerings": ("offering", "offering"),
    "enrollments": ("enrollment", "enrollment"),
    "progress": ("progress", "enrollment"),
    "achievements": ("achievement", "achievement"),
    "issuers": ("issuer", "issuer"),
    "records": ("record", "learner"),
    "learners": ("vault", "learner"),
    "webhooks": ("webhook", "webhook"),
    "group": ("group", "group"),
    "membership": ("membership", "group", "learner"),
}

Position: TypeAlias = Annotated[str, Meta(pattern="^[1-9][0-9]{0,17}$")]


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event with all that tells where it comes from.

    id             of the event, forever: whoever remembers it does nothing twice
    source         the school and the service: `/milepost/<tenant>/<service>`
    type           `milepost.` and the event's name
    time           when it happened
    subject        the key of the log's stream, as in `stream`
    dataschema     where the schema of `data` is
    tenant         the school
    position       where it stands in the school's log: a whole number, as a text
    stream         in the log; percent-encoded where it is no printable ASCII
    streamversion  which of the stream's events it is: a whole number, as a text
    recordedat     when the log took it
    correlationid  of the request that it began with
    causationid    of the event that it follows from
    traceparent    W3C trace context
    data           the event itself, by the schema that `dataschema` names
    """

    specversion: str
    id: UUID
    source: Annotated[str, Meta(extra_json_schema={"format": "uri-reference"})]
    type: Annotated[str, Meta(pattern=r"^milepost\.[a-z_]+(\.[2-9])?$")]
    time: datetime
    subject: str
    datacontenttype: str
    dataschema: Annotated[str, Meta(extra_json_schema={"format": "uri"})] | None = None
    tenant: str
    position: Position
    stream: str
    streamversion: Position
    recordedat: datetime
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    data: msgspec.Raw


def _header(description: str, **more: object) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


NATS_HEADERS: Final[dict[str, Any]] = {
    "title": "NatsHeaders",
    "description": "A CloudEvent 1.0 in binary mode: the body is the event itself.",
    "type": "object",
    "properties": {
        "ce-specversion": {"type": "string", "const": "1.0"},
        "ce-id": _header(
            "Of the event, forever: whoever remembers it does nothing twice", format="uuid"
        ),
        "ce-source": _header("The school and the service: `/milepost/<tenant>/<service>`"),
        "ce-type": _header("`milepost.` and the event's name"),
        "ce-time": _header("When it happened", format="date-time"),
        "ce-subject": _header("The key of the log's stream"),
        "ce-datacontenttype": {"type": "string", "const": "application/json"},
        "ce-dataschema": _header("Where the schema of the body is", format="uri"),
        "ce-correlationid": _header("Of the request that it began with"),
        "ce-causationid": _header("Of the event that it follows from"),
        "traceparent": _header("W3C trace context"),
        "Milepost-Tenant": _header("The school"),
        "Milepost-Position": _header("In the school's log", pattern="^[1-9][0-9]{0,17}$"),
        "Milepost-Stream": _header("In the log; percent-encoded where it is no printable ASCII"),
        "Milepost-Version": _header("Which of the stream's events it is", pattern="^[1-9][0-9]*$"),
        "Milepost-Recorded-At": _header("When the log took it", format="date-time"),
        "Milepost-Mended": _header(
            "Only on what comes late: the position that the stream had reached by then"
        ),
        "Milepost-Mended-Id": _header("And the id of the event there"),
        "Milepost-Republished": _header(
            "Only on what is published again for one subscriber: the subject that it had"
        ),
    },
    "required": [
        *("ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time", "ce-subject"),
        *("ce-datacontenttype", "Milepost-Tenant", "Milepost-Position", "Milepost-Stream"),
        *("Milepost-Version", "Milepost-Recorded-At"),
    ],
}


def example_of(event: EventType, origin: str) -> dict[str, Any] | None:
    """As it goes out over HTTP. None for an event that has no stored example yet."""
    data = examples().get(event.tag)
    if data is None:
        return None
    module = event.cls.__module__.rpartition(".")[2]
    category, *fields = _STREAMS.get(module, (event.service, ""))
    key = "/".join(
        data.get(field, _ENROLLMENT if field == "enrollment" else "spring") for field in fields
    )
    return {
        "specversion": "1.0",
        "id": "0199058e-6f5c-7d3a-8f7e-21c4b0a9d613",
        "source": f"/milepost/{TENANT}/{event.service}",
        "type": f"milepost.{event.tag}",
        "time": EXAMPLE_TIME,
        "subject": key,
        "datacontenttype": "application/json",
        "dataschema": origin + event.path,
        "tenant": TENANT,
        "position": "4711",
        "stream": f"{category}-{key}",
        "streamversion": "3",
        "recordedat": EXAMPLE_TIME,
        "correlationid": "0199058e6f5c7d3a8f7e21c4b0a9d613",
        "data": data,
    }


_AS_HEADERS: Final = {
    "tenant": "Milepost-Tenant",
    "position": "Milepost-Position",
    "stream": "Milepost-Stream",
    "streamversion": "Milepost-Version",
    "recordedat": "Milepost-Recorded-At",
}


def headers_of(cloud_event: dict[str, Any]) -> dict[str, str]:
    """The same as it has them on NATS."""
    return {
        _AS_HEADERS.get(name, f"ce-{name}"): value
        for name, value in cloud_event.items()
        if name != "data"
    }
