"""One `milepost up` for the journeys of a pytest worker; each journey has a tenant of its own."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from tests.clients import Running
from tests.processes import running_up


@pytest.fixture(scope="session")
def school(own_processes: None) -> Iterator[Running]:  # noqa: ARG001 - it marks who asks
    yield from running_up()


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:12]}"
