"""The messages of the AsyncAPI document: each event once on NATS, once over HTTP."""

from typing import Any, Final

from milepost.contracts.documents.envelope import (
    BATCH,
    CLOUD_EVENT,
    NATS_HEADERS,
    CloudEvent,
    example_of,
    headers_of,
)
from milepost.contracts.documents.event_schemas import (
    EventType,
    JsonSchema,
    event_types,
    struct_schemas,
)
from milepost.contracts.documents.webhook_messages import WEBHOOK_HEADERS, webhook_messages

SCHEMAS: Final = "#/components/schemas/"
MESSAGES: Final = "#/components/messages/"
BATCH_MESSAGE: Final = "batch"


def on_nats(event: EventType) -> str:
    return f"{event.tag}.nats"


def over_http(event: EventType) -> str:
    return f"{event.tag}.http"


def schemas() -> dict[str, JsonSchema]:
    """Of all events, what they hold, and the two envelopes."""
    structs = tuple(event.cls for event in event_types())
    found = struct_schemas((*structs, CloudEvent), SCHEMAS + "{}")
    return {**found, "NatsHeaders": NATS_HEADERS, "WebhookHeaders": WEBHOOK_HEADERS}


def messages(origin: str) -> dict[str, dict[str, Any]]:
    found = {}
    for event in event_types():
        found[on_nats(event)] = _nats(event, origin)
        found[over_http(event)] = _http(event, origin)
    return {**found, BATCH_MESSAGE: _batch(origin), **webhook_messages()}


def _nats(event: EventType, origin: str) -> dict[str, Any]:
    example = example_of(event, origin)
    own = {"ce-type": {"const": f"milepost.{event.tag}"}}
    return {
        **_described(event),
        "contentType": "application/json",
        "headers": {"allOf": [{"$ref": SCHEMAS + "NatsHeaders"}, {"properties": own}]},
        "payload": {"$ref": SCHEMAS + event.title},
        **(
            {"examples": [{"headers": headers_of(example), "payload": example["data"]}]}
            if example
            else {}
        ),
    }


def _http(event: EventType, origin: str) -> dict[str, Any]:
    example = example_of(event, origin)
    own = {
        "type": {"const": f"milepost.{event.tag}"},
        "dataschema": {"const": origin + event.path},
        "data": {"$ref": SCHEMAS + event.title},
    }
    return {
        **_described(event),
        "contentType": CLOUD_EVENT,
        "payload": {"allOf": [{"$ref": SCHEMAS + "CloudEvent"}, {"properties": own}]},
        **({"examples": [{"payload": example}]} if example else {}),
    }


def _batch(origin: str) -> dict[str, Any]:
    found = (example_of(event, origin) for event in event_types())
    first = next(example for example in found if example)
    return {
        "name": BATCH_MESSAGE,
        "title": "Batch",
        "summary": "Several events, in the order of the school's log.",
        "contentType": BATCH,
        "headers": {
            "type": "object",
            "properties": {
                "Milepost-Position": {
                    "type": "string",
                    "description": "How far the answer has read: the next `after`",
                },
                "Milepost-Head": {
                    "type": "string",
                    "description": "Where the log ended: less than that is left to read",
                },
            },
            "required": ["Milepost-Position", "Milepost-Head"],
        },
        "payload": {"type": "array", "items": {"$ref": SCHEMAS + "CloudEvent"}},
        "examples": [
            {
                "headers": {"Milepost-Position": "4711", "Milepost-Head": "4711"},
                "payload": [first],
            }
        ],
    }


def _described(event: EventType) -> dict[str, Any]:
    return {
        "name": event.tag,
        "title": event.title,
        "summary": event.summary,
        "tags": [{"name": event.service}],
    }
