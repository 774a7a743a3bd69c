"""What a webhook gets beside events: the challenge that it has to answer, and a test on request."""

from typing import Any, Final

from milepost.contracts.documents.envelope import CLOUD_EVENT, EXAMPLE_TIME, TENANT

VERIFICATION, TEST = "webhook.verification", "webhook.test"
_WEBHOOK: Final = "0199f1c2-7a3e-7c51-9d5e-2f6b8a1c4d70"

WEBHOOK_HEADERS: Final[dict[str, Any]] = {
    "title": "WebhookHeaders",
    "description": "Of Standard Webhooks 1.0. Verify the signature before you believe anything.",
    "type": "object",
    "properties": {
        "webhook-id": {
            "type": "string",
            "pattern": "^msg_",
            "description": "The same whenever the same is sent: whoever remembers it does nothing "
            "twice",
        },
        "webhook-timestamp": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Of this attempt, in seconds since 1970",
        },
        "webhook-signature": {
            "type": "string",
            "pattern": "^v1a?,",
            "description": "Of `id.timestamp.body`, one for each secret, a blank between: `v1,` "
            "(HMAC-SHA256) or `v1a,` (Ed25519) and base64",
        },
    },
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
}
_HEADERS: Final = {
    "webhook-id": "msg_0199058e-6f5c-7d3a-8f7e-21c4b0a9d613",
    "webhook-timestamp": "1788249600",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def webhook_messages() -> dict[str, dict[str, Any]]:
    return {
        VERIFICATION: _message(
            VERIFICATION,
            "Is it you? Answer 2xx with `data.challenge`: as the body, as `challenge` in a JSON "
            "object, or in the header `Webhook-Challenge`.",
            {"challenge": {"type": "string"}},
            {"challenge": "q0Tt4l8JjD1pXbXyVt2o7mM5sN3u9c1R"},
        ),
        TEST: _message(
            TEST,
            "What somebody asked for to see that it arrives. Nothing has happened.",
            {"test": {"const": True}},
            {"test": True},
        ),
    }


def _message(
    name: str, summary: str, told: dict[str, Any], example: dict[str, Any]
) -> dict[str, Any]:
    data = {"webhook": {"type": "string", "description": "Its id"}, **told}
    properties = {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"const": f"milepost.{name}"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "data": {"type": "object", "properties": data, "required": [*data]},
    }
    payload = {
        "specversion": "1.0",
        "id": "0199058e-6f5c-7d3a-8f7e-21c4b0a9d613",
        "source": f"/milepost/{TENANT}/subscriptions",
        "type": f"milepost.{name}",
        "time": EXAMPLE_TIME,
        "datacontenttype": "application/json",
        "data": {"webhook": _WEBHOOK, **example},
    }
    return {
        "name": name,
        "title": "".join(part.capitalize() for part in name.split(".")),
        "summary": summary,
        "contentType": CLOUD_EVENT,
        "tags": [{"name": "subscriptions"}],
        "headers": {"$ref": "#/components/schemas/WebhookHeaders"},
        "payload": {"type": "object", "properties": properties, "required": [*properties]},
        "examples": [{"headers": _HEADERS, "payload": payload}],
    }
