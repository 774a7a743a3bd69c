"""The generated part of the Python client is what the OpenAPI document says today."""

import json
import os

import pytest

from generator.__main__ import PACKAGE, generated
from milepost_client import Milepost

pytestmark = pytest.mark.servers  # it starts ruff

WRITE = "MILEPOST_WRITE_CLIENT"


@pytest.fixture
async def document(milepost: Milepost) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        await milepost._transport.call(bytes, "GET", "/schema/openapi.json")
    )
    return found


def test_what_is_committed_is_what_the_document_says(document):
    for name, text in generated(document).items():
        path = PACKAGE / name
        if os.environ.get(WRITE):
            path.write_text(text, "utf-8")
        assert path.read_text("utf-8") == text, f"{name} is of an earlier API: make clients"
