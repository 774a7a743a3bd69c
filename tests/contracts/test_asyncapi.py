"""The AsyncAPI document: valid by its own standard, and true of what is really sent."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema_rs
import msgspec
import pytest
from tests.contracts.conftest import ORIGIN
from tests.open_badges.conftest import SHARED

from milepost.contracts.documents.addresses import dataschemas
from milepost.contracts.documents.event_schemas import event_types, examples
from milepost.contracts.published import PUBLISHED
from milepost.events.event import name_of
from milepost.events.log import Recorded
from milepost.events.metadata import Metadata
from milepost.events.nats.cloudevents import headers_of, subject_of
from milepost.operations.documentation.whole_api import whole_api
from milepost.subscriptions.envelope import encoded
from milepost.subscriptions.webhooks.delivery.log.test_message import message_body
from milepost.subscriptions.webhooks.delivery.sending.call import message_id
from milepost.subscriptions.webhooks.domain.signing import Secret, headers
from milepost.subscriptions.webhooks.endpoint import CHALLENGE_TYPE

STANDARD = SHARED / "standards" / "schemas" / "asyncapi-3.1.0.json"
HERE = "urn:milepost:asyncapi"
AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def validator(asyncapi: dict[str, Any], schema: Any) -> jsonschema_rs.Draft202012Validator:
    registry = jsonschema_rs.Registry([(HERE, {"$id": HERE, **asyncapi})])
    own = json.loads(json.dumps(schema).replace('"#/', f'"{HERE}#/'))
    return jsonschema_rs.Draft202012Validator(own, validate_formats=True, registry=registry)


def faults(asyncapi: dict[str, Any], schema: Any, value: object) -> list[str]:
    return [one.message for one in validator(asyncapi, schema).iter_errors(value)]


def references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            yield from (found for one in value.values() for found in references(one))
        case list():
            yield from (found for one in value for found in references(one))


def test_it_is_valid_by_the_schema_of_asyncapi(asyncapi: dict[str, Any]):
    if not STANDARD.is_file():
        pytest.skip(f"no {STANDARD}: MILEPOST_SHARED names the folder that has it")
    standard = jsonschema_rs.Draft7Validator(json.loads(Path(STANDARD).read_bytes()))
    assert [one.message for one in standard.iter_errors(asyncapi)] == []
    assert not standard.is_valid({**asyncapi, "topics": {}})


def test_every_reference_leads_somewhere(asyncapi: dict[str, Any]):
    found = {*references(asyncapi)}
    assert len(found) > 100
    for reference in found:
        place = asyncapi
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_every_published_event_is_heard_on_its_subject_and_over_http(asyncapi: dict[str, Any]):
    for tag, service in PUBLISHED.items():
        channel = asyncapi["channels"][name_of(tag)]
        assert channel["address"] == f"milepost.{{tenant}}.{service}.{name_of(tag)}"
        for name in (name_of(tag), "republished", "webhook", "stream"):
            assert tag in asyncapi["channels"][name]["messages"], name
    senders = {one["channel"]["$ref"] for one in asyncapi["operations"].values()}
    assert senders == {f"#/channels/{name}" for name in asyncapi["channels"]}


def test_every_example_is_what_its_message_says(asyncapi: dict[str, Any]):
    count = 0
    for name, message in asyncapi["components"]["messages"].items():
        for example in message["examples"]:
            assert faults(asyncapi, message["payload"], example["payload"]) == [], name
            if "headers" in message:
                assert faults(asyncapi, message["headers"], example["headers"]) == [], name
            count += 1
    assert count == 2 * len(PUBLISHED) + 3


def recorded(tag: str) -> Recorded:
    metadata = Metadata(
        actor="registrar-1",
        correlation="c-1",
        causation=str(uuid4()),
        trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ).encode()
    data = msgspec.json.encode(examples()[tag])
    later = AT + timedelta(seconds=1)
    return Recorded("north", 7, "record-ann", 3, tag, data, metadata, AT, later, uuid4())


@pytest.mark.parametrize("event", event_types(), ids=lambda event: event.tag)
def test_what_is_sent_is_what_the_document_says(asyncapi: dict[str, Any], event):
    messages, schemas = asyncapi["components"]["messages"], dataschemas(ORIGIN)
    sent = json.loads(encoded(recorded(event.tag), schemas))
    assert faults(asyncapi, messages[f"{event.tag}.http"]["payload"], sent) == []
    assert sent["dataschema"] == ORIGIN + event.path
    assert sent.keys() == asyncapi["components"]["schemas"]["CloudEvent"]["properties"].keys()


def test_the_headers_are_those_that_the_document_lists(asyncapi: dict[str, Any]):
    event = recorded("credential_awarded")
    message = asyncapi["components"]["messages"]["credential_awarded.nats"]
    known = asyncapi["components"]["schemas"]["NatsHeaders"]["properties"].keys()
    headers = headers_of(event, "credentials", dataschemas(ORIGIN)[event.type])
    assert faults(asyncapi, message["headers"], headers) == []
    assert headers.keys() | {"Milepost-Mended", "Milepost-Mended-Id", "Milepost-Republished"} == {
        *known
    }
    assert faults(asyncapi, message["headers"], {**headers, "ce-type": "milepost.other"})
    parts = subject_of(event, "credentials").split(".")
    assert asyncapi["channels"]["credential_awarded"]["address"].split(".")[2:] == parts[2:]


def test_a_webhook_is_sent_what_the_document_says(asyncapi: dict[str, Any]):
    messages, schemas = asyncapi["components"]["messages"], asyncapi["components"]["schemas"]
    body = message_body("north", "0199f1c2-7a3e-7c51-9d5e-2f6b8a1c4d70", uuid4(), AT)
    assert faults(asyncapi, messages["webhook.test"]["payload"], json.loads(body)) == []
    signed = headers(message_id(uuid4()), AT, body, [Secret("k-1", "v1", b"s" * 32)])
    assert faults(asyncapi, schemas["WebhookHeaders"], signed) == []
    assert signed.keys() == schemas["WebhookHeaders"]["properties"].keys()
    assert f"milepost.{messages['webhook.verification']['name']}" == CHALLENGE_TYPE
    assert {"webhook.test", "webhook.verification"} <= asyncapi["channels"]["webhook"][
        "messages"
    ].keys()


def test_the_feed_and_the_stream_are_asked_as_the_document_says(asyncapi: dict[str, Any]):
    """As OpenAPI has it, which is made of the routes."""
    paths = whole_api()["paths"]
    for operation, path in (("readFeed", "/events"), ("streamEvents", "/events/stream")):
        query = asyncapi["operations"][operation]["bindings"]["http"]["query"]["properties"]
        asked = {one["name"] for one in paths[path]["get"]["parameters"] if one["in"] == "query"}
        assert query.keys() == asked, path
