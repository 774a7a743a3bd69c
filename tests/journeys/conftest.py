"""One `milepost up` for the journeys of a pytest worker; each journey has a tenant of its own.

It ends with them: three idle processes would cost the tests that follow a twentieth of a core.
"""

from collections.abc import Iterator

import pytest
from tests.clients import Running
from tests.processes import running_up
from tests.tenants import new_tenant


@pytest.fixture(scope="package")
def school(own_processes: None) -> Iterator[Running]:  # noqa: ARG001 - it marks who asks
    yield from running_up()


@pytest.fixture
def tenant() -> str:
    return new_tenant()
