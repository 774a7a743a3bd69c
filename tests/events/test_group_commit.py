"""How long commands are tried again while the log is away: each for its own time."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from tests.events.given import command
from tests.events.hindered import Elsewhere
from tests.eventually import eventually

from milepost.events.commands.group_commit import GroupCommit
from milepost.events.log import Appended, Command, Result
from milepost.events.store.memory import MemoryLog

RETRY_SECONDS = 1.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("milepost.events.commands.group_commit.RETRY_SECONDS", RETRY_SECONDS)
    monkeypatch.setattr("milepost.events.commands.group_commit.FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr("milepost.events.commands.group_commit.MAX_PAUSE_SECONDS", 0.02)


class Away(Elsewhere):
    """A log that is away until it is not; `sizes` are the calls that it got meanwhile."""

    def __init__(self) -> None:
        super().__init__(MemoryLog(), lambda _: None)
        self.away = True
        self.sizes: list[int] = []

    def tried(self, times: int) -> Callable[[], bool]:
        """Whether it has been, so many times from now on: each takes a pause of the writer's."""
        enough = len(self.sizes) + times
        return lambda: len(self.sizes) >= enough

    async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        await asyncio.sleep(0)
        if not self.away:
            return await super().append(tenant, commands)
        self.sizes.append(len(commands))
        raise ConnectionRefusedError


async def half_of_its_time() -> None:
    """So that a machine which stalls for less tells who came early from who came late."""
    then = (loop := asyncio.get_running_loop()).time() + RETRY_SECONDS / 2
    await eventually(lambda: loop.time() >= then)


async def test_all_that_wait_are_told_in_the_time_of_one_batch(tenant: str) -> None:
    log = Away()
    writer = GroupCommit(log, max_batch=2)
    futures = [writer.submit(tenant, command((f"s-{n}", 0))) for n in range(20)]
    async with asyncio.timeout(5 * RETRY_SECONDS):  # batch by batch, it would be ten
        await writer.close()
    assert [type(future.exception()) for future in futures] == [ConnectionRefusedError] * 20
    assert len(log.sizes) >= 10, "each batch is tried once, though it is late"


async def test_what_waited_too_long_behind_others_is_tried_when_its_turn_comes(tenant: str) -> None:
    log = Away()
    writer = GroupCommit(log, max_batch=1)
    early, late = (writer.submit(tenant, command((f"s-{n}", 0))) for n in range(2))
    early.add_done_callback(lambda _: setattr(log, "away", False))
    await writer.close()
    assert isinstance(early.exception(), ConnectionRefusedError)
    assert isinstance(late.result(), Appended)


async def test_who_came_later_is_tried_for_longer_than_the_others_of_the_batch(tenant: str) -> None:
    log = Away()
    writer = GroupCommit(log, max_batch=2)
    blocking = writer.submit(tenant, command(("s-0", 0)))
    await eventually(log.tried(2))
    early = writer.submit(tenant, command(("s-1", 0)))
    await half_of_its_time()
    late = writer.submit(tenant, command(("s-2", 0)))
    early.add_done_callback(lambda _: setattr(log, "away", False))
    await writer.close()
    assert [type(one.exception()) for one in (blocking, early)] == [ConnectionRefusedError] * 2
    assert isinstance(late.result(), Appended)
    assert 2 in log.sizes


async def test_what_was_decided_on_a_command_given_up_is_not_appended(tenant: str) -> None:
    log = Away()
    writer = GroupCommit(log, max_batch=2)
    writer.submit(tenant, command(("s-0", 0)))
    await eventually(log.tried(2))
    early = writer.submit(tenant, command(("s-1", 0)))
    await half_of_its_time()
    late = writer.submit(tenant, command(("s-1", 1)), [early])
    early.add_done_callback(lambda _: setattr(log, "away", False))
    await writer.close()
    assert not isinstance(late.result(), Appended)
    assert await log.heads() == {}
