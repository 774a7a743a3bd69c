"""A decision on any number of streams."""

import pytest
from tests.events.test_transact import PLACES, WHEN, Full, Places, PlaceTaken

from milepost.events.commands.transact import Transactor
from milepost.events.log import Log


def everywhere(*states: Places) -> tuple[list[PlaceTaken], ...]:
    if any(len(state.taken) >= 2 for state in states):
        raise Full(2)
    return tuple([PlaceTaken(who="ann", occurred_at=WHEN)] for _ in states)


async def test_all_of_four_streams_are_written_or_none(log: Log, tenant: str) -> None:
    transactor = Transactor(log)
    four = [PLACES.of(str(number)) for number in range(4)]
    outcome = await transactor.transact(tenant, four, everywhere)
    assert [event.stream for event in outcome.events] == [stream.name for stream in four]
    assert [outcome.state(stream) for stream in four] == [Places(("ann",))] * 4
    await transactor.transact(tenant, four[3:], everywhere)
    with pytest.raises(Full):
        await transactor.transact(tenant, four, everywhere)
    assert len(await log.read(tenant)) == 5
