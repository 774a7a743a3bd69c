"""What both kinds of sign-in are tested with."""

import pytest

from milepost.events.store.postgres import connect_pool


@pytest.fixture(scope="module")
async def pool(postgres):
    made = await connect_pool(postgres, name="sign-in", size=2)
    yield made
    await made.close()
