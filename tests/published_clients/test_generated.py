"""The generated part of the Python client is what the API's documents say today."""

import json
import os

import pytest

from generator.__main__ import PACKAGE, generated
from milepost_client import Milepost

pytestmark = pytest.mark.servers  # it starts ruff

WRITE = "MILEPOST_WRITE_CLIENT"


async def document(milepost: Milepost, name: str) -> dict[str, object]:
    text = await milepost._transport.call(bytes, "GET", f"/schema/{name}.json")
    found: dict[str, object] = json.loads(text)
    return found


async def test_what_is_committed_is_what_the_documents_say(milepost: Milepost):
    documents = [await document(milepost, name) for name in ("openapi", "asyncapi")]
    for name, text in generated(*documents).items():
        path = PACKAGE / name
        if os.environ.get(WRITE):
            path.write_text(text, "utf-8")
        assert path.read_text("utf-8") == text, f"{name} is of an earlier API: make clients"
