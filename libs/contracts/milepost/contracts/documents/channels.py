"""The channels of the AsyncAPI document: subjects of NATS, webhooks, the event stream, the feed."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from milepost.contracts.documents.envelope import TENANT
from milepost.contracts.documents.event_schemas import EventType, event_types
from milepost.contracts.documents.messages import BATCH_MESSAGE, MESSAGES, on_nats, over_http
from milepost.contracts.documents.webhook_messages import TEST, VERIFICATION

NATS, HTTP, RECEIVER = "nats", "http", "receiver"
WEBHOOK, STREAM, FEED, REPUBLISHED = "webhook", "stream", "feed", "republished"
_TENANT: Final = {"tenant": {"description": "The school", "examples": [TENANT]}}
_POSITION: Final = {"type": "integer", "minimum": 0}
_FILTERS: Final[Mapping[str, Any]] = {
    "type": {
        "type": "array",
        "items": {"type": "string", "enum": [event.name for event in event_types()]},
        "description": "Only these events",
    },
    **{
        name: {"type": "array", "items": {"type": "string"}, "description": f"Only of {whose}"}
        for name, whose in {
            "course": "these courses",
            "offering": "these offerings",
            "achievement": "these achievements",
            "learner": "these learners",
        }.items()
    },
    "since": {"type": "string", "format": "date-time", "description": "Recorded then or later"},
}
_OF_STREAM: Final[Mapping[str, Any]] = {
    **_FILTERS,
    "after": {**_POSITION, "description": "Only behind this position; without it, from now on"},
}
_OF_FEED: Final[Mapping[str, Any]] = {
    **_FILTERS,
    "after": {**_POSITION, "default": 0, "description": "Only behind this position"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100},
    "wait": {
        "type": "integer",
        "minimum": 0,
        "maximum": 30,
        "default": 0,
        "description": "So many seconds, if there is nothing yet",
    },
}


def servers(origin: str) -> dict[str, Any]:
    """`origin`: where the installation is reached; NATS is taken to be on the same host."""
    told = urlsplit(origin)
    return {
        HTTP: {
            "host": told.netloc,
            "protocol": told.scheme,
            "title": "Milepost",
            "security": [{"$ref": "#/components/securitySchemes/token"}],
        },
        NATS: {
            "host": "{host}:{port}",
            "protocol": "nats",
            "title": "NATS JetStream",
            "description": "The stream `MILEPOST`. An operator gives you address and login.",
            "variables": {
                "host": {"default": told.hostname or "localhost"},
                "port": {"default": "4222"},
            },
            "security": [{"$ref": "#/components/securitySchemes/login"}],
        },
        RECEIVER: {
            "host": "{host}",
            "protocol": "https",
            "title": "Your endpoint",
            "variables": {"host": {"default": "hooks.example.org"}},
            "security": [{"$ref": "#/components/securitySchemes/signature"}],
        },
    }


def security_schemes() -> dict[str, Any]:
    return {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "As every other route",
        },
        "login": {
            "type": "userPassword",
            "description": "May read the subjects of one school, and publish nothing",
        },
        "signature": {
            "type": "httpApiKey",
            "in": "header",
            "name": "webhook-signature",
            "description": "Standard Webhooks: `v1` (HMAC-SHA256) or `v1a` (Ed25519) of id, time "
            "and body. Verify it before you believe anything",
        },
    }


def channels() -> dict[str, Any]:
    return {**_subjects(), **_republished(), **_over_http()}


def operations() -> dict[str, Any]:
    """All of them are Milepost's: it sends."""
    published = {
        f"publish.{name}": _sends(name, f"Publishes {name} on NATS")
        for name in dict.fromkeys(event.name for event in event_types())
    }
    return {
        **published,
        "republish": _sends(REPUBLISHED, "Publishes a part again, for one subscriber"),
        "deliverWebhook": _sends(
            WEBHOOK, "Delivers to your endpoint, and again until it answers 2xx", _http("POST")
        ),
        "streamEvents": _sends(
            STREAM, "Tells each event as it happens", _http("GET", query=_OF_STREAM)
        ),
        "readFeed": _sends(
            FEED, "Answers with the next events, from where you are", _http("GET", query=_OF_FEED)
        ),
    }


def _subjects() -> dict[str, Any]:
    by_name: dict[str, list[EventType]] = {}
    for event in event_types():
        by_name.setdefault(event.name, []).append(event)
    return {
        name: {
            "address": f"milepost.{{tenant}}.{versions[0].service}.{name}",
            "title": versions[-1].title,
            "summary": versions[-1].summary,
            "servers": [_server(NATS)],
            "parameters": _TENANT,
            "messages": _messages((one.tag, on_nats(one)) for one in versions),
            "tags": [{"name": versions[0].service}],
        }
        for name, versions in by_name.items()
    }


def _republished() -> dict[str, Any]:
    return {
        REPUBLISHED: {
            "address": "republish.{tenant}.{subscriber}",
            "title": "Once more, for one subscriber",
            "description": "In the stream `MILEPOST_REPUBLISH`, kept for a week: the same messages "
            "with the header `Milepost-Republished`.",
            "servers": [_server(NATS)],
            "parameters": {
                **_TENANT,
                "subscriber": {"description": "Your name", "examples": ["payroll"]},
            },
            "messages": _messages((one.tag, on_nats(one)) for one in event_types()),
        }
    }


def _over_http() -> dict[str, Any]:
    every = _messages((one.tag, over_http(one)) for one in event_types())
    return {
        WEBHOOK: {
            "address": None,
            "title": "Webhooks",
            "description": "The address is the one that you gave. Every message has the headers of "
            "Standard Webhooks (`WebhookHeaders`); `webhook-id` is the same at every attempt.",
            "servers": [_server(RECEIVER)],
            "messages": every | _messages((one, one) for one in (VERIFICATION, TEST)),
        },
        STREAM: {
            "address": "/events/stream",
            "title": "Event stream",
            "description": "Server-sent events: `id` is the position, `event` the event's name, "
            "`data` the CloudEvent. `Last-Event-ID` goes on behind a position; without one it "
            "begins now.",
            "servers": [_server(HTTP)],
            "messages": every,
        },
        FEED: {
            "address": "/events",
            "title": "Feed",
            "description": "With `Accept: application/x-ndjson` a CloudEvent a line. "
            "`Milepost-Position` in the answer is the next `after`.",
            "servers": [_server(HTTP)],
            "messages": _messages([(BATCH_MESSAGE, BATCH_MESSAGE)]),
        },
    }


def _sends(channel: str, summary: str, bindings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    operation = {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
    return {**operation, **({"bindings": bindings} if bindings else {})}


def _http(method: str, *, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
    asked = {"query": {"type": "object", "properties": query}} if query else {}
    return {"http": {"method": method, **asked, "bindingVersion": "0.3.0"}}


def _messages(found: Iterable[tuple[str, str]]) -> dict[str, Any]:
    return {name: {"$ref": MESSAGES + key} for name, key in found}


def _server(name: str) -> dict[str, str]:
    return {"$ref": f"#/servers/{name}"}
