"""AsyncAPI 3.1: everything that Milepost tells by itself, made of the published events."""

from importlib.metadata import version
from typing import Any, Final

from milepost.contracts.documents.channels import (
    channels,
    operations,
    security_schemes,
    servers,
)
from milepost.contracts.documents.messages import messages, schemas

PATH: Final = "/schema/asyncapi.json"
_DESCRIPTION: Final = """\
What happens in a school, as CloudEvents 1.0: over NATS, by webhook, as an event stream, as a feed.

Each event has one id and one position in its school's log, wherever you hear it. It may come again:
remember the ids of what you have done. Ignore fields that you do not know; a field that has its
default value is left out."""


def document(origin: str) -> dict[str, Any]:
    """`origin`: where the installation is reached, without a slash at its end."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Milepost events",
            "version": version("milepost"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": servers(origin),
        "channels": channels(),
        "operations": operations(),
        "components": {
            "schemas": schemas(),
            "messages": messages(origin),
            "securitySchemes": security_schemes(),
        },
    }
