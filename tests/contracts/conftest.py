from typing import Any

import pytest

from milepost.contracts.documents.asyncapi import document

ORIGIN = "https://milepost.example"


@pytest.fixture(scope="module")
def asyncapi() -> dict[str, Any]:
    return document(ORIGIN)
