"""The published events as the AsyncAPI document has them: subject, fields, example, versions."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from milepost.operations.documentation.guides import inline_html
from milepost.operations.documentation.reference.kinds import (
    Field,
    NamedSchema,
    Schema,
    Schemas,
    about,
    fields,
    name_of,
    shape,
    shapes,
)

_BY_HTTP = ".http"
_ON_NATS = ".nats"


class Version(msgspec.Struct, frozen=True):
    """`type` is the CloudEvent's; `schema` the path of its JSON Schema."""

    number: str
    type: str
    schema: str
    about: Markup
    fields: Sequence[Field]
    example: str
    headers: Mapping[str, str]


class EventType(msgspec.Struct, frozen=True):
    name: str
    service: str
    title: str
    summary: Markup
    subject: str
    versions: Sequence[Version]
    shapes: Sequence[NamedSchema]

    @property
    def address(self) -> str:
        return f"/docs/events/{self.name}"


class Channel(msgspec.Struct, frozen=True):
    """A way to hear them that is no subject of one event; `address` empty: the hearer's own."""

    title: str
    address: str
    about: Markup
    security: Markup


class Events(msgspec.Struct, frozen=True):
    by_name: Mapping[str, EventType]
    channels: Sequence[Channel]
    envelopes: Sequence[NamedSchema]


def events(document: Mapping[str, Any]) -> Events:
    """`document` is AsyncAPI 3.1."""
    found, others = {}, []
    for name, channel in document["channels"].items():
        if _is_subject(name, channel):
            found[name] = _event(name, channel, document)
        else:
            words = about(channel.get("description", ""))
            secured = about(_security(channel, document))
            others.append(Channel(channel["title"], channel["address"] or "", words, secured))
    schemas: Schemas = document["components"]["schemas"]
    envelopes = [shape(name, schemas[name]) for name in ("CloudEvent", "NatsHeaders")]
    return Events(found, others, envelopes)


def _security(channel: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """How its server knows who asks, or who tells."""
    server = document["servers"][name_of(channel["servers"][0]["$ref"])]
    scheme = name_of(server["security"][0]["$ref"])
    described: str = document["components"]["securitySchemes"][scheme]["description"]
    return f"{scheme.capitalize()}. {described}"


def _is_subject(name: str, channel: Mapping[str, Any]) -> bool:
    return (channel["address"] or "").endswith(f".{name}")


def _event(name: str, channel: Mapping[str, Any], document: Mapping[str, Any]) -> EventType:
    tags = list(reversed(channel["messages"]))
    schemas: Schemas = document["components"]["schemas"]
    return EventType(
        name,
        channel["tags"][0]["name"],
        channel["title"],
        inline_html(channel["summary"]),
        channel["address"],
        [_version(tag, document) for tag in tags],
        shapes(schemas, *(_payload(tag, document) for tag in tags)),
    )


def _version(tag: str, document: Mapping[str, Any]) -> Version:
    messages = document["components"]["messages"]
    on_nats, by_http = messages[tag + _ON_NATS], messages[tag + _BY_HTTP]
    payload = _payload(tag, document)
    own = by_http["payload"]["allOf"][1]["properties"]
    examples = by_http.get("examples", ())
    headers = on_nats.get("examples", [{}])[0].get("headers", {})
    return Version(
        tag.partition(".")[2] or "1",
        own["type"]["const"],
        "/schema/" + own["dataschema"]["const"].partition("/schema/")[2],
        about(payload.get("description", "")),
        list(fields(payload)),
        json.dumps(examples[0]["payload"], indent=2, ensure_ascii=False) if examples else "",
        headers,
    )


def _payload(tag: str, document: Mapping[str, Any]) -> Schema:
    reference = document["components"]["messages"][tag + _ON_NATS]["payload"]["$ref"]
    found: Schema = document["components"]["schemas"][name_of(reference)]
    return found
